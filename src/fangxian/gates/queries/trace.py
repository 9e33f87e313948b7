"""Who was at a gate, or inside a building, together with one person.

Whoever has a permit of a household is known by the household, and a visitor whom the register lacks by the pass. The
passages of a person's household are the person's too: one of its members had the permit, and no gate knows which.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from fangxian.accounts.access import Reach
from fangxian.gates.models import Check, Outcome, Pass
from fangxian.gates.stays import LONGEST_US, Passage, Stay, stays, together_us
from fangxian.places.models import Place
from fangxian.registry.models import Attachment, Household, Relation, Subject
from fangxian.shared.clock import MINUTE_US

NEAR_US: Final = 5 * MINUTE_US
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who was there too. `minutes` inside together; `at_gate`: within five minutes at the same gate.

    `subject_id`: a person, household or vehicle of the register; None for who has a pass alone.
    """

    subject_id: UUID | None
    label: str
    places: tuple[str, ...]
    minutes: int
    at_gate: bool
    first_us: int


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """One stay of the person who is asked about."""

    place: str
    from_us: int
    until_us: int
    household: bool
    """It was somebody with the household's permit."""


@dataclass(frozen=True, slots=True)
class Traced:
    own: tuple[Whereabouts, ...]
    contacts: tuple[Contact, ...]
    cut: bool
    """There are more than are shown."""


def _passages(rows: Q) -> list[Passage]:
    found = (
        Check.objects.filter(rows, outcome=Outcome.ADMIT)
        .order_by("observed_us")
        .values_list("subject_id", "household_id", "pass_id", "place_id", "gate_id", "direction", "observed_us")
    )
    return [
        Passage(who, place, gate, direction == "in", at)
        for subject, household, permit, place, gate, direction, at in found
        if (who := subject or household or permit) is not None
    ]


def trace(*, subject_id: UUID, since_us: int, until_us: int, held: Reach) -> Traced:
    """Walks of two indexes: the passages of the person and the household, then those of the same places and hours.

    `subject_id` is a person, a household or a vehicle.
    """
    in_time = Q(observed_us__gte=since_us - LONGEST_US, observed_us__lte=until_us)
    homes = {subject_id, *_households(subject_id)}
    mine = _passages(Q(subject_id=subject_id) & in_time)
    # two statements, each with its own index: in one the database would read the whole time
    mine += _passages(Q(household_id__in=homes, subject_id__isnull=True) & in_time)
    mine.sort(key=lambda passage: passage.at_us)
    own = [stay for stay in stays(mine, until_us) if stay.until_us >= since_us]
    ids = {stay.place_id for stay in own} | {passage.place_id for passage in mine}
    names = dict(Place.objects.filter(held.places(), id__in=ids).values_list("id", "name"))
    own = [stay for stay in own if stay.place_id in names]
    mine = [passage for passage in mine if passage.place_id in names and passage.at_us >= since_us]
    others = _others(homes, own, mine)
    told = _contacts(others, own, mine, names)
    whereabouts = tuple(
        Whereabouts(names[stay.place_id], stay.from_us, stay.until_us, stay.who != subject_id) for stay in own
    )
    return Traced(whereabouts, tuple(told[:MOST]), len(told) > MOST)


def _households(subject_id: UUID) -> set[UUID]:
    """Of which the person is a member, or which live behind the same door."""
    bound = Attachment.objects.filter(subject_id=subject_id, until__isnull=True)
    lives = bound.filter(relation=Relation.LIVES).values("place_id")
    found = Household.objects.filter(
        Q(subject_id__in=bound.filter(relation=Relation.MEMBER).values("other_id"))
        | Q(dwelling_id__in=lives, ended_on__isnull=True)
    )
    return set(found.values_list("subject_id", flat=True))


def _others(not_these: set[UUID], own: Sequence[Stay], mine: Sequence[Passage]) -> dict[UUID, list[Passage]]:
    """Passages of everybody else through the same places, from early enough to see who was inside already."""
    spans = [(stay.place_id, stay.from_us - LONGEST_US, stay.until_us + NEAR_US) for stay in own]
    spans += [(passage.place_id, passage.at_us - NEAR_US, passage.at_us + NEAR_US) for passage in mine]
    found: dict[UUID, dict[tuple[UUID, int], Passage]] = defaultdict(dict)
    for place_id, from_us, until_us in spans:
        for passage in _passages(Q(place_id=place_id, observed_us__gte=from_us, observed_us__lte=until_us)):
            if passage.who not in not_these:
                found[passage.who][(passage.gate_id, passage.at_us)] = passage
    return {who: sorted(passages.values(), key=lambda passage: passage.at_us) for who, passages in found.items()}


def _contacts(
    others: dict[UUID, list[Passage]], own: Sequence[Stay], mine: Sequence[Passage], names: dict[UUID, str]
) -> list[Contact]:
    end = max((stay.until_us for stay in own), default=0)
    near: dict[UUID, list[int]] = defaultdict(list)
    for passage in mine:
        near[passage.gate_id].append(passage.at_us)
    rows: list[tuple[UUID, tuple[str, ...], int, bool, int]] = []
    for who, passages in others.items():
        minutes = together_us(own, stays(passages, end)) // MINUTE_US
        at_gate = any(abs(at - p.at_us) <= NEAR_US for p in passages for at in near.get(p.gate_id, ()))
        if minutes or at_gate:
            where = tuple(dict.fromkeys(names[p.place_id] for p in passages if p.place_id in names))
            rows.append((who, where, minutes, at_gate, passages[0].at_us))
    rows.sort(key=lambda row: (-row[2], not row[3], row[4]))
    shown = [row[0] for row in rows[: MOST + 1]]
    labels = dict(Subject.objects.filter(id__in=shown).values_list("id", "label"))
    holders = dict(Pass.objects.filter(id__in=[who for who in shown if who not in labels]).values_list("id", "holder"))
    return [
        Contact(row[0] if row[0] in labels else None, labels.get(row[0]) or holders.get(row[0], ""), *row[1:])
        for row in rows[: MOST + 1]
    ]


def plan_of_place(place_id: UUID, from_us: int, until_us: int) -> str:
    """How the database goes about the longer of the two walks: printed with its measurement."""
    rows = Check.objects.filter(
        place_id=place_id, observed_us__gte=from_us, observed_us__lte=until_us, outcome=Outcome.ADMIT
    )
    walk = rows.order_by("observed_us").values_list("subject_id")
    return walk.explain(analyze=True) if connection.vendor == "postgresql" else walk.explain()
