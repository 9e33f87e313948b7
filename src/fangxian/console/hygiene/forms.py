"""The form of one area, and of the dilution calculator."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.console.templatetags.amounts import volume
from fangxian.files.rules import PHOTO_MAX_BYTES
from fangxian.hygiene import rules
from fangxian.hygiene.queries import Preset
from fangxian.stock.queries import unit_word


def preset_label(preset: Preset) -> str:
    strength = f" {preset.mg_per_l} mg/L" if preset.mg_per_l is not None else ""
    return f"{preset.title}{strength}"


def recipe(preset: Preset) -> str:
    """What goes into the bucket for the usual volume; empty for an agent that is used as it is."""
    if not preset.water_ml:
        return ""
    return _("%(agent)s and %(water)s of water make %(volume)s") % {
        "agent": f"{preset.title} {preset.agent_units} {unit_word(preset.unit)}", "water": volume(preset.water_ml),
        "volume": volume(preset.working_ml),
    }  # fmt: skip


def volumes(presets: Sequence[Preset]) -> list[tuple[str, str]]:
    """Half, once, twice and four times what is usual for the type."""
    usual = presets[0].working_ml if presets else 1_000
    return [(str(ml), volume(ml)) for ml in (usual // 2, usual, usual * 2, usual * 4) if ml]


class AreaForm(forms.Form):
    """`id` is made with the page: pressing twice, or sending again after a lost answer, records once."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    agent = forms.ChoiceField(label=gettext_lazy("Agent"), widget=forms.RadioSelect)
    volume = forms.TypedChoiceField(label=gettext_lazy("Solution used"), widget=forms.RadioSelect, coerce=int)
    photo = forms.FileField(
        label=gettext_lazy("Photo"), required=False, max_length=200,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp", "capture": "environment"}),
    )  # fmt: skip
    earlier = forms.DateTimeField(
        label=gettext_lazy("Done earlier, at"), required=False,
        help_text=gettext_lazy("Leave it empty when it was done just now."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M"],
    )  # fmt: skip
    mg_per_l = forms.IntegerField(
        label=gettext_lazy("Another strength, mg/L"), required=False, min_value=1, max_value=rules.MOST_MG_PER_L,
        help_text=gettext_lazy("Only when it was mixed differently."),
    )  # fmt: skip

    def __init__(self, presets: Sequence[Preset], now: datetime, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        self.presets = {preset.agent: preset for preset in presets}
        self.now = now
        agent, volume = self.fields["agent"], self.fields["volume"]
        assert isinstance(agent, forms.ChoiceField)
        assert isinstance(volume, forms.TypedChoiceField)
        agent.choices = [(preset.agent, preset_label(preset)) for preset in presets]
        volume.choices = volumes(presets)
        if presets:
            agent.initial, volume.initial = presets[0].agent, str(presets[0].working_ml)

    def clean_photo(self) -> Any:  # noqa: ANN401 - whatever was uploaded, or None
        sent = self.cleaned_data["photo"]
        if sent is not None and sent.size > PHOTO_MAX_BYTES:
            raise forms.ValidationError(
                _("The photo is larger than 15 MB. Take it at a lower resolution, or send none.")
            )
        return sent

    def clean_earlier(self) -> datetime | None:
        when: datetime | None = self.cleaned_data["earlier"]
        if when is not None and not self.now - timedelta(days=7) <= when <= self.now + timedelta(minutes=1):
            raise forms.ValidationError(_("The time must lie within the last 7 days. Correct it."))
        return when

    @property
    def observed_at(self) -> datetime:
        when: datetime | None = self.cleaned_data["earlier"]
        return min(when, self.now) if when is not None else self.now

    @property
    def strength(self) -> int | None:
        preset = self.presets[self.cleaned_data["agent"]]
        written: int | None = self.cleaned_data["mg_per_l"]
        return preset.mg_per_l if preset.mg_per_l is None or written is None else written


class MixForm(forms.Form):
    """What is in the bottle, what is wanted, how much of it."""

    stock = forms.IntegerField(
        label=gettext_lazy("In the bottle, mg/L"), min_value=1, max_value=rules.MOST_MG_PER_L, initial=50_000,
        help_text=gettext_lazy("5 % active chlorine is 50,000 mg/L."),
    )  # fmt: skip
    target = forms.IntegerField(
        label=gettext_lazy("Wanted, mg/L"), min_value=1, max_value=rules.MOST_MG_PER_L, initial=500
    )
    volume = forms.DecimalField(
        label=gettext_lazy("Solution, litres"), min_value=0, max_value=1_000, max_digits=7, decimal_places=3, initial=5
    )

    def clean_volume(self) -> int:
        """In millilitres."""
        ml = int(self.cleaned_data["volume"] * 1_000)
        if ml < 1:
            raise forms.ValidationError(_("Give a volume of 1 ml or more."))
        return ml

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if "stock" in data and "target" in data and data["target"] > data["stock"]:
            self.add_error(
                "target",
                _("The bottle holds %(stock)d mg/L: nothing stronger can be mixed from it. Take a stronger agent.")
                % {"stock": data["stock"]},
            )
        return data
