"""Forms of the plan: an upload, a decision, and one value of each kind that is changed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fangxian.duties.plan_source import MAX_TOTAL_BYTES
from fangxian.duties.plan_words import CHOICES
from fangxian.duties.sections import PLAUSIBLE, ChecklistArea, Threshold

_MOMENT = "%Y-%m-%dT%H:%M"
REASON_LENGTH = 200


def moment_field(label: Any, *, required: bool, help_text: Any = "") -> forms.DateTimeField:  # noqa: ANN401 - lazy text
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_MOMENT)
    return forms.DateTimeField(label=label, required=required, help_text=help_text, widget=widget)


def long_text(label: Any, *, required: bool = True, help_text: Any = "") -> forms.CharField:  # noqa: ANN401 - lazy text
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=label, max_length=400, required=required, help_text=help_text, widget=widget)


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:  # noqa: ANN401 - Django's own signature
        single = super().clean
        given: Sequence[Any] = data if isinstance(data, list | tuple) else [data]
        return [single(one, initial) for one in given] if given else [single(None, initial)]


class UploadForm(forms.Form):
    playbook = ManyFilesField(
        label=_("Playbook files"), help_text=_("One .zip, or all .toml files of the playbook at once."),
        widget=ManyFiles(attrs={"accept": ".zip,.toml", "multiple": True}),
    )  # fmt: skip

    def clean_playbook(self) -> dict[str, bytes]:
        """Name -> content; refuses by size before anything is read."""
        uploads: list[UploadedFile] = self.cleaned_data["playbook"]
        if sum(upload.size or 0 for upload in uploads) > MAX_TOTAL_BYTES:
            limit = {"kib": MAX_TOTAL_BYTES // 1024}
            raise forms.ValidationError(
                gettext("The upload is larger than %(kib)s KiB. A playbook is text; check which files you chose.")
                % limit
            )
        found = {str(upload.name): upload for upload in uploads}
        if len(found) < len(uploads):
            raise forms.ValidationError(
                gettext("Two of the files have the same name. Choose the files of one playbook.")
            )
        return {name: upload.read() for name, upload in found.items()}


class WhenForm(forms.Form):
    """From when a change holds."""

    when = forms.ChoiceField(
        label=_("When"),
        choices=[("now", _("At once")), ("at", _("At a time"))],
        initial="now",
        widget=forms.RadioSelect,
    )
    at = moment_field(_("Time"), required=False, help_text=_("Only when you chose a time. The street's local time."))
    reason = forms.CharField(
        label=_("Reason"), max_length=REASON_LENGTH,
        help_text=_("Which notice or decision this follows. It is kept with the version."),
    )  # fmt: skip

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        self.now = now
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("when") == "at" and "at" in data:
            if data["at"] is None:
                self.add_error("at", _("Give the time, or choose “At once”."))
            elif data["at"] <= self.now:
                self.add_error("at", _("This time has passed. Choose a later one, or “At once”."))
        return data

    @property
    def effective(self) -> datetime:
        at = self.cleaned_data["at"] if self.cleaned_data["when"] == "at" else None
        return at or self.now


class ValueForm(WhenForm):
    """What every change by form has: where the value comes from, whether it is confirmed, when and why."""

    source = forms.CharField(label=_("Source"), max_length=400, required=False)
    confirmed = forms.BooleanField(
        label=_("Confirmed by an official text"),
        required=False,
        help_text=_("Leave it empty while nobody has the text."),
    )
    field_order: Sequence[str] | None = ("source", "confirmed", "when", "at", "reason")

    def item(self) -> dict[str, Any]:
        """The changed keys of the item, None for those that go away."""
        data = self.cleaned_data
        return {"source": data["source"] or None, "confirmed": data["confirmed"]}


class ThresholdForm(ValueForm):
    value = forms.FloatField(label=_("New value"), widget=forms.NumberInput(attrs={"step": "any"}))
    field_order = ("value", "source", "confirmed", "when", "at", "reason")

    def __init__(self, threshold: Threshold, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        self.threshold = threshold

    def clean_value(self) -> float:
        value = float(self.cleaned_data["value"])
        low, high = PLAUSIBLE[self.threshold.unit]
        if not low <= value <= high:
            raise forms.ValidationError(
                gettext("%(value)g cannot be right here: between %(low)g and %(high)g.")
                % {"value": value, "low": low, "high": high}
            )
        return value

    def item(self) -> dict[str, Any]:
        return {**super().item(), "key": self.threshold.key, "value": self.cleaned_data["value"]}


class TitledForm(ValueForm):
    title_zh = forms.CharField(label=_("Name in Chinese"), max_length=400)
    title_en = forms.CharField(label=_("Name in English"), max_length=400)

    def item(self) -> dict[str, Any]:
        title = {"zh": self.cleaned_data["title_zh"], "en": self.cleaned_data["title_en"]}
        return {**super().item(), "title": title}


class RegionForm(TitledForm):
    key = forms.RegexField(
        r"^[a-z0-9]+(-[a-z0-9]+)*$", label=_("Key"), max_length=64,
        help_text=_("A short name in Latin letters, such as hubei."),
        error_messages={"invalid": _("Small letters, digits and hyphens only.")},
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[("china", _("in China")), ("country", _("a country")), ("abroad", _("every place abroad"))],
    )
    code = forms.CharField(
        label=_("Code"), max_length=6, required=False,
        help_text=_("In China 2, 4 or 6 digits of the division code (42 is Hubei); a country by three letters (KOR)."),
    )  # fmt: skip
    since = moment_field(_("Watched from"), required=True)
    until = moment_field(_("Until"), required=False, help_text=_("Leave it open while it holds."))
    field_order = (
        "key", "title_zh", "title_en", "kind", "code", "since", "until", "source", "confirmed", "when", "at", "reason",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        kind, code = data.get("kind"), str(data.get("code", "")).strip().upper()
        fits = {
            "china": code.isdigit() and len(code) in (2, 4, 6),
            "country": code.isascii() and code.isalpha() and len(code) == 3,
        }
        if kind in fits and not fits[kind]:
            self.add_error("code", _("This code does not fit the kind. Look at the examples beside the field."))
        data["code"] = "*" if kind == "abroad" else code
        since, until = data.get("since"), data.get("until")
        if since and until and until <= since:
            self.add_error("until", _("It ends before it begins. Mend one of the two times."))
        return data

    def item(self) -> dict[str, Any]:
        data = self.cleaned_data
        until = data["until"].isoformat() if data["until"] else None
        period = {"since": data["since"].isoformat(), "until": until}
        return {**super().item(), "key": data["key"], "kind": data["kind"], "code": data["code"], **period}


class ItemForm(TitledForm):
    key = forms.RegexField(
        r"^[A-Z][0-9]{1,2}$", label=_("Number"), max_length=3,
        help_text=_("The letter of the area and a number, such as A6."),
        error_messages={"invalid": _("One capital letter and one or two digits.")},
    )  # fmt: skip
    area = forms.ChoiceField(label=_("Area"))
    criterion_zh = long_text(_("Criterion in Chinese"))
    criterion_en = long_text(_("Criterion in English"))
    severity = forms.ChoiceField(label=_("Severity"))
    where = forms.MultipleChoiceField(
        label=_("Where it is looked at"), widget=forms.CheckboxSelectMultiple, choices=list(CHOICES["at"].items()),
        initial=["building"],
    )  # fmt: skip
    suspends = forms.ChoiceField(
        label=_("An open finding suspends"), required=False,
        choices=[("", _("no passes")), *CHOICES["suspends"].items()],
        help_text=_("Only a red finding does. The passes are good again when it is closed."),
    )  # fmt: skip
    guidance_zh = long_text(
        _("How to look at it, in Chinese"), required=False, help_text=_("Shown to inspectors beside the item.")
    )
    guidance_en = long_text(_("How to look at it, in English"), required=False)
    field_order = (
        "key", "area", "title_zh", "title_en", "criterion_zh", "criterion_en", "guidance_zh", "guidance_en", "severity",
        "where", "suspends", "source", "confirmed", "when", "at", "reason",
    )  # fmt: skip

    def __init__(
        self, areas: Sequence[ChecklistArea], severities: Sequence[tuple[str, str]], language: str,
        *args: Any, **kwargs: Any,  # noqa: ANN401 - Django's own signature
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self._choices("area", [(area.key, f"{area.key} {area.title.say(language)}") for area in areas])
        self._choices("severity", severities)

    def _choices(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "guidance_zh" in data and "guidance_en" in data and bool(data["guidance_zh"]) != bool(data["guidance_en"]):
            self.add_error(
                "guidance_en" if data["guidance_zh"] else "guidance_zh",
                _("Give it in both languages, or leave both empty."),
            )
        return data

    def item(self) -> dict[str, Any]:
        data = self.cleaned_data
        criterion = {"zh": data["criterion_zh"], "en": data["criterion_en"]}
        guidance = {"zh": data["guidance_zh"], "en": data["guidance_en"]} if data["guidance_zh"] else None
        return {
            **super().item(), "key": data["key"], "area": data["area"], "criterion": criterion,
            "severity": data["severity"], "at": data["where"], "suspends": data["suspends"] or None,
            "guidance": guidance,
        }  # fmt: skip
