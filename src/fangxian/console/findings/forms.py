"""What somebody enters about a finding: a plan, that it was put right, what a second look showed, a new one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fangxian.console.place_field import PlaceField
from fangxian.inspections.actions.photos import MOST
from fangxian.inspections.models import FindingAct, Severity
from fangxian.shared import clock


class _Pictures(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Several photos; the clean value is a list."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 - the arguments of forms.Field
        widget = _Pictures(attrs={"accept": "image/*", "multiple": True, "data-shrink": True})
        super().__init__(widget=widget, **more)

    def clean(self, data: Any, initial: Any = None) -> Any:  # noqa: ANN401 - the signature of forms.Field
        sent = [one for one in (data if isinstance(data, list | tuple) else [data]) if one]
        if self.required and not sent:
            raise forms.ValidationError(_("Take at least one photo. Nothing was changed."))
        if len(sent) > MOST:
            raise forms.ValidationError(_("At most %(most)d photos. Nothing was changed.") % {"most": MOST})
        return [super(PhotosField, self).clean(one, initial) for one in sent]


class MomentField(forms.DateTimeField):
    def __init__(self, **more: Any) -> None:  # noqa: ANN401 - the arguments of forms.Field
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, input_formats=["%Y-%m-%dT%H:%M"], **more)


class ActForm(forms.Form):
    """What every act sends: which one it is."""

    act = forms.ChoiceField(choices=FindingAct.choices, widget=forms.HiddenInput)
    plan_who = forms.CharField(max_length=60, label=_("Who does it"), required=False)
    plan_what = forms.CharField(
        max_length=400, label=_("What is done"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    plan_until = MomentField(label=_("Until when"), required=False)
    text = forms.CharField(
        max_length=400, label=_("What to say about it"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    photos = PhotosField(label=_("Photos"), required=False)

    WANTED: dict[str, tuple[str, ...]] = {
        FindingAct.PLAN: ("plan_who", "plan_what", "plan_until"),
        FindingAct.MEND: ("text", "photos"),
        FindingAct.PASS: ("text", "photos"),
        FindingAct.FAIL: ("text", "photos"),
        FindingAct.ANNUL: ("text",),
    }

    def __init__(
        self, act: FindingAct, now: datetime, data: Any = None, files: MultiValueDict[str, UploadedFile] | None = None,  # noqa: ANN401 - a QueryDict or None, as forms.Form takes it
        *, red: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            data, files, auto_id=f"{act}_%s", initial={"act": act, "plan_until": clock.local(now) + timedelta(hours=2)}
        )
        for name in list(self.fields):
            if name != "act" and name not in self.WANTED[act]:
                del self.fields[name]
        for name in self.WANTED[act]:
            self.fields[name].required = act == FindingAct.PLAN
        if act in (FindingAct.FAIL, FindingAct.ANNUL):
            self.fields["text"].required = True
            self.fields["text"].label = _("Why") if act == FindingAct.ANNUL else _("What is still wrong")
        if act == FindingAct.MEND:
            self.fields["text"].label = _("What was done")
            self.fields["photos"].required = red


class NewForm(forms.Form):
    """A finding outside of a checklist, as a leader on a tour sees it."""

    place = PlaceField(label=pgettext_lazy("finding", "At which place"))
    title = forms.CharField(max_length=120, label=_("What is not in order"))
    severity = forms.ChoiceField(
        choices=Severity.choices, label=_("How urgent"), initial=Severity.AMBER, widget=forms.RadioSelect
    )
    spot = forms.CharField(max_length=60, label=_("Where exactly"), required=False)
    note = forms.CharField(
        max_length=400, label=pgettext_lazy("field", "Note"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    photos = PhotosField(label=_("Photos"), required=False)

    def set_severities(self, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields["severity"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices) or list(Severity.choices)
