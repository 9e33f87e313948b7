"""Reading the channel of a round: what was said, what waits for an answer, how crowded each pharmacy is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from fangxian.masks.models import Message, MessageKind, Round, Serving
from fangxian.places.models import Place
from fangxian.shared import clock

PAGE = 60
OWES = (MessageKind.QUESTION, MessageKind.INCIDENT, MessageKind.SHORTAGE)
"""Kinds that somebody owes an answer to."""


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of the channel. `by` and `answered_by` are resolved by the page. `open`: an answer is owed."""

    id: UUID
    kind: str
    text: str
    people: int | None
    pharmacy_id: UUID | None
    pharmacy: str
    committee_id: UUID | None
    committee: str
    at_us: int
    by: str
    answer: str
    answered_us: int | None
    answered_by: str
    duty_id: UUID | None

    @property
    def open(self) -> bool:
        return self.kind in OWES and self.answered_us is None


def feed(
    round: Round, *, pharmacy: Place | None = None, committee: Place | None = None, kinds: Sequence[str] = (),
    limit: int = PAGE,
) -> list[Said]:  # fmt: skip
    """Newest first. A pharmacy reads its own entries and those for everybody; a committee its own, those for
    everybody, and those of the pharmacy that serves it."""
    where = Q()
    if pharmacy is not None:
        where &= Q(pharmacy=pharmacy) | Q(pharmacy__isnull=True)
    if committee is not None:
        serving = Serving.objects.filter(round=round, committee=committee, until_us__isnull=True)
        theirs = Q(committee__isnull=True) & (
            Q(pharmacy__isnull=True) | Q(pharmacy__in=serving.values("pharmacy_id"))
        )  # fmt: skip
        where &= Q(committee=committee) | theirs
    if kinds:
        where &= Q(kind__in=list(kinds))
    return _said(Message.objects.filter(where, round=round).order_by("-at_us", "-id")[:limit])


def owed(round: Round, day: date) -> tuple[list[Said], list[Said]]:
    """What came up on a day, answered or not, of all pharmacies in one list; and what of other days nobody answered.

    The oldest first. One query.
    """
    start_us = clock.day_start_us(day)
    of_day = Q(at_us__gte=start_us, at_us__lt=start_us + clock.DAY_US)
    rows = Message.objects.filter(of_day | Q(answered_us__isnull=True), round=round, kind__in=OWES)
    said = _said(rows.order_by("at_us", "id"))
    came_up = [one for one in said if start_us <= one.at_us < start_us + clock.DAY_US]
    known = {one.id for one in came_up}
    return came_up, [one for one in said if one.id not in known]


def latest(round: Round, kind: MessageKind, day: date) -> dict[UUID, Said]:
    """The last entry of a kind from each pharmacy that day: how many wait there, who is on duty there."""
    start_us = clock.day_start_us(day)
    rows = Message.objects.filter(
        round=round, kind=kind, pharmacy__isnull=False, at_us__gte=start_us, at_us__lt=start_us + clock.DAY_US
    )  # fmt: skip
    return {row.pharmacy_id: row for row in _said(rows.order_by("at_us", "id")) if row.pharmacy_id is not None}


def _said(rows: QuerySet[Message]) -> list[Said]:
    return [
        Said(
            row.id, row.kind, row.text, row.people, row.pharmacy_id, row.pharmacy.name if row.pharmacy else "",
            row.committee_id, row.committee.name if row.committee else "", row.at_us, row.by, row.answer,
            row.answered_us, row.answered_by, row.duty_id,
        )
        for row in rows.select_related("pharmacy", "committee")
    ]  # fmt: skip
