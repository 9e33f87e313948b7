"""Duties given once: who can be given one, and which are open."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from fangxian.accounts.access import NotFoundError, Reach
from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import Capability
from fangxian.duties.gap_queries import DutyLine, duty_lines, within_reach
from fangxian.duties.models import Duty
from fangxian.places.models import Place, PlaceKind

FILING = "filing:"
ROWS = 50
PLACES = (
    PlaceKind.STREET, PlaceKind.NEIGHBOURHOOD, PlaceKind.GRID, PlaceKind.COMPOUND, PlaceKind.BUILDING,
)  # fmt: skip
_SELECTED = ("rule", "one_off", "subject", "place", "node")


def places(held: Reach) -> QuerySet[Place]:
    where = held.places() | Q(id__in=sorted(held.grids))
    return Place.objects.filter(where, kind__in=PLACES, closed_on__isnull=True).order_by("path")


def people(held: Reach, now: datetime) -> QuerySet[Staff]:
    """Staff with a role within reach."""
    period = Q(until__isnull=True) | Q(until__gt=now)
    there = RoleGrant.objects.filter(period, held.places("place__path", "place_id"), staff=OuterRef("pk"))
    return Staff.objects.filter(Exists(there), is_active=True).order_by("name", "username")


def given_open(held: Reach, now: datetime) -> list[DutyLine]:
    """Open one-off duties within reach, soonest first."""
    rows = (
        Duty.objects.filter(within_reach(held, place="place"), one_off__isnull=False, deadline_us__isnull=False)
        .select_related(*_SELECTED)
        .order_by("deadline_us")[:ROWS]
    )
    return duty_lines(rows, now)


def is_decided(source: str) -> bool:
    """Whether a duty is settled by a decision on a page of its own, and by nothing else."""
    return source.startswith(FILING)


def decided_at(source: str) -> str:
    """The page where that is; empty for a duty that is done by saying so."""
    return reverse("filings:filing", args=[UUID(source.split(":")[1])]) if is_decided(source) else ""


@dataclass(frozen=True)
class Given:
    """`url`: the page on which the duty is settled; `said`: it is settled by saying so."""

    line: DutyLine
    url: str
    said: bool


def given_lines(lines: Iterable[DutyLine], can: Callable[[Capability], bool]) -> list[Given]:
    """One's own duties that were given once, each with how it is settled."""
    may = can(Capability.BUILDINGS)
    return [Given(one, decided_at(one.source) if may else "", not is_decided(one.source)) for one in lines]


def one_off(staff: Staff, record: Reach, duty_id: UUID, now: datetime) -> Duty:
    """An open one-off duty that is this person's, or lies where they record. Raises NotFoundError."""
    duty = (
        Duty.objects.filter(id=duty_id, one_off__isnull=False, deadline_us__isnull=False)
        .select_related(*_SELECTED)
        .first()
    )
    if duty is None:
        raise NotFoundError
    line = duty_lines([duty], now)[0]
    if not (line.owner.includes(staff.id) or record.holds(duty.place) or record.holds(duty.node)):
        raise NotFoundError
    return duty
