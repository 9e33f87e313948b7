"""How far a round has come, by committee and by pharmacy: what the street, and later everybody, reads of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, Sum

from fangxian.masks.models import ACTIVE_CALLS, Call, CallStatus, Counter, Outlet, Registration, Round, Run, Shelf
from fangxian.masks.queries.rounds import committees_of, pharmacy_of
from fangxian.places.models import LABEL_WIDTH, Place, PlaceKind


@dataclass(frozen=True)
class CommitteeLine:
    """Households of a committee in a round. `called_to` is the highest number that was called."""

    committee: Place
    short: str
    pharmacy: Place | None
    doors: int
    registered: int
    called: int
    collected: int
    lapsed: int
    called_to: int

    @property
    def waiting(self) -> int:
        return max(0, self.registered - self.called - self.lapsed)


@dataclass(frozen=True)
class ShelfLine:
    variant: str
    title: Mapping[str, str]
    arrived: int
    sold: int
    lost: int
    promised: int
    short: int

    @property
    def on_hand(self) -> int:
        return self.arrived - self.sold - self.lost

    @property
    def free(self) -> int:
        """What the public may still hope for: on hand, less what is promised."""
        return max(0, self.on_hand - self.promised)


@dataclass(frozen=True)
class PharmacyLine:
    outlet: Outlet
    committees: tuple[str, ...]
    shelves: tuple[ShelfLine, ...]


def by_committee(round: Round) -> list[CommitteeLine]:
    """One line a committee, in the order of the tree. Five queries however many there are."""
    counters = {row.committee_id: row for row in Counter.objects.filter(round=round)}
    gone = dict(
        Registration.objects.filter(round=round, withdrawn_us__isnull=False)
        .values_list("committee_id")
        .annotate(n=Count("id"))
    )
    calls = {row["registration__committee_id"]: row for row in _calls(round)}
    committees = committees_of(round)
    doors = _doors(round, committees)
    served = pharmacy_of(round)
    lines = []
    for place in committees:
        counter, told = counters.get(place.id), calls.get(place.id, {})
        lines.append(
            CommitteeLine(
                committee=place, short=counter.short if counter else place.name, pharmacy=served.get(place.id),
                doors=doors.get(place.path, 0),
                registered=(counter.last if counter else 0) - gone.get(place.id, 0), called=told.get("called", 0),
                collected=told.get("collected", 0), lapsed=told.get("lapsed", 0), called_to=told.get("top") or 0,
            )
        )  # fmt: skip
    return lines


def _calls(round: Round) -> list[dict[str, Any]]:
    active, status = Q(status__in=ACTIVE_CALLS), "registration_id"
    return list(
        Call.objects.filter(round=round)
        .values("registration__committee_id")
        .annotate(
            called=Count(status, filter=active, distinct=True),
            collected=Count(status, filter=Q(status=CallStatus.COLLECTED), distinct=True),
            lapsed=Count(status, filter=Q(status=CallStatus.LAPSED), distinct=True),
            top=Max("registration__seq", filter=active),
        )
    )  # fmt: skip


def _doors(round: Round, committees: list[Place]) -> dict[str, int]:
    """Open dwellings by the path of their committee: one walk over the street's doors."""
    paths = Place.objects.filter(round.street.subtree, kind=PlaceKind.DWELLING, closed_on__isnull=True)
    depth = len(committees[0].path) if committees else LABEL_WIDTH
    counts: dict[str, int] = {}
    for path in paths.values_list("path", flat=True):
        counts[path[:depth]] = counts.get(path[:depth], 0) + 1
    return counts


def by_pharmacy(round: Round) -> list[PharmacyLine]:
    """One line a pharmacy, those that dropped out too, with what each has of each variant."""
    shelves: dict[UUID, list[ShelfLine]] = {}
    for row in Shelf.objects.filter(round=round).select_related("variant").order_by("variant_id"):
        shelves.setdefault(row.pharmacy_id, []).append(
            ShelfLine(row.variant.key, row.variant.title, row.arrived, row.sold, row.lost, row.promised, row.short)
        )
    names: dict[UUID, list[str]] = {}
    shorts = dict(Counter.objects.filter(round=round).values_list("committee_id", "short"))
    for committee_id, pharmacy in pharmacy_of(round).items():
        names.setdefault(pharmacy.id, []).append(shorts.get(committee_id, ""))
    outlets = Outlet.objects.filter(round=round).select_related("pharmacy").order_by("pharmacy__path")
    return [
        PharmacyLine(
            row, tuple(sorted(filter(None, names.get(row.pharmacy_id, [])))), tuple(shelves.get(row.pharmacy_id, []))
        )
        for row in outlets
    ]


@dataclass(frozen=True)
class RunLine:
    number: int
    sale_day: date
    called: int
    sha256: str
    made_us: int
    id: UUID


def runs_of(round: Round) -> list[RunLine]:
    """Newest first, without their files."""
    rows = Run.objects.filter(round=round).order_by("-number")
    return [RunLine(*row) for row in rows.values_list("number", "sale_day", "called", "sha256", "made_us", "id")]


def sold_total(round: Round) -> int:
    return Shelf.objects.filter(round=round).aggregate(n=Sum("sold"))["n"] or 0
