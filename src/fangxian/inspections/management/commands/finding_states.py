"""Draw the states of a finding anew in the README of inspections."""

from pathlib import Path

from django.core.management.base import BaseCommand

from fangxian.inspections import diagram

README = Path(diagram.__file__).with_name("README.md")


class Command(BaseCommand):
    help = "Draw the states of a finding anew in the README of inspections, from the table that the program follows."

    def handle(self, *args: object, **options: object) -> None:
        README.write_text(diagram.redrawn(README.read_text(encoding="utf-8")), encoding="utf-8")
        self.stdout.write(f"{README}: {len(diagram.rows())} transitions")
