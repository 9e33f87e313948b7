"""``load_demo``: the demonstration street, in the middle of its work."""

from __future__ import annotations

import logging
import shutil
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from time import perf_counter
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from fangxian.accounts.models import Staff
from fangxian.demo.cast import PASSWORD
from fangxian.demo.generator import DEFAULT_SEED, SMALLEST
from fangxian.demo.ground import FULL_HOUSEHOLDS
from fangxian.demo.load import Loaded, Loader, totals
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.writer import renew_statistics


class Command(BaseCommand):
    help = "Load the demonstration street, in the middle of its work, into an empty database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--households", type=int, default=FULL_HOUSEHOLDS, help="how large the street is")
        parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="another seed makes another street")
        parser.add_argument("--password", default=PASSWORD, help="password of every demonstration account")
        parser.add_argument(
            "--fresh-street", action="store_true", help="ERASE everything in this database first, then load"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        began = perf_counter()
        if options["households"] < SMALLEST:
            raise CommandError(_("The smallest demonstration street has %(count)s households.") % {"count": SMALLEST})
        try:
            validate_password(options["password"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if options["fresh_street"]:
            self._erase()
        else:
            _refuse_a_database_in_use()
        loader = Loader(
            now=clock.now(), seed=options["seed"], households=options["households"], password=options["password"],
            say=lambda line: self._say(f"{perf_counter() - began:6.1f} s  {line}"),
        )  # fmt: skip
        with _quiet(logging.getLogger("fangxian.registry.imports")):
            loaded = loader.run()
        renew_statistics()
        self._report(loaded, options["password"], perf_counter() - began)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _erase(self) -> None:
        if settings.PRODUCTION:
            raise CommandError(_("A production database is not erased by this command. Nothing was changed."))
        call_command("flush", interactive=False, verbosity=0)
        # what these files held was sealed for rows that are gone
        shutil.rmtree(settings.FILES_DIR, ignore_errors=True)

    def _report(self, loaded: Loaded, password: str, seconds: float) -> None:
        rows = totals(loaded.imported)
        self._say("")
        self._say(
            _(
                "%(neighbourhoods)d neighbourhoods, %(grids)d grids, %(compounds)d compounds, "
                "%(households)d households, %(persons)d residents, %(vehicles)d vehicles, %(areas)d public areas, "
                "%(buildings)d office buildings, %(enterprises)d enterprises, %(employees)d returning employees"
            )
            % loaded.street.counts()
        )
        self._say(
            _("%(rows)s rows taken in: %(created)s new, %(updated)s changed, %(refused)s refused; %(seconds)s s in all")
            % {
                "rows": f"{rows['rows']:,}", "created": f"{rows['created']:,}", "updated": f"{rows['updated']:,}",
                "refused": rows["refused"], "seconds": round(seconds),
            }
        )  # fmt: skip
        self._say("")
        self._say(_("Accounts of the demonstration, each with the password %(password)s") % {"password": password})
        for account in loaded.accounts:
            self._say(f"  {account.username:<10} {account.role.label}  {account.name}  {account.place}")
        self._say("")
        self._say(
            _(
                "Gates: %(gates)d set up, %(devices)d devices, %(passes)d passes, %(checks)d checks today. "
                "Look at %(building)s (signed in as gate) and %(compound)s first."
            )
            % asdict(loaded.gates)
        )
        self._say(
            _(
                "Masks: %(registered)d households registered in the second round, %(called)d numbers called, "
                "%(collected)d collected. Look at it as section, secretary and pharmacy, and at /r/ as a resident."
            )
            % asdict(loaded.masks)
        )
        self._say(
            _(
                "Back to work: %(enterprises)d enterprises, %(people)d people on ledgers, %(passes)d passes, "
                "%(inspections)d inspections, %(findings)d findings, %(reports)d daily reports, %(windows)d arrival "
                "windows tomorrow. Look at it as leader, section, building, property, inspector and hr."
            )
            % asdict(loaded.workplaces)
        )


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Two hundred lists would each leave a line."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _refuse_a_database_in_use() -> None:
    street = Place.objects.filter(kind=PlaceKind.STREET).first()
    if street is None and not Staff.objects.exists():
        return
    raise CommandError(
        _(
            "This database is in use (%(name)s). Nothing was changed. To look at the demonstration beside it, set "
            "FANGXIAN_DATA to another directory; to erase everything here and load it anew, add --fresh-street."
        )
        % {"name": street.name if street else _("it has accounts")}
    )
