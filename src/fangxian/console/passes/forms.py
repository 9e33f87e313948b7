"""What is asked for a list of passes, for one pass, and for the passes of a whole list."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.console.place_field import PlaceField
from fangxian.gates.models import PassKind, PassStatus, Zone
from fangxian.gates.queries.holders import Holder
from fangxian.gates.queries.passes import PassFilter
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Enterprise
from fangxian.shared import clock

ANY = ("", "—")
LONGEST_DAYS = 366
ONE_DAY = frozenset({PassKind.VISITOR, PassKind.COURIER})


def _day_input() -> forms.DateInput:
    """A browser's own date field takes this form only, whatever the language."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ListForm(forms.Form):
    """Sent by POST: a name must not stand in an address."""

    place = PlaceField(label=gettext_lazy("Place"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    status = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    words = forms.CharField(label=gettext_lazy("Name, company or number"), required=False, max_length=120)
    current = forms.BooleanField(label=gettext_lazy("Only passes that have not expired"), required=False)
    start = forms.IntegerField(required=False, min_value=0, max_value=1_000_000, widget=forms.HiddenInput)

    def __init__(self, places: Sequence[Place], data: Any, **made: Any) -> None:  # noqa: ANN401 - request.POST, the arguments of Form
        super().__init__(data, **made)
        self.fields["place"].offer(places)  # type: ignore[attr-defined]  # a PlaceField
        self.fields["kind"].choices = [ANY, *PassKind.choices]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["status"].choices = [ANY, *PassStatus.choices]  # type: ignore[attr-defined]  # a ChoiceField

    @property
    def narrow(self) -> PassFilter:
        data = self.cleaned_data
        return PassFilter(
            kind=data.get("kind", ""), status=data.get("status", ""), words=data.get("words", ""),
            current=data.get("current", False),
        )  # fmt: skip


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


REGISTERED = frozenset({PassKind.RESIDENT, PassKind.EMPLOYEE, PassKind.VEHICLE})
"""Kinds of passes that belong to somebody of the register."""
BY_FLOOR = "floor"
WORDS = {
    PassKind.RESIDENT: gettext_lazy("Address or name of somebody of the household"),
    PassKind.EMPLOYEE: gettext_lazy("Name of the employee"),
    PassKind.VEHICLE: gettext_lazy("Number plate"),
}


class FindForm(forms.Form):
    """Whose pass: the place, and what is known of the person, the household or the vehicle."""

    place = PlaceField(label=gettext_lazy("Compound or building"))
    words = forms.CharField(max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, kind: PassKind, places: Sequence[Place], **made: Any) -> None:  # noqa: ANN401 - the arguments of Form
        super().__init__(**made)
        self.fields["place"].offer(places)  # type: ignore[attr-defined]  # a PlaceField
        self.fields["words"].label = WORDS[kind]


class IssueForm(forms.Form):
    """One pass. Which fields are asked depends on its kind; `found` are those of the register it can be for."""

    place = PlaceField(label=gettext_lazy("Compound or building"))
    whom = forms.ChoiceField(label=gettext_lazy("For whom"), widget=forms.RadioSelect)
    gate = PlaceField(
        label=gettext_lazy("Only by this gate"), required=False, help_text=gettext_lazy("Empty: by any gate.")
    )
    holder = forms.CharField(label=gettext_lazy("Holder"), max_length=120)
    company = forms.CharField(label=gettext_lazy("Company"), max_length=120, required=False)
    zone = forms.ChoiceField(label=gettext_lazy("Zone"), required=False)
    begins = forms.DateField(label=gettext_lazy("Good from"), widget=_day_input())
    ends = forms.DateField(label=gettext_lazy("Last day"), widget=_day_input())
    once = forms.BooleanField(label=gettext_lazy("Good for one entry"), required=False)

    def __init__(
        self, kind: PassKind, places: Sequence[Place], gates: Sequence[Place], found: Sequence[Holder] = (),
        **made: Any,  # noqa: ANN401 - the arguments of Form
    ) -> None:  # fmt: skip
        super().__init__(**made)
        self.kind, self.found = kind, {one.key: one for one in found}
        self.fields["place"].offer(places)  # type: ignore[attr-defined]  # a PlaceField
        self.fields["gate"].offer(gates)  # type: ignore[attr-defined]  # a PlaceField
        if kind in REGISTERED:
            self._for_registered(found)
        else:
            del self.fields["whom"]
        if kind == PassKind.EMPLOYEE:
            zones = [(BY_FLOOR, _("by the floor")), *Zone.choices]
            self.fields["zone"].choices = zones  # type: ignore[attr-defined]  # a ChoiceField
        else:
            del self.fields["zone"]
        if kind in ONE_DAY:
            del self.fields["ends"]
            self.fields["gate"].required = True
            self.fields["gate"].help_text = ""
        else:
            del self.fields["once"]

    def _for_registered(self, found: Sequence[Holder]) -> None:
        del self.fields["company"]
        self.fields["place"].widget = forms.HiddenInput()
        self.fields["whom"].choices = [(one.key, _told(one)) for one in found]  # type: ignore[attr-defined]  # a ChoiceField
        if self.kind == PassKind.RESIDENT:
            self.fields["holder"].label = _("Name on the pass")
            self.fields["holder"].required = False
            self.fields["holder"].help_text = _("Empty: the householder's, as the register has it.")
        else:
            del self.fields["holder"]

    @property
    def whom_found(self) -> Holder | None:
        """The one who was chosen; None for visitors and couriers."""
        return self.found.get(self.cleaned_data.get("whom", ""))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        begins: date | None = data.get("begins")
        ends: date | None = begins if self.kind in ONE_DAY else data.get("ends")
        if begins and ends:
            if ends < begins:
                self.add_error("ends", _("The last day is before the first."))
            elif (ends - begins).days > LONGEST_DAYS:
                self.add_error("ends", _("A pass is good for a year at most."))
        gate, place = data.get("gate"), data.get("place")
        if gate and place and not gate.path.startswith(place.path):
            self.add_error("gate", _("This gate does not belong to the place above."))
        if self.kind == PassKind.RESIDENT and not data.get("holder") and (home := self.whom_found) and not home.name:
            self.add_error("holder", _("The register knows nobody of this household. Enter the name."))
        return data

    def period(self, now: datetime) -> tuple[int, int]:
        """From now, or the start of a later day, to the end of the last local day."""
        begins: date = self.cleaned_data["begins"]
        ends: date = begins if self.kind in ONE_DAY else self.cleaned_data["ends"]
        start = clock.day_start_us(begins)
        return max(start, clock.to_us(now)), clock.day_start_us(ends + timedelta(days=1))


def _told(one: Holder) -> str:
    """What tells two of the same name apart."""
    born = _("born %(year)d") % {"year": one.born} if one.born else ""
    return " · ".join(part for part in (one.name, one.where, one.company, born, one.phone) if part)


class ManyForm(forms.Form):
    """Whose list: an employer's people in a building, a compound's households, or the vehicles parked there."""

    EMPLOYEES, HOUSEHOLDS, VEHICLES = "employees", "households", "vehicles"

    what = forms.ChoiceField(label=gettext_lazy("Passes for"), widget=forms.RadioSelect)
    place = PlaceField(label=gettext_lazy("Compound or building"))
    enterprise = forms.ChoiceField(
        label=gettext_lazy("Company"), required=False, help_text=gettext_lazy("For the employees of a company.")
    )

    def __init__(self, places: Sequence[Place], enterprises: Sequence[Enterprise], **made: Any) -> None:  # noqa: ANN401 - the arguments of Form
        super().__init__(**made)
        self.fields["place"].offer(places)  # type: ignore[attr-defined]  # a PlaceField
        self.fields["what"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (self.EMPLOYEES, _("the employees of a company")),
            (self.HOUSEHOLDS, _("the households of a compound")),
            (self.VEHICLES, _("the vehicles that park there")),
        ]
        self.fields["enterprise"].choices = [ANY, *((str(row.pk), row.name) for row in enterprises)]  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("what") == self.EMPLOYEES and not data.get("enterprise") and "enterprise" not in self.errors:
            self.add_error("enterprise", _("Choose the company."))
        place = data.get("place")
        if data.get("what") == self.HOUSEHOLDS and place and place.kind != PlaceKind.COMPOUND:
            self.add_error("place", _("Households live in a compound. Choose one."))
        return data
