"""The section on gates: what its tab shows, and its forms. The figures that are thresholds are changed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic.fields import FieldInfo

from fangxian.accounts.roles import Role
from fangxian.console.playbooks import reads
from fangxian.console.playbooks.forms import WhenForm
from fangxian.duties import plan_words as words
from fangxian.duties.plan_schema import Plan
from fangxian.duties.sections import ThresholdsSection
from fangxian.gates.models import Zone
from fangxian.gates.plan import FEVER, REST, SHELF
from fangxian.gates.playbook import GatesSection, ZoneRule

THRESHOLDS = {"fever_decidec": FEVER, "rest_minutes": REST, "shelf_minutes": SHELF}
"""Values that a threshold of the plan replaces, where it has that threshold."""
TENTHS = "_decidec"
LETTERS = tuple(zone.value for zone in Zone if zone.value)
LOWEST_FLOOR, HIGHEST_FLOOR = -9, 200


def section_of(plan: Plan) -> GatesSection:
    return plan.read(GatesSection) if GatesSection.section in plan.sections else GatesSection()


def by_threshold(plan: Plan) -> dict[str, str]:
    """The values that a threshold of this plan decides, with its key."""
    if ThresholdsSection.section not in plan.sections:
        return {}
    thresholds = plan.read(ThresholdsSection)
    return {name: key for name, key in THRESHOLDS.items() if thresholds.find(key) is not None}


@dataclass(frozen=True)
class Shown:
    values: tuple[reads.Row, ...]
    zones: tuple[reads.Row, ...]


def shown(plan: Plan) -> Shown:
    section, taken = section_of(plan), by_threshold(plan)
    values = tuple(
        reads.Row(name, label(name), (_value(plan, section, name, taken),), True, state=taken.get(name, ""))
        for name in GatesSection.model_fields
        if name != "zones"
    )
    held = {rule.letter: rule for rule in section.zones}
    return Shown(values, tuple(_zone_row(letter, held.get(letter)) for letter in LETTERS))  # type: ignore[call-overload]  # the letters are those of the schema


def _zone_row(letter: str, rule: ZoneRule | None) -> reads.Row:
    if rule is None:
        return reads.Row(letter, str(Zone(letter).label), ("–", "–"), False)
    arrive = "–"
    if rule.arrive_from is not None and rule.arrive_until is not None:
        arrive = f"{_clock(rule.arrive_from):%H:%M}–{_clock(rule.arrive_until):%H:%M}"
    low, high = rule.floors
    return reads.Row(letter, reads.say(rule.title), (f"{low}–{high}", arrive), True)


def _value(plan: Plan, section: GatesSection, name: str, taken: dict[str, str]) -> str:
    if name in taken:
        found = plan.read(ThresholdsSection).find(taken[name])
        assert found is not None
        return f"{found.value:g} {words.UNIT_NAMES[found.unit]}"
    value = getattr(section, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "parcel_role":
        return words.say_role(value) if value else _("whoever runs the place")
    return f"{value / 10:g} °C" if name.endswith(TENTHS) else str(value)


def label(name: str) -> str:
    if name == "lowest_decidec":
        return _("Lowest temperature that is believed, °C")
    if name == "fever_decidec":
        return _("Fever from, °C")
    return capfirst(words.say_field(name))


def _clock(minutes: int) -> time:
    """24:00 is shown as the last minute of the day."""
    at = min(minutes, 1_439)
    return time(at // 60, at % 60)


def _minutes(at: time | None) -> int | None:
    return at.hour * 60 + at.minute if at is not None else None


def _bounds(info: FieldInfo) -> dict[str, int]:
    found = {}
    for rule in info.metadata:
        for mine, theirs in (("min_value", "ge"), ("max_value", "le")):
            if (bound := getattr(rule, theirs, None)) is not None:
                found[mine] = bound
    return found


def _field(name: str, info: FieldInfo) -> forms.Field:
    if info.annotation is bool:
        return forms.BooleanField(label=label(name), required=False)
    if name == "parcel_role":
        roles = [("", _("whoever runs the place")), *((role.value, role.label) for role in Role)]
        return forms.ChoiceField(label=label(name), required=False, choices=roles)
    bounds = _bounds(info)
    if name.endswith(TENTHS):
        low, high = bounds["min_value"] / 10, bounds["max_value"] / 10
        return forms.FloatField(label=label(name), min_value=low, max_value=high, step_size=0.1)
    return forms.IntegerField(label=label(name), min_value=bounds.get("min_value"), max_value=bounds.get("max_value"))


class GatesForm(WhenForm):
    """Every value of the section but its zones, made from the schema, so that none is forgotten."""

    def __init__(self, plan: Plan, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        taken, section = by_threshold(plan), section_of(plan)
        self.names = [name for name in GatesSection.model_fields if name != "zones" and name not in taken]
        initial = {name: getattr(section, name) for name in self.names}
        tenths = {name: value / 10 for name, value in initial.items() if name.endswith(TENTHS)}
        super().__init__(*args, initial=initial | tenths, **kwargs)
        for name in self.names:
            self.fields[name] = _field(name, GatesSection.model_fields[name])
        self.order_fields([*self.names, "when", "at", "reason"])

    def values(self) -> dict[str, Any]:
        data = {name: self.cleaned_data[name] for name in self.names}
        return {name: round(value * 10) if name.endswith(TENTHS) else value for name, value in data.items()}


def _time(text: Any) -> forms.TimeField:  # noqa: ANN401 - lazy text
    return forms.TimeField(label=text, required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))


class ZoneForm(WhenForm):
    title_zh = forms.CharField(label=gettext_lazy("Name in Chinese"), max_length=400)
    title_en = forms.CharField(label=gettext_lazy("Name in English"), max_length=400)
    lowest = forms.IntegerField(label=gettext_lazy("From floor"), min_value=LOWEST_FLOOR, max_value=HIGHEST_FLOOR)
    highest = forms.IntegerField(label=gettext_lazy("To floor"), min_value=LOWEST_FLOOR, max_value=HIGHEST_FLOOR)
    arrive_from = _time(gettext_lazy("Its people arrive from"))
    arrive_until = _time(gettext_lazy("Its people arrive until"))
    field_order: Sequence[str] | None = (
        "title_zh", "title_en", "lowest", "highest", "arrive_from", "arrive_until", "when", "at", "reason",
    )  # fmt: skip

    def __init__(self, letter: str, section: GatesSection, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        self.letter = letter
        self.others = [rule for rule in section.zones if rule.letter != letter]
        self.found = next((rule for rule in section.zones if rule.letter == letter), None)
        super().__init__(*args, initial=_zone_initial(self.found) if self.found else None, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        low, high = data.get("lowest"), data.get("highest")
        if low is not None and high is not None:
            if high < low:
                self.add_error("highest", _("The last floor is below the first. Mend one of the two."))
            for rule in self.others:
                if low <= rule.floors[1] and high >= rule.floors[0]:
                    text = _("Floors %(low)s to %(high)s are in zone %(letter)s already.")
                    given = {"low": rule.floors[0], "high": rule.floors[1], "letter": rule.letter}
                    self.add_error("lowest", text % given)
        begin, end = data.get("arrive_from"), data.get("arrive_until")
        if (begin is None) != (end is None):
            self.add_error("arrive_until", _("Give both times of the arrival, or neither."))
        elif begin is not None and end is not None and end <= begin:
            self.add_error("arrive_until", _("It ends before it begins. Mend one of the two times."))
        return data

    def zones(self) -> list[dict[str, Any]]:
        """All zones with this one as it is now, in the order of the letters."""
        data = self.cleaned_data
        mine: dict[str, Any] = {
            "letter": self.letter, "title": {"zh": data["title_zh"], "en": data["title_en"]},
            "floors": [data["lowest"], data["highest"]],
        }  # fmt: skip
        arrival = {"arrive_from": _minutes(data["arrive_from"]), "arrive_until": _minutes(data["arrive_until"])}
        mine |= {name: value for name, value in arrival.items() if value is not None}
        return sorted([*self.without(), mine], key=lambda rule: LETTERS.index(rule["letter"]))

    def without(self) -> list[dict[str, Any]]:
        return [rule.model_dump(mode="json", exclude_none=True) for rule in self.others]


def _zone_initial(rule: ZoneRule) -> dict[str, Any]:
    return {
        "title_zh": rule.title.zh, "title_en": rule.title.en, "lowest": rule.floors[0], "highest": rule.floors[1],
        "arrive_from": _clock(rule.arrive_from) if rule.arrive_from is not None else None,
        "arrive_until": _clock(rule.arrive_until) if rule.arrive_until is not None else None,
    }  # fmt: skip
