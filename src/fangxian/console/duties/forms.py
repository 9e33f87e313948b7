from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.console.gaps.forms import WhenField
from fangxian.console.place_field import PlaceField, offer
from fangxian.places.models import Place

# roles that open the console in the morning and find a duty there
DOING = (
    Role.SECTION_HEAD, Role.COMMITTEE_SECRETARY, Role.COMMITTEE_WORKER, Role.GRID_WORKER, Role.COMMUNITY_POLICE,
    Role.SPECIAL_GUARD, Role.BUILDING_PARTY_WORKER, Role.PROPERTY_MANAGER, Role.HEALTH_STAFF, Role.VOLUNTEER,
    Role.GATE_GUARD, Role.STREET_LEADER,
)  # fmt: skip


class GiveForm(forms.Form):
    """A duty given once: what, where, to whom, until when."""

    title = forms.CharField(
        label=_("What is to be done"), max_length=120,
        help_text=_("One sentence, for example: check the north gate's lock."),
    )  # fmt: skip
    place = PlaceField(label=_("Where"))
    role = forms.ChoiceField(
        label=_("Given to the role there"), required=False,
        choices=[("", "—"), *((role.value, role.label) for role in DOING)],
        help_text=_("Whoever holds this role nearest to the place."),
    )  # fmt: skip
    staff = forms.ChoiceField(label=_("or to one person"), required=False)
    until = WhenField(label=_("Until when"))
    note = forms.CharField(
        label=_("More about it"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(
        self,
        places: Iterable[Place],
        people: Iterable[Staff],
        now: datetime,
        *args: Any,  # noqa: ANN401 - passed on to Django
        **kwargs: Any,  # noqa: ANN401 - passed on to Django
    ) -> None:
        super().__init__(*args, **kwargs)
        self._now = now
        offer(self, "place", places)
        choice = self.fields["staff"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", "—"), *((str(person.id), f"{person.name} ({person.username})") for person in people)]

    def clean_staff(self) -> UUID | None:
        chosen = self.cleaned_data["staff"]
        return UUID(chosen) if chosen else None

    def clean_until(self) -> datetime:
        until: datetime = self.cleaned_data["until"]
        if until <= self._now:
            raise forms.ValidationError(_("This time lies in the past. Choose a later one."))
        return until

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if "staff" in data and bool(data.get("role")) == bool(data["staff"]):
            self.add_error("role", _("Choose a role or one person, not both."))
        return data
