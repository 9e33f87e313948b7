"""Whether two records are one person: pure, with the reasons.

A document decides alone. Without one, name, telephone, birth date and door are weighed together; what lies between the
two thresholds is kept apart and shown to a person.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rapidfuzz.distance import Levenshtein

SAME = 85
POSSIBLE = 60


class Signal(StrEnum):
    DOCUMENT = "document"
    NAME = "name"
    NAME_PINYIN = "name_pinyin"
    NAME_CLOSE = "name_close"
    NAME_SCRIPT = "name_script"
    NAME_DIFFERS = "name_differs"
    PHONE = "phone"
    PHONE_DIFFERS = "phone_differs"
    BIRTH_DATE = "birth_date"
    BIRTH_DIFFERS = "birth_differs"
    DOOR = "door"
    SEX_DIFFERS = "sex_differs"
    DOCUMENT_DIFFERS = "document_differs"


WEIGHTS: dict[Signal, int] = {
    Signal.DOCUMENT: 100,
    Signal.NAME: 40,
    Signal.NAME_PINYIN: 30,
    # brothers and sisters share a telephone, a door and all but one character
    Signal.NAME_CLOSE: -35,
    Signal.NAME_SCRIPT: -35,
    Signal.NAME_DIFFERS: -70,
    # a name with a telephone or a door is enough, or the same list sent again would double everybody
    Signal.PHONE: 45,
    Signal.PHONE_DIFFERS: -15,
    Signal.BIRTH_DATE: 35,
    Signal.BIRTH_DIFFERS: -40,
    Signal.DOOR: 45,
    Signal.SEX_DIFFERS: -25,
    # a resident has one identity number for life; a passport is renewed
    Signal.DOCUMENT_DIFFERS: -80,
}

WORDS: dict[Signal, Promise] = {
    Signal.DOCUMENT: _("the same document"),
    Signal.NAME: _("the same name"),
    Signal.NAME_PINYIN: _("the same name in pinyin"),
    Signal.NAME_CLOSE: _("a name that differs in one character"),
    Signal.NAME_SCRIPT: _("a name in another script"),
    Signal.NAME_DIFFERS: _("another name"),
    Signal.PHONE: _("the same telephone"),
    Signal.PHONE_DIFFERS: _("another telephone"),
    Signal.BIRTH_DATE: _("born on the same day"),
    Signal.BIRTH_DIFFERS: _("born on another day"),
    Signal.DOOR: _("at the same door or workplace"),
    Signal.SEX_DIFFERS: _("another sex"),
    Signal.DOCUMENT_DIFFERS: _("another identity number"),
}


class Verdict(StrEnum):
    SAME = "same"
    POSSIBLE = "possible"
    NEW = "new"


@dataclass(frozen=True)
class Traits:
    """What is known of one person, in keys. `lifelong`: indexes of documents whose number never changes; `doors`:
    dwellings, workplaces and employers."""

    name_key: str
    pinyin_key: str
    birth_date: date | None = None
    sex: str = ""
    documents: frozenset[bytes] = frozenset()
    lifelong: frozenset[bytes] = frozenset()
    phones: frozenset[bytes] = frozenset()
    doors: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Likeness:
    score: int
    signals: tuple[Signal, ...]

    @property
    def verdict(self) -> Verdict:
        if self.score >= SAME:
            return Verdict.SAME
        return Verdict.POSSIBLE if self.score >= POSSIBLE else Verdict.NEW


def compare(one: Traits, other: Traits) -> Likeness:
    """How surely two records are the same person. Symmetric."""
    signals = [name_signal(one, other)]
    if one.documents & other.documents:
        return Likeness(WEIGHTS[Signal.DOCUMENT], (Signal.DOCUMENT, *signals))
    if one.lifelong and other.lifelong:
        signals.append(Signal.DOCUMENT_DIFFERS)
    if one.phones and other.phones:
        signals.append(Signal.PHONE if one.phones & other.phones else Signal.PHONE_DIFFERS)
    if one.birth_date and other.birth_date:
        signals.append(Signal.BIRTH_DATE if one.birth_date == other.birth_date else Signal.BIRTH_DIFFERS)
    if one.doors & other.doors:
        signals.append(Signal.DOOR)
    if one.sex and other.sex and one.sex != other.sex:
        signals.append(Signal.SEX_DIFFERS)
    most = SAME - 1 if {Signal.NAME_CLOSE, Signal.NAME_SCRIPT} & set(signals) else 100
    return Likeness(max(0, min(most, sum(WEIGHTS[signal] for signal in signals))), tuple(signals))


def name_signal(one: Traits, other: Traits) -> Signal:
    """How two names compare. Names of different scripts without a common reading are not held against each other
    here: a Japanese name in Latin letters says nothing about its characters."""
    if one.name_key == other.name_key:
        return Signal.NAME
    if one.pinyin_key and one.pinyin_key == other.pinyin_key:
        return Signal.NAME_PINYIN
    shortest = min(len(one.name_key), len(other.name_key))
    if shortest >= 2 and Levenshtein.distance(one.name_key, other.name_key, score_cutoff=1) <= 1:
        # of two characters one is half the name: only a third beside it makes the rest telling
        return Signal.NAME_CLOSE if shortest >= 3 else Signal.NAME_DIFFERS
    if one.name_key.isascii() != other.name_key.isascii():
        return Signal.NAME_SCRIPT
    return Signal.NAME_DIFFERS
