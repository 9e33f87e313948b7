"""What is asked of a plan, what an objection is answered with, and a gate's lanes."""

from collections.abc import Iterable, Mapping
from datetime import date, time
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from fangxian.console.waves.words import method_word
from fangxian.places.models import Place
from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.whatif import Change, What

MOST_LANES = 20
MOST = 100_000


def _choices(field: forms.Field, choices: Iterable[tuple[str, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)


class AskForm(forms.Form):
    """A plan for a day; everything but the first two is an assumption and may stay empty."""

    place = forms.ChoiceField(label=pgettext_lazy("wave plan", "For"))
    day = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    close = forms.ChoiceField(label=gettext_lazy("What if a gate is closed"), required=False)
    lane_gate = forms.ChoiceField(label=gettext_lazy("What if lanes are added at"), required=False)
    lane_method = forms.ChoiceField(label=gettext_lazy("These lanes check by"), required=False)
    lane_count = forms.IntegerField(
        label=gettext_lazy("How many lanes"), required=False, min_value=1, max_value=MOST_LANES
    )
    method = forms.ChoiceField(label=gettext_lazy("What if every lane checks by"), required=False)
    people_cap = forms.IntegerField(
        label=gettext_lazy("What if each building takes at most so many people"), required=False, min_value=0,
        max_value=MOST,
    )  # fmt: skip
    rain = forms.BooleanField(label=gettext_lazy("What if it rains"), required=False)

    def __init__(
        self, data: QueryDict | None, places: Iterable[Place], gates: Iterable[tuple[str, str]], rule: WaveRule,
        day: date,
    ) -> None:  # fmt: skip
        super().__init__(data, initial={"day": day.isoformat(), "lane_count": 1}, auto_id="ask_%s")
        self.by_id = {str(place.id): place for place in places}
        nothing = ("", pgettext("assumption", "nothing of the kind"))
        methods = [(one.method, method_word(rule, one.method)) for one in rule.services]
        _choices(self.fields["place"], [(key, place.name) for key, place in self.by_id.items()])
        doors = [(key, name) for key, name in gates]
        for name in ("close", "lane_gate"):
            _choices(self.fields[name], [nothing, *doors])
        _choices(self.fields["lane_method"], [("", "–"), *methods])
        _choices(self.fields["method"], [nothing, *methods])

    def clean(self) -> dict[str, object]:
        found: dict[str, object] = super().clean() or {}
        if found.get("lane_gate") and not (found.get("lane_method") and found.get("lane_count")):
            raise ValidationError(_("Say by which method the added lanes check, and how many there are."))
        return found

    @property
    def place_asked(self) -> Place:
        return self.by_id[self.cleaned_data["place"]]

    @property
    def changes(self) -> tuple[Change, ...]:
        data = self.cleaned_data
        found: list[Change] = []
        if data["close"]:
            found.append(Change(What.CLOSE, gate=data["close"]))
        if data["lane_gate"]:
            found.append(
                Change(What.LANE, gate=data["lane_gate"], method=data["lane_method"], count=data["lane_count"])
            )
        if data["method"]:
            found.append(Change(What.METHOD, method=data["method"]))
        if data["people_cap"] is not None:
            found.append(Change(What.PEOPLE_CAP, count=data["people_cap"]))
        if data["rain"]:
            found.append(Change(What.RAIN))
        return tuple(found)


KEEP, MOVE = "keep", "move"


class AnswerForm(forms.Form):
    what = forms.ChoiceField(
        label=gettext_lazy("What is decided"), widget=forms.RadioSelect,
        choices=[
            (KEEP, gettext_lazy("The window stays as it is")),
            (MOVE, gettext_lazy("Another window is promised; a new plan is worked out with it")),
        ],
    )  # fmt: skip
    from_time = forms.TimeField(
        label=gettext_lazy("The other window begins"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    until_time = forms.TimeField(
        label=gettext_lazy("and ends"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    text = forms.CharField(
        label=gettext_lazy("What the enterprise is told"), max_length=400, widget=forms.Textarea(attrs={"rows": 3})
    )

    @property
    def keep(self) -> bool:
        return bool(self.cleaned_data["what"] == KEEP)

    @property
    def window(self) -> tuple[int, int] | None:
        start, end = self.cleaned_data["from_time"], self.cleaned_data["until_time"]
        return None if start is None or end is None else (minute_of(start), minute_of(end))


def minute_of(at: time) -> int:
    return at.hour * 60 + at.minute


class LanesForm(forms.Form):
    """One number for each method that the plan in force knows."""

    def __init__(
        self, data: QueryDict | None, rule: WaveRule, lanes: Mapping[str, int], gate_id: UUID | None = None
    ) -> None:
        super().__init__(data, auto_id=f"lanes_{gate_id.hex if gate_id else ''}_%s")
        for service in rule.services:
            self.fields[service.method] = forms.IntegerField(
                label=method_word(rule, service.method), required=False, min_value=0, max_value=MOST_LANES,
                initial=lanes.get(service.method),
            )  # fmt: skip

    @property
    def lanes(self) -> dict[str, int]:
        return {name: self.cleaned_data[name] or 0 for name in self.fields}


class ObjectForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("What is wrong with this window, and which one you need"), max_length=400,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
