"""``new_street``: an empty street of Shanghai with its neighbourhoods and one administrator."""

from __future__ import annotations

import getpass
import os
import secrets
import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from fangxian.accounts import actions
from fangxian.accounts.actions import AccountError
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.places import loading
from fangxian.places.actions import PlaceError
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock

PASSWORD_VARIABLE = "FANGXIAN_ADMIN_PASSWORD"  # noqa: S105 - the variable's name, not a password
BY = "new_street"


class Command(BaseCommand):
    help = "Make an empty street with its neighbourhoods and an administrator account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--code", required=True, help="nine-digit code of the street, for instance 310105009")
        parser.add_argument("--admin", default="admin", help="user name of the administrator; default: admin")
        parser.add_argument("--name", default="", help="name of the administrator, as colleagues know them")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        if Place._meta.db_table not in connection.introspection.table_names():
            # this is the first command of a real street: it makes its own database
            call_command("migrate", interactive=False, verbosity=0)
        try:
            code = loading.street_code(options["code"])
            _refuse_a_second_street()
            if Staff.objects.filter(username=options["admin"]).exists():
                raise AccountError(
                    _("The user name %(name)s is taken. Choose another with --admin.") % {"name": options["admin"]}
                )
            password, shown = self._password()
            street = _open(code, options["admin"], options["name"], password, now)
        except (PlaceError, AccountError) as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self._say(street, options["admin"], password if shown else "")

    def _password(self) -> tuple[str, bool]:
        """The administrator's password, and whether it was made here and must be shown."""
        given = os.environ.get(PASSWORD_VARIABLE, "")
        if given:
            return given, False
        if not sys.stdin.isatty():
            return secrets.token_urlsafe(12), True
        first = getpass.getpass(_("Password of the administrator (empty: make one): "))
        if not first:
            return secrets.token_urlsafe(12), True
        if getpass.getpass(_("Once more: ")) != first:
            raise CommandError(_("The two were not the same. Nothing was changed; start again."))
        return first, False

    def _say(self, street: Place, username: str, password: str) -> None:
        count = Place.objects.filter(parent=street).count()
        self.stdout.write(
            _("%(street)s is open, with %(count)s neighbourhoods.") % {"street": street.name, "count": count}
        )
        if password:
            self.stdout.write(
                _("User name %(name)s, password %(password)s. It is shown this once; change it after signing in.")
                % {"name": username, "password": password}
            )
        else:
            self.stdout.write(_("User name %(name)s, with the password you gave.") % {"name": username})
        self.stdout.write(_("Start script/server and sign in: the first page leads through what is still missing."))


@transaction.atomic
def _open(code: str, username: str, name: str, password: str, now: datetime) -> Place:
    """The street and its administrator, both or neither."""
    street = loading.load_street(code=code, by=BY, now=now)
    staff = actions.create_staff(
        username=username, name=name or _("Administrator"), password=password, by=BY, now=now, must_change=True
    )
    actions.grant(staff=staff, role=Role.ADMINISTRATOR, place=street, by=BY, now=now)
    return street


def _refuse_a_second_street() -> None:
    other = Place.objects.filter(kind=PlaceKind.STREET).first()
    if other is not None:
        raise PlaceError(
            _(
                "This database holds %(name)s already, and one database is for one street. Nothing was changed. "
                "For another street, set FANGXIAN_DATA to another directory, or DATABASE_URL to another schema."
            )
            % {"name": other.name}
        )
