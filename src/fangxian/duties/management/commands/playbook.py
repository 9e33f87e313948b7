"""``playbook check|diff|apply``: judge a playbook, compare it with the plan in force, bring it into force."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from fangxian.accounts.models import Staff
from fangxian.duties.actions import PlanRefusedError, apply_playbook
from fangxian.duties.plan_check import Checked, check_files
from fangxian.duties.plan_diff import ItemChange
from fangxian.duties.plan_queries import Effect, RuleEffect, effect_of
from fangxian.duties.plan_schema import Plan
from fangxian.duties.plan_source import open_upload, read_folder
from fangxian.duties.plan_words import say_section, say_text
from fangxian.shared import clock


class Command(BaseCommand):
    help = "Check a playbook, compare it with the plan in force, or apply it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("check", help="every fault with file, line and reason; exit 1 when there is one")
        check.add_argument(
            "playbooks", nargs="*", help="a folder, a .zip, or a name in the playbooks folder; none: all"
        )
        diff = verbs.add_parser("diff", help="which duties appear, change and end, and what else changes")
        diff.add_argument("playbook")
        apply = verbs.add_parser("apply", help="store the plan and bring it into force at its time")
        apply.add_argument("playbook")
        apply.add_argument("--at", help="from when: 2020-02-17T08:00 local time; default: the plan's effective_from")
        apply.add_argument("--by", help="user name of the person who decides; default: the command itself")
        apply.add_argument("--reason", default="", help="why, at most 200 characters")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        if options["verb"] == "check":
            self._check(options["playbooks"] or _shipped())
        elif options["verb"] == "diff":
            self._print_effect(effect_of(self._plan(options["playbook"]), now))
        else:
            self._apply(options, now)

    def _check(self, names: list[str]) -> None:
        bad = 0
        for name in names:
            checked = _read(name)
            if checked.plan is None:
                bad += 1
                self._print_faults(name, checked)
            else:
                figures = {"name": name, "version": checked.plan.head.version, "count": len(checked.plan.rules)}
                self.stdout.write(_("%(name)s: in order, version %(version)s, %(count)s duties") % figures)
        if bad:
            raise CommandError(_("Refused as a whole. Mend the lines above and check again."))

    def _print_faults(self, name: str, checked: Checked) -> None:
        for fault in checked.faults:
            self.stderr.write(f"{name}/{fault}")

    def _plan(self, name: str) -> Plan:
        checked = _read(name)
        if checked.plan is None:
            self._print_faults(name, checked)
            raise CommandError(_("Refused as a whole. Nothing was changed. Mend the lines above and try again."))
        return checked.plan

    def _print_effect(self, effect: Effect) -> None:
        if effect.base is None:
            self.stdout.write(_("No plan is in force yet."))
        else:
            self.stdout.write(
                _("Compared with %(name)s %(version)s, in force:")
                % {"name": effect.base.name, "version": effect.base.version}
            )
        if effect.diff.same:
            self.stdout.write(_("Nothing changes."))
        for title, found in (
            (_("Duties that appear"), effect.appearing),
            (_("Duties that change"), effect.changing),
            (_("Duties that end"), effect.ending),
        ):
            if found:
                self.stdout.write(f"{title}: {len(found)}")
                for rule in found:
                    self._print_rule(rule)
        if effect.base is None:
            return  # against nothing every value is new; a list of them all tells nobody anything
        for item in effect.diff.items:
            self._print_item(item)

    def _print_rule(self, effect: RuleEffect) -> None:
        rule = effect.change.rule
        touched = _("touches %(count)s today") % {"count": effect.subjects}
        self.stdout.write(f"  {rule.key} · {say_text(rule.title.model_dump())} · {touched}")
        for field in effect.change.fields:
            self.stdout.write(f"    {field.label}: {field.old_text} → {field.new_text}")

    def _print_item(self, item: ItemChange) -> None:
        kinds = {
            "added": pgettext("plan", "new"), "changed": pgettext("plan", "changed"), "ended": pgettext("plan", "gone"),
        }  # fmt: skip
        title = f" · {say_text(item.title)}" if item.title else ""
        key = f" · {item.list_label} · {item.key}" if item.path else ""
        self.stdout.write(f"{say_section(item.section)}{key}{title}: {kinds[item.kind]}")
        if item.kind == "changed":
            for field in item.fields:
                self.stdout.write(f"    {field.label}: {field.old_text} → {field.new_text}")

    def _apply(self, options: dict[str, Any], now: datetime) -> None:
        plan = self._plan(options["playbook"])
        at = _moment(options["at"]) if options["at"] else plan.head.effective_from
        if len(options["reason"]) > 200:
            raise CommandError(_("The reason is longer than 200 characters. Shorten it. Nothing was changed."))
        by = _actor(options["by"]) if options["by"] else "playbook"
        self._print_effect(effect_of(plan, now))
        try:
            applied = apply_playbook(plan=plan, effective_at=at, by=by, now=now, reason=options["reason"])
        except PlanRefusedError as refused:
            raise CommandError(str(refused)) from refused
        said = {"name": plan.head.name, "version": plan.head.version, "at": f"{clock.local(at):%Y-%m-%d %H:%M}"}
        if applied.in_force:
            self.stdout.write(_("%(name)s %(version)s is in force now.") % said)
        else:
            self.stdout.write(_("%(name)s %(version)s is stored and comes into force at %(at)s.") % said)


def _shipped() -> list[str]:
    return sorted(path.name for path in settings.PLAYBOOKS_DIR.iterdir() if path.is_dir())


def _read(name: str) -> Checked:
    """A folder, an archive, or the name of a folder among the shipped ones."""
    path = Path(name)
    if not path.exists() and "/" not in name and "\\" not in name:
        path = settings.PLAYBOOKS_DIR / name
    if path.is_file():
        files, faults = open_upload({path.name: path.read_bytes()})
        return check_files(files, tuple(faults))
    try:
        return check_files(read_folder(path))
    except FileNotFoundError as missing:
        text = _("There is no playbook “%(name)s”. Give a folder, a .zip file or one of: %(known)s")
        raise CommandError(text % {"name": name, "known": ", ".join(_shipped())}) from missing


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise CommandError(_("“%(text)s” is not a time. Write it as 2020-02-17T08:00.") % {"text": text}) from wrong
    return found if found.tzinfo else found.replace(tzinfo=clock.ZONE)


def _actor(username: str) -> str:
    staff = Staff.objects.filter(username=username, is_active=True).first()
    if staff is None:
        raise CommandError(_("There is no active account “%(name)s”. Nothing was changed.") % {"name": username})
    return staff.actor
