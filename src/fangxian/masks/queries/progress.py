"""How far a round has come, by committee and by pharmacy: what the street, and later everybody, reads of it."""

from collections import Counter as Counts
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from fangxian.masks import rules
from fangxian.masks.models import ACTIVE_CALLS, Call, CallStatus, Counter, Outlet, Registration, Round, Run, Shelf
from fangxian.masks.queries.rounds import pharmacy_of
from fangxian.places.models import LABEL_WIDTH, Place, PlaceKind


@dataclass(frozen=True)
class CommitteeLine:
    """Households of a committee in a round. `lapsed` let theirs lapse and were not called again.

    `called_to` is the highest number called in its turn: who is called from the reserve comes out of turn.
    """

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


@dataclass(frozen=True)
class Overview:
    committees: list[CommitteeLine]
    pharmacies: list[PharmacyLine]


def overview(round: Round) -> Overview:
    """A line a committee, in the order of the tree, and a line a pharmacy, those that dropped out too.

    Six queries, however many there are.
    """
    counters = {row["committee_id"]: row for row in _counters(round)}
    calls = {row["registration__committee_id"]: row for row in _calls(round)}
    served = pharmacy_of(round)
    committees, doors = _committees(round)
    lines = []
    for place in committees:
        counter, told = counters.get(place.id), calls.get(place.id, {})
        lines.append(
            CommitteeLine(
                committee=place, short=counter["short"] if counter else rules.short_name(place.name),
                pharmacy=served.get(place.id), doors=doors.get(place.path, 0),
                registered=counter["last"] - counter["gone"] if counter else 0, called=told.get("called", 0),
                collected=told.get("collected", 0), lapsed=told.get("lapsed", 0), called_to=told.get("top") or 0,
            )
        )  # fmt: skip
    return Overview(lines, _pharmacies(round, lines))


def _counters(round: Round) -> list[dict[str, Any]]:
    """Each with `gone`, how many of its numbers were withdrawn."""
    withdrawn = Registration.objects.filter(
        round=round, committee_id=OuterRef("committee_id"), withdrawn_us__isnull=False
    ).order_by()
    gone = withdrawn.values("committee_id").annotate(n=Count("id")).values("n")
    rows = Counter.objects.filter(round=round).annotate(gone=Coalesce(Subquery(gone), 0))
    return list(rows.values("committee_id", "short", "last", "gone"))


def _calls(round: Round) -> list[dict[str, Any]]:
    active, status = Q(status__in=ACTIVE_CALLS), "registration_id"
    again = Call.objects.filter(registration_id=OuterRef("registration_id"), status__in=ACTIVE_CALLS)
    lapsed = Q(status=CallStatus.LAPSED, registration__withdrawn_us__isnull=True) & ~Exists(again)
    return list(
        Call.objects.filter(round=round)
        .values("registration__committee_id")
        .annotate(
            called=Count(status, filter=active, distinct=True),
            collected=Count(status, filter=Q(status=CallStatus.COLLECTED), distinct=True),
            lapsed=Count(status, filter=lapsed, distinct=True),
            top=Max("registration__seq", filter=active & Q(reserved=False)),
        )
    )  # fmt: skip


def _committees(round: Round) -> tuple[list[Place], dict[str, int]]:
    """The committees, and by their paths how many open dwellings each has: one walk over the street."""
    kinds = (PlaceKind.NEIGHBOURHOOD, PlaceKind.DWELLING)
    rows = Place.objects.filter(round.street.subtree, kind__in=kinds, closed_on__isnull=True)
    committees: list[Place] = []
    doors: list[str] = []
    for ident, kind, name, path in rows.order_by("path").values_list("id", "kind", "name", "path"):
        if kind == PlaceKind.DWELLING:
            doors.append(path)
        else:
            committees.append(Place(id=ident, kind=kind, name=name, path=path))
    depth = len(committees[0].path) if committees else LABEL_WIDTH
    return committees, dict(Counts(path[:depth] for path in doors))


def _pharmacies(round: Round, committees: Sequence[CommitteeLine]) -> list[PharmacyLine]:
    shelves: dict[UUID, list[ShelfLine]] = {}
    for row in Shelf.objects.filter(round=round).select_related("variant").order_by("variant_id"):
        shelves.setdefault(row.pharmacy_id, []).append(
            ShelfLine(row.variant.key, row.variant.title, row.arrived, row.sold, row.lost, row.promised, row.short)
        )
    names: dict[UUID, list[str]] = {}
    for line in committees:
        if line.pharmacy is not None:
            names.setdefault(line.pharmacy.id, []).append(line.short)
    outlets = Outlet.objects.filter(round=round).select_related("pharmacy").order_by("pharmacy__path")
    return [
        PharmacyLine(row, tuple(names.get(row.pharmacy_id, ())), tuple(shelves.get(row.pharmacy_id, ())))
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


def documents(round: Round) -> list[str]:
    """The published files of a round, oldest first."""
    return list(Run.objects.filter(round=round).order_by("number").values_list("document", flat=True))


@dataclass(frozen=True)
class Totals:
    """Pieces of one variant in all pharmacies: what arrived is sold, lost or on hand."""

    title: Mapping[str, str]
    arrived: int
    sold: int
    lost: int
    promised: int
    short: int

    @property
    def on_hand(self) -> int:
        return self.arrived - self.sold - self.lost


def totals(round: Round) -> list[Totals]:
    rows = Shelf.objects.filter(round=round).values("variant_id", "variant__title").order_by("variant_id")
    names = ("arrived", "sold", "lost", "promised", "short")
    summed = rows.annotate(**{f"all_{name}": Sum(name) for name in names})
    return [Totals(row["variant__title"], *(row[f"all_{name}"] or 0 for name in names)) for row in summed]
