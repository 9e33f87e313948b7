"""What is written about an enterprise on its page."""

from collections.abc import Iterable
from datetime import datetime

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fangxian.accounts.models import Staff
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.workplaces.actions.firms import Facts
from fangxian.workplaces.queries.firms import Page

_OFF = {"autocomplete": "off"}
SOE = (
    ("", pgettext_lazy("landlord", "not known")),
    ("yes", pgettext_lazy("landlord", "yes")),
    ("no", pgettext_lazy("landlord", "no")),
)


class FactsForm(forms.Form):
    name = forms.CharField(label=_("Name of the enterprise"), max_length=120, widget=forms.TextInput(attrs=_OFF))
    aliases = forms.CharField(
        label=_("Other names"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One in a line. Lists that use one of them find this enterprise."),
    )  # fmt: skip
    uscc = forms.CharField(
        label=_("Unified social credit code"), max_length=24, required=False, widget=forms.TextInput(attrs=_OFF)
    )
    industry = forms.CharField(label=_("Industry"), max_length=60, required=False)
    headcount = forms.IntegerField(label=_("Headcount"), min_value=0, max_value=100_000, required=False)
    contact = forms.CharField(
        label=_("Contact"), max_length=60, required=False, widget=forms.TextInput(attrs=_OFF)
    )  # fmt: skip
    landlord = forms.CharField(label=_("Landlord"), max_length=120, required=False)
    landlord_soe = forms.ChoiceField(label=_("The landlord is state-owned"), choices=SOE, required=False)

    @property
    def facts(self) -> Facts:
        data = self.cleaned_data
        return Facts(
            name=data["name"], aliases=tuple(data["aliases"].splitlines()), uscc=data["uscc"],
            industry=data["industry"], headcount=data["headcount"], contact=data["contact"], landlord=data["landlord"],
            landlord_soe={"yes": True, "no": False}.get(data["landlord_soe"]),
        )  # fmt: skip


def facts_of(page: Page) -> dict[str, object]:
    one, firm = page.enterprise, page.firm
    soe = {True: "yes", False: "no"}.get(firm.landlord_soe) if firm and firm.landlord_soe is not None else ""
    return {
        "name": one.name, "aliases": "\n".join(map(str, one.aliases)), "uscc": one.uscc or "",
        "industry": one.industry, "headcount": one.headcount, "contact": one.contact,
        "landlord": firm.landlord if firm else "", "landlord_soe": soe,
    }  # fmt: skip


class VisitForm(forms.Form):
    """A visit; the time is the street's own clock."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    observed_at = forms.DateTimeField(
        label=_("When"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    note = forms.CharField(
        label=_("What was seen"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Places and measures; no names, no health of anybody."),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None = None, *, now: datetime) -> None:
        local = clock.local(now).replace(second=0, microsecond=0, tzinfo=None)
        super().__init__(data, initial={"id": new_id(), "observed_at": local}, auto_id="visit_%s")


class WorkerForm(forms.Form):
    worker = forms.ChoiceField(label=_("Building worker who visits"), required=False)

    def __init__(self, data: QueryDict | None = None, *, workers: Iterable[Staff], held: object = "") -> None:
        super().__init__(data, initial={"worker": held})
        field = self.fields["worker"]
        assert isinstance(field, forms.ChoiceField)
        people = [(str(one.id), one.name or one.username) for one in workers]
        field.choices = [("", pgettext_lazy("building worker", "nobody")), *people]
