"""The section on rounds of goods: what its tab shows, and its forms, made from the schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic.fields import FieldInfo

from fangxian.console.playbooks import reads
from fangxian.console.playbooks.forms import WhenForm, long_text
from fangxian.duties import plan_words as words
from fangxian.duties.plan_schema import Plan, Text
from fangxian.masks.playbook import Answer, GoodsRule, MasksSection, VariantRule

LISTINGS = ("goods", "answers")
NAMES = tuple(name for name in MasksSection.model_fields if name not in LISTINGS)
TEXTS = tuple(name for name in NAMES if MasksSection.model_fields[name].annotation is Text)
"""Values that are a text in several languages."""
MOST_VARIANTS = 4
LANGUAGES = (
    ("zh", gettext_lazy("in Chinese")), ("en", gettext_lazy("in English")), ("ja", gettext_lazy("in Japanese")),
    ("ko", gettext_lazy("in Korean")),
)  # fmt: skip


def section_of(plan: Plan) -> MasksSection:
    return plan.read(MasksSection) if MasksSection.section in plan.sections else MasksSection()


@dataclass(frozen=True)
class Shown:
    values: tuple[reads.Row, ...]
    goods: tuple[reads.Row, ...]
    answers: tuple[reads.Row, ...]


def shown(plan: Plan) -> Shown:
    section = section_of(plan)
    return Shown(
        tuple(reads.Row(name, label(name), (_value(section, name),), True) for name in NAMES),
        tuple(
            reads.Row(rule.key, reads.say(rule.title), (_quotas(rule),), rule.confirmed, source=rule.source or "")
            for rule in section.goods
        ),
        tuple(
            reads.Row(str(number), reads.say(one.question), (reads.say(one.answer),), True)
            for number, one in enumerate(section.answers, start=1)
        ),
    )


def _quotas(rule: GoodsRule) -> str:
    return " · ".join(f"{reads.say(variant.title)} {variant.quota}" for variant in rule.variants)


def _value(section: MasksSection, name: str) -> str:
    value = getattr(section, name)
    if name in words.CHOICES:
        return str(words.CHOICES[name][value])
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Text):
        return reads.say(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def label(name: str) -> str:
    return capfirst(words.say_field(name))


def _field(name: str, info: FieldInfo) -> forms.Field:
    if name in words.CHOICES:
        return forms.ChoiceField(label=label(name), choices=list(words.CHOICES[name].items()))
    if info.annotation is time:
        return forms.TimeField(label=label(name), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    if info.annotation is str:
        return forms.CharField(label=label(name), max_length=40, required=False)
    bounds = {name: bound for rule in info.metadata for name, bound in _bounds(rule)}
    if info.annotation is float:
        return forms.FloatField(label=label(name), min_value=bounds.get("ge"), max_value=bounds.get("le"))
    return forms.IntegerField(label=label(name), min_value=bounds.get("ge"), max_value=bounds.get("le"))


def _bounds(rule: object) -> list[tuple[str, int]]:
    found = ((name, getattr(rule, name, None)) for name in ("ge", "le"))
    return [(name, bound) for name, bound in found if bound is not None]


class MasksForm(WhenForm):
    """Every value of the section but its goods and answers."""

    def __init__(self, plan: Plan, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        section = section_of(plan)
        plain = [name for name in NAMES if name not in TEXTS]
        initial = {name: getattr(section, name) for name in plain}
        for name in TEXTS:
            initial |= _texts_of(name, getattr(section, name))
        super().__init__(*args, initial=initial, **kwargs)
        for name in plain:
            self.fields[name] = _field(name, MasksSection.model_fields[name])
        texts = [f"{name}_{code}" for name in TEXTS for code, _word in LANGUAGES]
        for name in TEXTS:
            for code, word in LANGUAGES:
                self.fields[f"{name}_{code}"] = long_text(_in(label(name), word))
                self.fields[f"{name}_{code}"].required = code in ("zh", "en")
        self.order_fields([*plain, *texts, "when", "at", "reason"])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        begin, end = data.get("open_from"), data.get("open_until")
        if begin is not None and end is not None and end <= begin:
            self.add_error("open_until", _("It ends before it begins. Mend one of the two times."))
        return data

    def values(self) -> dict[str, Any]:
        data = {name: self.cleaned_data[name] for name in NAMES if name not in TEXTS}
        texts = {name: _text(self.cleaned_data, name) for name in TEXTS}
        return texts | {name: f"{value:%H:%M:%S}" if isinstance(value, time) else value for name, value in data.items()}


def _text(given: dict[str, Any], prefix: str) -> dict[str, str]:
    """The languages that were written; one that is left empty is not in the plan."""
    return {code: text for code, _word in LANGUAGES if (text := str(given.get(f"{prefix}_{code}") or "").strip())}


def _texts_of(prefix: str, text: Any) -> dict[str, str]:  # noqa: ANN401 - the schema's Text
    return {f"{prefix}_{code}": getattr(text, code) or "" for code, _word in LANGUAGES}


class GoodsForm(WhenForm):
    """The name of goods and their kinds, with the most that one address may have of each."""

    confirmed = forms.BooleanField(label=gettext_lazy("Confirmed by whoever may decide it"), required=False)

    def __init__(self, rule: GoodsRule, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        self.rule = rule
        self.rows = [*rule.variants, *[None] * (MOST_VARIANTS - len(rule.variants))]
        initial = {**_texts_of("title", rule.title), "confirmed": rule.confirmed}
        for number, variant in enumerate(self.rows, start=1):
            initial |= _variant_initial(number, variant) if variant is not None else {}
        super().__init__(*args, initial=initial, **kwargs)
        names = []
        for code, word in LANGUAGES:
            names.append(f"title_{code}")
            self.fields[names[-1]] = _words_field(_("Name"), word, required=code in ("zh", "en"))
        for number in range(1, MOST_VARIANTS + 1):
            names += self._add_variant(number)
        self.order_fields([*names, "confirmed", "when", "at", "reason"])

    def _add_variant(self, number: int) -> list[str]:
        say = _("Kind %(number)d: %(what)s")
        key, quota = f"key_{number}", f"quota_{number}"
        self.fields[key] = forms.RegexField(
            r"^[a-z0-9]{1,16}$", label=say % {"number": number, "what": _("key")}, required=False,
            help_text=_("Small letters and digits. Empty: there is no such kind."),
        )  # fmt: skip
        names = [key]
        for code, word in LANGUAGES:
            names.append(f"variant_{number}_{code}")
            self.fields[names[-1]] = forms.CharField(
                label=say % {"number": number, "what": word}, max_length=80, required=False
            )
        self.fields[quota] = forms.IntegerField(
            label=say % {"number": number, "what": words.say_field("quota")}, min_value=1, max_value=100, required=False
        )
        return [*names, quota]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for number in range(1, MOST_VARIANTS + 1):
            if not data.get(f"key_{number}"):
                continue
            for name in (f"quota_{number}", f"variant_{number}_zh", f"variant_{number}_en"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("This kind needs it. Fill it in, or take the key away."))
        return data

    def item(self) -> dict[str, Any]:
        data = self.cleaned_data
        variants = [
            {"key": data[f"key_{n}"], "title": _text(data, f"variant_{n}"), "quota": data[f"quota_{n}"]}
            for n in range(1, MOST_VARIANTS + 1)
            if data.get(f"key_{n}")
        ]
        return {
            "key": self.rule.key, "title": _text(data, "title"), "variants": variants, "confirmed": data["confirmed"]
        }  # fmt: skip


def _variant_initial(number: int, variant: VariantRule) -> dict[str, Any]:
    return {
        f"key_{number}": variant.key, f"quota_{number}": variant.quota,
        **_texts_of(f"variant_{number}", variant.title),
    }  # fmt: skip


def _in(what: str, word: Any) -> str:  # noqa: ANN401 - lazy text
    return _("%(what)s, %(language)s") % {"what": what, "language": word}


def _words_field(what: str, word: Any, *, required: bool) -> forms.CharField:  # noqa: ANN401 - lazy text
    return forms.CharField(label=_in(what, word), max_length=80, required=required)


class AnswerForm(WhenForm):
    """One question about a round with its answer, in the languages that the page speaks."""

    def __init__(self, one: Answer | None, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        initial = {**_texts_of("question", one.question), **_texts_of("answer", one.answer)} if one else None
        super().__init__(*args, initial=initial, **kwargs)
        names = []
        for code, word in LANGUAGES:
            for name, what in (("question", _("Question")), ("answer", _("Answer"))):
                names.append(f"{name}_{code}")
                self.fields[names[-1]] = long_text(_in(what, word))
                self.fields[names[-1]].required = code in ("zh", "en")
        self.order_fields([*names, "when", "at", "reason"])

    def item(self) -> dict[str, Any]:
        return {"question": _text(self.cleaned_data, "question"), "answer": _text(self.cleaned_data, "answer")}


def answers_with(section: MasksSection, number: int | None, item: dict[str, Any] | None) -> Sequence[dict[str, Any]]:
    """All answers with one put in its place, added at the end (no number), or taken away (no item)."""
    found = [one.model_dump(mode="json", exclude_none=True) for one in section.answers]
    if number is None:
        return [*found, item] if item is not None else found
    return [*found[: number - 1], *([item] if item is not None else []), *found[number:]]
