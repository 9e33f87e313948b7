"""`script/manage recount --place CODE`: prove the counters from the rows behind them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fangxian.duties.queries import recount
from fangxian.places.queries import by_code


class Command(BaseCommand):
    help = "Compare every counter of a place with the rows behind it. Exits 1 when one disagrees."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--place", required=True, help="code of the place, such as 310105009")

    def handle(self, **options: Any) -> None:
        place = by_code(options["place"])
        if place is None:
            raise CommandError(f"There is no place with the code {options['place']}. Nothing was read.")
        wrong = recount(place)
        for row in wrong[:50]:
            self.stdout.write(f"{row.what} {row.key}: counted {row.counted}, rows say {row.rows}")
        if wrong:
            raise CommandError(f"{len(wrong)} counters disagree with their rows.")
        self.stdout.write("Every counter agrees with the rows behind it.")
