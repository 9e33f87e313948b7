"""`script/manage import_roster FILE --kind KIND --place CODE`: take a list in from the command line."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.files import actions as files
from fangxian.files.actions import FileRefusedError
from fangxian.places.queries import by_code
from fangxian.registry.imports import actions, errors_book, rows
from fangxian.registry.imports.problems import UnreadableFileError
from fangxian.registry.imports.words import note_text
from fangxian.registry.models import ImportKind
from fangxian.shared import clock

ACTOR = "command"
STEP_SECONDS = 0.5


class Command(BaseCommand):
    help = "Take in a list of persons, vehicles, enterprises, dwellings or areas (.xlsx, .xls, .ods, .csv)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--kind", required=True, choices=ImportKind.values)
        parser.add_argument("--place", required=True, help="code of the place that the list is about")
        parser.add_argument("--report", type=Path, help="where the workbook of refused rows is written")
        parser.add_argument("--year", type=int, help="year of dates that are written without one")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, **options: Any) -> None:
        place = by_code(options["place"])
        if place is None:
            raise CommandError(_("There is no place with the code %(code)s.") % {"code": options["place"]})
        path: Path = options["file"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(_("The file cannot be read: %(reason)s.") % {"reason": error.strerror}) from error
        began = time.perf_counter()
        now = clock.now()
        try:
            book = rows.open_book(content, path.name, ImportKind(options["kind"]))
            batch = actions.upload(
                content=content, name=path.name, kind=ImportKind(options["kind"]), place=place, by=ACTOR, now=now,
                default_year=options["year"], book=book,
            )  # fmt: skip
            actions.set_mapping(batch=batch, chosen=batch.mapping, by=ACTOR, now=now)
        except (UnreadableFileError, FileRefusedError, actions.ImportRefusedError) as error:
            raise CommandError(str(error)) from error
        batch = actions.take_in(batch=batch, by=ACTOR, now=now, progress=_Progress(), book=book)
        seconds = round(time.perf_counter() - began, 2)
        digest = errors_book.in_language(batch.reports, get_language())
        if options["report"] and digest:
            options["report"].write_bytes(files.read(digest)[1])
        counts = {
            "rows": batch.rows, "created": batch.created, "updated": batch.updated, "unchanged": batch.unchanged,
            "refused": batch.refused, "seconds": seconds,
        }  # fmt: skip
        if options["json"]:
            self.stdout.write(json.dumps(counts))
            return
        self.stdout.write(
            _(
                "%(rows)s rows: %(created)s new, %(updated)s changed, %(unchanged)s as before, %(refused)s refused, "
                "in %(seconds)s s."
            )
            % counts
        )
        for note in batch.notes:
            self.stderr.write(note_text(note))


class _Progress:
    """Writes how far it is to standard error, at most twice a second."""

    def __init__(self) -> None:
        self.shown = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.shown >= STEP_SECONDS or done == total:
            self.shown = now
            sys.stderr.write(f"\r{done:,} / {total:,}" + ("\n" if done == total else ""))
            sys.stderr.flush()
