"""Forms of one office building."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.roles import Role
from fangxian.shared import clock
from fangxian.workplaces.actions.buildings import MOST_DAYS, BuildingFacts, LiftFacts
from fangxian.workplaces.models import Building, Lift, MeasureKind, TaskMember, TaskRole


def _date_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:  # noqa: ANN401 - lazy text
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, required=required, help_text=help_text, widget=widget)


class FactsForm(forms.Form):
    manager_firm = forms.CharField(label=gettext_lazy("Property company"), max_length=120, required=False)
    people_cap = forms.IntegerField(
        label=gettext_lazy("Most people a day"), required=False, min_value=1, max_value=1_000_000,
        help_text=gettext_lazy("The plan of the morning keeps to it. Empty: no limit."),
    )  # fmt: skip
    firm_cap = forms.IntegerField(
        label=gettext_lazy("Most enterprises resumed"), required=False, min_value=1, max_value=10_000
    )
    lobby_cap = forms.IntegerField(
        label=gettext_lazy("Most people waiting for lifts at once"), required=False, min_value=1, max_value=10_000
    )
    isolation_room = forms.CharField(
        label=gettext_lazy("Isolation room"), max_length=120, required=False,
        help_text=gettext_lazy("Where somebody with a fever waits, apart from everybody else."),
    )  # fmt: skip

    def facts(self) -> BuildingFacts:
        return BuildingFacts(**self.cleaned_data)


def facts_initial(row: Building | None) -> dict[str, Any]:
    names = ("manager_firm", "people_cap", "firm_cap", "lobby_cap", "isolation_room")
    return {} if row is None else {name: getattr(row, name) for name in names}


class LiftForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Lift"), max_length=40)
    cap = forms.IntegerField(
        label=gettext_lazy("People in one ride"), min_value=1, max_value=60,
        help_text=gettext_lazy("As many as may ride now, not what the plate says."),
    )  # fmt: skip
    floor_from = forms.IntegerField(label=gettext_lazy("Lowest floor"), min_value=-20, max_value=300, initial=1)
    floor_until = forms.IntegerField(label=gettext_lazy("Highest floor"), min_value=-20, max_value=300)
    round_trip_seconds = forms.IntegerField(
        label=gettext_lazy("Seconds of one round trip in the morning"), min_value=5, max_value=3_600, initial=120
    )
    is_open = forms.BooleanField(label=gettext_lazy("In service"), required=False, initial=True)

    def facts(self) -> LiftFacts:
        return LiftFacts(**self.cleaned_data)


def lift_initial(row: Lift) -> dict[str, Any]:
    names = ("name", "cap", "floor_from", "floor_until", "round_trip_seconds", "is_open")
    return {name: getattr(row, name) for name in names}


class AppointForm(forms.Form):
    role = forms.TypedChoiceField(label=gettext_lazy("Role"), coerce=TaskRole, choices=TaskRole.choices)
    account = forms.TypedChoiceField(
        label=gettext_lazy("Account"), required=False, coerce=UUID, empty_value=None,
        help_text=gettext_lazy("Who has one. For anybody else give the name."),
    )  # fmt: skip
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60, required=False)
    phone = forms.CharField(
        label=gettext_lazy("Work telephone"), max_length=30, required=False,
        help_text=gettext_lazy("Colleagues of the building see it."),
    )  # fmt: skip
    deputy = forms.BooleanField(
        label=gettext_lazy("As deputy"), required=False,
        help_text=gettext_lazy("A deputy stands in; the role still needs somebody who holds it."),
    )  # fmt: skip
    until = _date_field(
        gettext_lazy("Until"), required=False, help_text=gettext_lazy("The last day. Empty: until somebody ends it.")
    )

    def __init__(
        self, accounts: Iterable[tuple[UUID, str, str]], now: datetime, *args: Any, **kwargs: Any  # noqa: ANN401 - Django's own signature
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.now = now
        self.accounts = {ident: (name, role) for ident, name, role in accounts}
        field = self.fields["account"]
        assert isinstance(field, forms.ChoiceField)
        named = [(str(ident), f"{name} · {Role(role).label}") for ident, (name, role) in self.accounts.items()]
        field.choices = [("", "—"), *named]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not data.get("name", "").strip() and "account" in data:
            if data["account"] is None:
                self.add_error("name", _("Choose an account, or give a name."))
            else:
                data["name"] = self.accounts[data["account"]][0]
        if data.get("until") and data["until"] < clock.local_day(self.now):
            self.add_error("until", _("This day is over. Choose a later one, or leave it open."))
        return data

    def ends_at(self) -> datetime | None:
        last: date | None = self.cleaned_data["until"]
        return clock.at(last + timedelta(days=1), time.min) if last else None


class RosterForm(forms.Form):
    from_day = _date_field(gettext_lazy("First day"))
    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=MOST_DAYS, initial=14)
    members = forms.MultipleChoiceField(
        label=gettext_lazy("Who takes turns"), widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("One a day, whoever was on duty longest ago first. Days that have somebody keep them."),
    )  # fmt: skip

    def __init__(self, members: Sequence[TaskMember], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        field = self.fields["members"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = member_choices(members)
        if not self.is_bound:
            self.initial.setdefault("members", [str(row.id) for row in members])

    def clean_members(self) -> list[UUID]:
        return [UUID(value) for value in self.cleaned_data["members"]]


def member_choices(members: Sequence[TaskMember]) -> list[tuple[str, str]]:
    return [(str(row.id), f"{row.name} · {TaskRole(row.role).label}") for row in members]


class DayForm(forms.Form):
    day = _date_field(gettext_lazy("Day"))
    member = forms.TypedChoiceField(label=gettext_lazy("Who is on duty"), coerce=UUID)

    def __init__(self, members: Sequence[TaskMember], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        field = self.fields["member"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = member_choices(members)


class SignForm(forms.Form):
    signer = forms.CharField(label=gettext_lazy("Who signs"), max_length=60)
    post = forms.CharField(label=gettext_lazy("As what"), max_length=60)
    read = forms.BooleanField(label=gettext_lazy("They have read it and sign it"))


class SupplyForm(forms.Form):
    quantity = forms.IntegerField(label=gettext_lazy("Held now"), min_value=0, max_value=1_000_000_000)
    per_day = forms.IntegerField(label=gettext_lazy("Used a day"), min_value=0, max_value=1_000_000_000)


class MeasureForm(forms.Form):
    enterprise = forms.TypedChoiceField(label=gettext_lazy("Enterprise"), coerce=UUID)
    kind = forms.TypedChoiceField(
        label=gettext_lazy("What was changed"), coerce=MeasureKind, choices=MeasureKind.choices
    )
    text = forms.CharField(
        label=gettext_lazy("In their words"), max_length=200, required=False,
        help_text=gettext_lazy("What the tenant did, and no names of people."),
    )  # fmt: skip
    since = _date_field(gettext_lazy("Since"))

    def __init__(self, tenants: Iterable[tuple[UUID, str]], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        field = self.fields["enterprise"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(ident), name) for ident, name in tenants]
