"""`script/manage coverage --place CODE [--json]`: what is covered, and what is missing."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fangxian.command.queries import coverage_report
from fangxian.places.queries import by_code
from fangxian.shared import clock


class Command(BaseCommand):
    help = "Coverage of a place by kind of subject and by rule, with the gaps that are open."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--place", required=True, help="code of the place, such as 310105009")
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        place = by_code(options["place"])
        if place is None:
            raise CommandError(f"There is no place with the code {options['place']}. Nothing was read.")
        report = coverage_report(place, clock.now())
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=1))
            return
        self.stdout.write(f"{report['name']} ({report['place']}), {report['at']}")
        for kind, row in report["subjects"].items():
            self.stdout.write(f"  {kind:<10} {row['covered']:>7} / {row['expected']:<7} uncovered {row['uncovered']}")
        columns = ("expected", "met", "late", "missed", "unknown", "waived", "open", "open_gaps")
        self.stdout.write("  " + "rule".ljust(28) + "".join(name.rjust(10) for name in columns))
        for row in report["rules"]:
            self.stdout.write("  " + row["rule"].ljust(28) + "".join(str(row[name]).rjust(10) for name in columns))
