"""Forms of one gate: its setup, a day of its rota, and the hold list of its place."""

import re
from collections.abc import Iterable
from datetime import time
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.models import Staff
from fangxian.gates.actions.setup import Settings
from fangxian.gates.models import Direction, GateSetup, Zone

_SPAN: Final = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—~至]\s*(\d{1,2}):(\d{2})")
_SPLIT: Final = re.compile(r"[,，;；、\n]+")
MOST_SPANS: Final = 12


class SetupForm(forms.Form):
    is_open = forms.BooleanField(label=gettext_lazy("The gate is open"), required=False)
    direction = forms.TypedChoiceField(label=gettext_lazy("Direction"), coerce=Direction, choices=Direction.choices)
    zones = forms.MultipleChoiceField(
        label=gettext_lazy("Zones that use this door"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(zone.value, f"{zone.value} · {zone.label}") for zone in Zone if zone.value],
        help_text=gettext_lazy("Groups of floors. None ticked: the door is for everybody."),
    )  # fmt: skip
    day_cap = forms.IntegerField(
        label=gettext_lazy("Most entries a day"), required=False, min_value=1, max_value=1_000_000
    )
    staffed = forms.BooleanField(
        label=gettext_lazy("A guard stands here"), required=False,
        help_text=gettext_lazy("Each slot of the rota then owes somebody who checks in."),
    )  # fmt: skip
    has_turnstile = forms.BooleanField(label=gettext_lazy("It has a turnstile"), required=False)
    inner_of = forms.TypedChoiceField(
        label=gettext_lazy("Stands inside of"), required=False, coerce=UUID, empty_value=None,
        help_text=gettext_lazy("For a counter behind another gate, such as a tenant's own desk."),
    )  # fmt: skip
    tenant = forms.TypedChoiceField(
        label=gettext_lazy("Tenant of this counter"), required=False, coerce=UUID, empty_value=None,
        help_text=gettext_lazy("Only passes of this company then go through here."),
    )  # fmt: skip

    def __init__(
        self, outer: Iterable[GateSetup], tenants: Iterable[tuple[UUID, str]], *args: Any, **kwargs: Any  # noqa: ANN401 - Django's own signature
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self._offer("inner_of", ((row.gate_id, row.gate.name) for row in outer))
        self._offer("tenant", tenants)

    def _offer(self, name: str, rows: Iterable[tuple[UUID, str]]) -> None:
        choice = self.fields[name]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", "—"), *((str(ident), label) for ident, label in rows)]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("tenant") and "inner_of" in data and not data["inner_of"]:
            self.add_error("inner_of", _("A tenant's own counter stands behind another gate. Choose which."))
        return data

    def settings(self) -> Settings:
        data = self.cleaned_data
        return Settings(
            direction=data["direction"], is_open=data["is_open"], staffed=data["staffed"],
            zones="".join(data["zones"]), day_cap=data["day_cap"], has_turnstile=data["has_turnstile"],
            inner_of=data["inner_of"], inner_enterprise=data["tenant"],
        )  # fmt: skip


def setup_initial(row: GateSetup | None) -> dict[str, Any]:
    if row is None:
        return {"is_open": True, "staffed": True, "direction": Direction.BOTH}
    return {
        "is_open": row.is_open, "staffed": row.staffed, "direction": row.direction, "zones": list(row.zones),
        "day_cap": row.day_cap, "has_turnstile": row.has_turnstile, "inner_of": row.inner_of_id,
        "tenant": row.inner_enterprise_id,
    }  # fmt: skip


class PlanForm(forms.Form):
    day = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    times = forms.CharField(
        label=gettext_lazy("Slots"), max_length=300,
        help_text=gettext_lazy("From and until, with commas between. An end before its start is on the next morning."),
    )  # fmt: skip
    needed = forms.IntegerField(label=gettext_lazy("People in each slot"), min_value=1, max_value=50, initial=1)

    def clean_times(self) -> list[tuple[time, time]]:
        parts = [part.strip() for part in _SPLIT.split(self.cleaned_data["times"]) if part.strip()]
        if len(parts) > MOST_SPANS:
            raise forms.ValidationError(_("At most %(most)s slots a day.") % {"most": MOST_SPANS})
        return [_span(part) for part in parts]


def _span(part: str) -> tuple[time, time]:
    match = _SPAN.fullmatch(part)
    try:
        if match is None:
            raise ValueError
        hour, minute, until_hour, until_minute = map(int, match.groups())
        return time(hour, minute), time(until_hour % 24 if until_minute == 0 else until_hour, until_minute)
    except ValueError:
        raise forms.ValidationError(
            _("“%(part)s” is not a time span. Write it like 06:00-14:00.") % {"part": part}
        ) from None


class AssignForm(forms.Form):
    slot = forms.TypedChoiceField(label=gettext_lazy("Slot"), coerce=UUID)
    staff = forms.TypedChoiceField(label=gettext_lazy("Guard"), coerce=UUID)

    def __init__(
        self, slots: Iterable[tuple[UUID, str]], people: Iterable[Staff], trained: set[UUID], *args: Any, **kwargs: Any  # noqa: ANN401 - Django's own signature
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        slot, staff = self.fields["slot"], self.fields["staff"]
        assert isinstance(slot, forms.ChoiceField)
        assert isinstance(staff, forms.ChoiceField)
        slot.choices = [(str(ident), label) for ident, label in slots]
        staff.choices = [
            (str(one.id), one.name if one.id in trained else _("%(name)s (not trained yet)") % {"name": one.name})
            for one in people
        ]


class HoldForm(forms.Form):
    who = forms.CharField(
        label=gettext_lazy("Who"), max_length=60,
        help_text=gettext_lazy("The number of the pass, or the whole name of a person or household of this place."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    days = forms.IntegerField(
        label=gettext_lazy("Days"), required=False, min_value=1, max_value=60,
        help_text=gettext_lazy("Empty: until somebody lifts it."),
    )  # fmt: skip


class DistrustForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    sure = forms.BooleanField(label=gettext_lazy("I know that these passes are refused and must be issued again"))
