"""What the pages of the plan show: rows ready for a template, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.accounts.models import Staff
from fangxian.duties import plan_words as words
from fangxian.duties.plan_check import check_files
from fangxian.duties.plan_diff import ChangeKind, ItemChange
from fangxian.duties.plan_queries import Version
from fangxian.duties.plan_schema import Plan, RuleSpec, Text
from fangxian.duties.plan_source import read_folder
from fangxian.duties.sections import ChecklistSection, RetentionSection, ThresholdsSection
from fangxian.hygiene.playbook import HygieneSection
from fangxian.screening.playbook import KeyRegion, ScreeningSection

FEW = 4


@dataclass(frozen=True)
class Row:
    """One line of a table of the plan."""

    key: str
    title: str
    cells: tuple[str, ...]
    confirmed: bool
    source: str = ""
    state: str = ""


@dataclass(frozen=True)
class Group:
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Shipped:
    name: str
    title: str
    version: str
    rules: int


def say(text: Text | None) -> str:
    return text.say(language()) if text is not None else ""


def language() -> str:
    return get_language() or "en"


def rules(plan: Plan) -> tuple[Row, ...]:
    return tuple(rule_row(rule) for rule in plan.rules)


def rule_row(rule: RuleSpec) -> Row:
    spec = rule.model_dump(mode="json", by_alias=True)
    cells = (
        words.say_schedule(spec["schedule"]),
        words.say_minutes(rule.grace_minutes),
        words.say_escalation(spec["escalation"]),
    )
    return Row(rule.key, say(rule.title), cells, rule.confirmed, rule.source or "")


def thresholds(plan: Plan) -> tuple[Row, ...]:
    return tuple(
        Row(t.key, say(t.title), (f"{t.value:g}", str(words.UNIT_NAMES[t.unit])), t.confirmed, t.source or "")
        for t in plan.read(ThresholdsSection).thresholds
    )


def regions(plan: Plan, now: datetime) -> tuple[Row, ...]:
    found = plan.read(ScreeningSection).key_regions
    return tuple(
        Row(
            r.key, say(r.title), (r.code, words.say_value(("since",), r.since.isoformat()), _until(r)), r.confirmed,
            r.source or "", region_state(r, now),
        )
        for r in found
    )  # fmt: skip


def _until(region: KeyRegion) -> str:
    return words.say_value(("until",), region.until.isoformat() if region.until else None)


def region_state(region: KeyRegion, now: datetime) -> str:
    """``ok`` now watched, ``open`` not yet, ``ended`` over: the keys of the console's badges."""
    if region.holds(now):
        return "ok"
    return "open" if now < region.since else "ended"


def checklist(plan: Plan) -> tuple[Group, ...]:
    if ChecklistSection.section not in plan.sections:
        return ()
    found = plan.read(ChecklistSection)
    terms = {term.key: say(term.title) for term in found.severities}
    return tuple(
        Group(
            f"{area.key} {say(area.title)}",
            tuple(
                Row(
                    i.key,
                    say(i.title),
                    (
                        say(i.criterion),
                        terms[i.severity],
                        words.say_value(("at",), i.at),
                        words.say_value(("suspends",), i.suspends),
                    ),
                    i.confirmed,
                    i.source or "",
                )  # fmt: skip
                for i in found.items
                if i.area == area.key
            ),
        )
        for area in found.areas
    )


def hygiene(plan: Plan) -> tuple[Row, ...]:
    found = plan.read(HygieneSection)
    agents = {agent.key: say(agent.title) for agent in found.agents}
    schedules = {rule.key: words.say_schedule(rule.spec_json()["schedule"]) for rule in plan.rules}
    return tuple(
        Row(
            k.key, say(k.title),
            (
                schedules[k.rule], agents[k.agent], f"{k.mg_per_l:g} mg/L" if k.mg_per_l else _("as it is"),
                words.say_minutes(k.minutes),
            ),
            k.confirmed, k.source or "",
        )
        for k in found.area_types
    )  # fmt: skip


def retention(plan: Plan) -> tuple[Row, ...]:
    says = words.say_value
    return tuple(
        Row(
            r.key, say(r.title),
            (
                _("%(days)s days") % {"days": r.keep_days}, says(("counted_from",), r.counted_from),
                says(("then",), r.then),
            ),
            r.confirmed, r.source or "",
        )
        for r in plan.read(RetentionSection).retention
    )  # fmt: skip


@dataclass(frozen=True)
class SectionChanges:
    """What changes in one section. Many new or lost items are only named, a few are shown whole."""

    title: str
    changed: tuple[ItemChange, ...]
    added: tuple[ItemChange, ...]
    ended: tuple[ItemChange, ...]

    @property
    def whole(self) -> bool:
        return len(self.added) <= FEW


def item_groups(items: Iterable[ItemChange]) -> tuple[SectionChanges, ...]:
    """Changes outside the duties, by section, in the order of the sections."""
    by_section: dict[str, list[ItemChange]] = {}
    for item in items:
        by_section.setdefault(item.section, []).append(item)
    return tuple(
        SectionChanges(
            words.say_section(name),
            *(
                tuple(i for i in found if i.kind == kind)
                for kind in (ChangeKind.CHANGED, ChangeKind.ADDED, ChangeKind.ENDED)
            ),
        )
        for name, found in by_section.items()
    )


def unconfirmed(plan: Plan) -> int:
    """How many values still wait for an official text."""
    sections = plan.to_sections()
    lists = [value for section in sections.values() for value in section.values() if isinstance(value, list)]
    return sum(isinstance(item, dict) and item.get("confirmed") is False for found in lists for item in found)


def shipped() -> tuple[Shipped, ...]:
    """The playbooks that came with the program and are in order; a broken one is for the command line to report."""
    if not settings.PLAYBOOKS_DIR.is_dir():
        return ()
    found = []
    for folder in sorted(settings.PLAYBOOKS_DIR.iterdir()):
        if folder.is_dir() and (plan := check_files(read_folder(folder)).plan) is not None:
            found.append(Shipped(folder.name, say(plan.head.title), plan.head.version, len(plan.rules)))
    return tuple(found)


def names(versions: Sequence[Version]) -> dict[str, str]:
    """Actor -> name of the person; an actor that is no person (a command) stays as it is."""
    actors = {version.applied_by for version in versions}
    people = {actor: UUID(actor) for actor in actors if _is_uuid(actor)}
    known = dict(Staff.objects.filter(pk__in=people.values()).values_list("pk", "name"))
    programs = {"playbook": _("command line")}
    return {
        actor: known.get(people[actor], actor) if actor in people else programs.get(actor, actor) for actor in actors
    }


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
