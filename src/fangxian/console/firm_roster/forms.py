"""Forms of the ledger. Only what the page needs to ask is required: what is not known yet is left open."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from fangxian.registry import identifiers
from fangxian.registry.refusals import Refusal
from fangxian.workplaces import origins
from fangxian.workplaces.models import Returning, StaffState, Transport, Travelled
from fangxian.workplaces.plan import InForce
from fangxian.workplaces.returning import Fault, NewReturning
from fangxian.workplaces.returning_words import FAULTS

_OFF: Final = {"autocomplete": "off"}
_DATE: Final = {"type": "date"}
_YES_NO: Final = (("", _("not stated")), ("yes", _("yes")), ("no", _("no")))
_LEFT: Final = (("", _("not stated")), ("no", _("stayed in Shanghai")), ("yes", _("left Shanghai and came back")))
_BOOL: Final = {"yes": True, "no": False}
EVIDENCE_BYTES: Final = 15 * 1024 * 1024


class JourneyForm(forms.Form):
    left = forms.ChoiceField(label=_("Since the holidays"), choices=_LEFT, widget=forms.RadioSelect, required=False)
    origin = forms.CharField(
        label=_("Came from"), max_length=80, required=False, widget=forms.TextInput(attrs=_OFF),
        help_text=_("Province and city, or the country: 湖北武汉, 韩国首尔."),
    )  # fmt: skip
    arrived_on = forms.DateField(
        label=_("Day of arrival in Shanghai"), required=False, widget=forms.DateInput(attrs=_DATE)
    )
    transport = forms.ChoiceField(label=_("Means of transport"), required=False)
    vehicle_no = forms.CharField(
        label=_("Train or flight number"), max_length=20, required=False, widget=forms.TextInput(attrs=_OFF)
    )
    key_region = forms.ChoiceField(
        label=_("In a key region in the 14 days before"), choices=_YES_NO, widget=forms.RadioSelect, required=False
    )
    regions = forms.MultipleChoiceField(
        label=_("In which"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Only where the answer above is yes."),
    )  # fmt: skip
    home_office = forms.BooleanField(label=_("Works from home"), required=False)

    def __init__(
        self, data: QueryDict | None = None, *, plan: InForce, language: str, row: Returning | None = None
    ) -> None:
        super().__init__(data, initial=_initial(row) if row else {"left": "", "key_region": ""})
        transport, regions = self.fields["transport"], self.fields["regions"]
        assert isinstance(transport, forms.ChoiceField)
        assert isinstance(regions, forms.MultipleChoiceField)
        transport.choices = [("", "—"), *((kind.value, kind.label) for kind in Transport if kind != Transport.NONE)]
        regions.choices = [(region.key, region.title.say(language)) for region in plan.regions]

    @property
    def away(self) -> list[forms.BoundField]:
        """What is only asked of those who left Shanghai."""
        return [self[name] for name in ("origin", "arrived_on", "transport", "vehicle_no", "key_region")]

    def clean_origin(self) -> str:
        written: str = self.cleaned_data["origin"].strip()
        code = origins.origin(written) if written else ""
        if code is None:
            raise forms.ValidationError(str(FAULTS[Fault.ORIGIN]))
        return code

    def stated(self, person_id: UUID, released_on: date | None = None) -> NewReturning:
        """What was said; a journey is left out where they stayed."""
        data = self.cleaned_data
        left = _BOOL.get(data["left"])
        away = left is not False
        return NewReturning(
            person_id=person_id, left_shanghai=left, origin=data["origin"] if away else "",
            arrived_on=data["arrived_on"] if away else None, transport=data["transport"] if away else "",
            vehicle_no=data["vehicle_no"].strip().upper() if away else "",
            key_region=data["key_region"] if data["key_region"] in Travelled.values else "",
            regions=tuple(data["regions"]) if data["key_region"] == Travelled.YES else (), released_on=released_on,
            home_office=data["home_office"],
        )  # fmt: skip


def _initial(row: Returning) -> dict[str, Any]:
    return {
        "left": {True: "yes", False: "no"}.get(row.left_shanghai, "") if row.left_shanghai is not None else "",
        "origin": origins.name_of(row.origin) if row.origin else "",
        "arrived_on": row.arrived_on and row.arrived_on.isoformat(), "transport": row.transport,
        "vehicle_no": row.vehicle_no, "key_region": row.key_region, "regions": row.regions,
        "home_office": row.home_office,
    }  # fmt: skip


class PersonForm(forms.Form):
    """Who is put on the ledger. A resident identity card says sex and birth date."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs=_OFF))
    document = forms.CharField(
        label=_("Number of the identity document"), max_length=40, required=False, widget=forms.TextInput(attrs=_OFF),
        help_text=_("Without it no pass can be given. It is stored under lock."),
    )  # fmt: skip
    phone = forms.CharField(
        label=_("Telephone"), max_length=30, required=False, widget=forms.TextInput(attrs=_OFF | {"inputmode": "tel"})
    )

    def __init__(self, data: QueryDict | None = None, *, today: date) -> None:
        super().__init__(data)
        self.today = today

    def clean_document(self) -> identifiers.Document | None:
        written = self.cleaned_data["document"].strip()
        if not written:
            return None
        read = identifiers.read_document(written, None, "", self.today)
        if isinstance(read, Refusal):
            raise forms.ValidationError(read.text)
        return read

    def clean_phone(self) -> identifiers.Phone | None:
        written = self.cleaned_data["phone"].strip()
        if not written:
            return None
        read = identifiers.read_phone(written, "CN")
        if isinstance(read, Refusal):
            raise forms.ValidationError(read.text)
        return read


class StateForm(forms.Form):
    """Why somebody is set to another state; who leaves needs no reason."""

    reason = forms.CharField(label=_("Why"), max_length=200, widget=forms.TextInput(attrs=_OFF))

    def __init__(self, data: QueryDict | None = None, *, wanted: StaffState) -> None:
        super().__init__(data)
        self.fields["reason"].required = wanted != StaffState.LEFT


class EvidenceForm(forms.Form):
    released_on = forms.DateField(label=_("Observation ended on"), widget=forms.DateInput(attrs=_DATE))
    file = forms.FileField(
        label=_("Photo or PDF of the notice of release"),
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp,application/pdf"}),
    )  # fmt: skip

    def __init__(
        self, data: QueryDict | None = None, files: MultiValueDict[str, UploadedFile] | None = None
    ) -> None:  # fmt: skip
        super().__init__(data, files)

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if file.size is not None and file.size > EVIDENCE_BYTES:
            raise forms.ValidationError(_("The file is larger than 15 MB. Nothing was saved. Send a smaller photo."))
        return file


class UploadForm(forms.Form):
    file = forms.FileField(label=_("The list"), help_text=_("Excel (.xlsx, .xls), .ods or .csv, as you keep it."))
