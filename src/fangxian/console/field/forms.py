"""What a worker enters on the plain pages: one door, one vehicle, one unlisted address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from fangxian.screening.actions import PersonAnswer, Sighting, Visit
from fangxian.screening.models import DoorDisposition, Presence, Travel, VehicleDisposition
from fangxian.screening.playbook import ScreeningSection
from fangxian.screening.queries import Resident
from fangxian.shared import clock
from fangxian.shared.ids import new_id

NEW_PEOPLE = 2
REGION = "region:"


def door_choices(section: ScreeningSection | None) -> list[tuple[str, str]]:
    """The dispositions in the plan's own words."""
    return _worded(DoorDisposition.choices, section.doors if section else ())


def vehicle_choices(section: ScreeningSection | None) -> list[tuple[str, str]]:
    return _worded(VehicleDisposition.choices, section.vehicles if section else ())


def _worded(choices: Sequence[tuple[str, Any]], planned: Sequence[Any]) -> list[tuple[str, str]]:
    said = {entry.key: entry.title.say(get_language() or "zh-hans") for entry in planned}
    return [(key, said.get(key, str(label))) for key, label in choices]


def travel_choices(section: ScreeningSection | None, now: datetime) -> list[tuple[str, Any]]:
    """One question: not asked, not away, away elsewhere, or one of the key regions of today."""
    language = get_language() or "zh-hans"
    regions = section.key_regions_at(now) if section else ()
    named: list[tuple[str, Any]] = [(REGION + region.key, region.title.say(language)) for region in regions]
    return [
        (Travel.NOT_ASKED.value, _("travel not asked")),
        (Travel.NONE.value, Travel.NONE.label),
        (Travel.ELSEWHERE.value, Travel.ELSEWHERE.label),
        (str(_("Key regions")), named or [(Travel.KEY_REGION.value, Travel.KEY_REGION.label)]),
    ]


def read_travel(value: str) -> tuple[str, tuple[str, ...]]:
    """The answer and the regions that one choice stands for."""
    if value.startswith(REGION):
        return Travel.KEY_REGION.value, (value.removeprefix(REGION),)
    return value, ()


@dataclass(frozen=True)
class PersonFields:
    """The fields about one person, for the template."""

    name: str
    language: str
    presence: BoundField
    travel: BoundField
    who: BoundField | None = None


class DoorForm(forms.Form):
    """One visit. The id travels with the form, so that a second press of the button records nothing twice."""

    record = forms.UUIDField(widget=forms.HiddenInput)
    disposition = forms.ChoiceField(label=_("What was found"), widget=forms.RadioSelect)
    next_try = forms.ChoiceField(label=_("Next try"), required=False)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=200,
        help_text=_("For the next visit. No phone or document numbers."),
    )

    def __init__(
        self, data: QueryDict | None, *, section: ScreeningSection | None, people: Sequence[Resident], now: datetime
    ) -> None:
        super().__init__(data, initial={"record": new_id()})
        self.people_rows, self.now = people, now
        _choices(self, "disposition", door_choices(section))
        _choices(self, "next_try", next_try_choices(now))
        travel = travel_choices(section, now)
        for row in people:
            self._person_fields(row.subject_id.hex, [("", "—"), *Presence.choices], travel)
        for number in range(NEW_PEOPLE):
            key = f"new{number}"
            self.fields[f"{key}-name"] = forms.CharField(
                label=_("Name"), required=False, max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
            )
            self._person_fields(key, [("present", Presence.PRESENT.label), ("away", Presence.AWAY.label)], travel)

    def _person_fields(self, key: str, presence: Sequence[Any], travel: Sequence[Any]) -> None:
        self.fields[f"{key}-presence"] = forms.ChoiceField(label=_("Present or away"), choices=presence, required=False)
        self.fields[f"{key}-travel"] = forms.ChoiceField(
            label=pgettext_lazy("question", "Recent travel"), choices=travel, required=False
        )

    def known_people(self) -> list[PersonFields]:
        return [
            PersonFields(
                row.name, row.language, self[f"{row.subject_id.hex}-presence"], self[f"{row.subject_id.hex}-travel"]
            )
            for row in self.people_rows
        ]

    def new_people(self) -> list[PersonFields]:
        return [
            PersonFields("", "", self[f"new{n}-presence"], self[f"new{n}-travel"], self[f"new{n}-name"])
            for n in range(NEW_PEOPLE)
        ]

    def visit(self, *, round_id: UUID, dwelling_id: UUID) -> Visit:
        """The record that a valid form stands for."""
        data = self.cleaned_data
        return Visit(
            id=data["record"], round_id=round_id, dwelling_id=dwelling_id, disposition=data["disposition"],
            observed_at=self.now, people=tuple(self._answers()), note=data["note"],
            next_try_at=clock.from_us(int(data["next_try"])) if data["next_try"] else None,
        )  # fmt: skip

    def _answers(self) -> list[PersonAnswer]:
        data, found = self.cleaned_data, []
        for row in self.people_rows:
            key = row.subject_id.hex
            if data[f"{key}-presence"]:
                travel, regions = read_travel(data[f"{key}-travel"])
                found.append(PersonAnswer(data[f"{key}-presence"], row.subject_id, "", travel, regions))
        for number in range(NEW_PEOPLE):
            key = f"new{number}"
            if data[f"{key}-name"].strip():
                travel, regions = read_travel(data[f"{key}-travel"])
                presence = data[f"{key}-presence"] or Presence.PRESENT.value
                found.append(PersonAnswer(presence, None, data[f"{key}-name"].strip(), travel, regions))
        return found


class VehicleForm(forms.Form):
    record = forms.UUIDField(widget=forms.HiddenInput)
    plate = forms.CharField(
        label=_("Plate"),
        max_length=14,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    disposition = forms.ChoiceField(label=_("Whose vehicle"), widget=forms.RadioSelect)
    place = forms.ChoiceField(label=_("Where it stands"))
    host = forms.ChoiceField(label=_("Host's door"), required=False, help_text=_("For a visitor's vehicle."))
    travel = forms.ChoiceField(
        label=pgettext_lazy("question", "Recent travel"), required=False,
        help_text=_("Ask for a vehicle from outside Shanghai."),
    )  # fmt: skip

    def __init__(
        self, data: QueryDict | None, *, section: ScreeningSection | None, places: Sequence[tuple[UUID, str]],
        doors: Sequence[tuple[UUID, str]], now: datetime,
    ) -> None:  # fmt: skip
        super().__init__(data, initial={"record": new_id()})
        self.now = now
        _choices(self, "disposition", vehicle_choices(section))
        _choices(self, "place", [(str(key), name) for key, name in places])
        _choices(self, "host", [("", "—"), *((str(key), name) for key, name in doors)])
        _choices(self, "travel", travel_choices(section, now))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("disposition") == VehicleDisposition.KEY_REGION and not data.get("travel"):
            self.add_error("travel", _("Ask where the vehicle has been, and choose the answer."))
        if data.get("disposition") == VehicleDisposition.VISITOR and not data.get("host"):
            self.add_error("host", _("Choose the door that the visitor belongs to; without a host choose unknown."))
        return data

    def sighting(self, round_id: UUID) -> Sighting:
        data = self.cleaned_data
        travel, regions = read_travel(data["travel"])
        return Sighting(
            id=data["record"], round_id=round_id, plate=data["plate"], place_id=UUID(data["place"]), travel=travel,
            disposition=data["disposition"], observed_at=self.now, regions=regions,
            host_id=UUID(data["host"]) if data["host"] else None,
        )  # fmt: skip


class UnlistedForm(forms.Form):
    address = forms.CharField(label=_("Address as it stands at the door"), max_length=120)


def next_try_choices(now: datetime) -> list[tuple[str, Any]]:
    """This evening, tomorrow morning, tomorrow evening; or what the plan says."""
    local = clock.local(now)
    day = local.date()
    tomorrow = day + timedelta(days=1)
    slots = [
        (day, 19, _("today 19:00")), (tomorrow, 10, _("tomorrow 10:00")), (tomorrow, 19, _("tomorrow 19:00")),
    ]  # fmt: skip
    found: list[tuple[str, Any]] = [("", _("as the plan says"))]
    for date, hour, label in slots:
        at = local.replace(year=date.year, month=date.month, day=date.day, hour=hour, minute=0, second=0, microsecond=0)
        if at > local:
            found.append((str(clock.to_us(at)), label))
    return found


def _choices(form: forms.Form, field: str, choices: Sequence[tuple[str, Any]]) -> None:
    choice = form.fields[field]
    assert isinstance(choice, forms.ChoiceField)
    choice.choices = list(choices)
