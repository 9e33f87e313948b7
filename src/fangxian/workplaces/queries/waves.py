"""Plans of the return wave as people read them: the list of days, one plan, one building's part, one enterprise's."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.accounts.access import NotFoundError, Reach
from fangxian.gates.models import ArrivalSlot
from fangxian.places.models import Place, PlaceKind, parent_paths
from fangxian.shared import clock
from fangxian.workplaces.models import Objection, PlanStatus, WavePlan, WaveSlot
from fangxian.workplaces.queries.firms import family
from fangxian.workplaces.wave.whatif import Change
from fangxian.workplaces.wave_results import SiteResult, one_of, unpacked

BACK: Final = timedelta(days=7)
MOST_PLANS: Final = 100


def within(held: Reach) -> Q:
    """Plans of places in reach, and those of a larger place that a building in reach is part of."""
    above = {path for mine in held.paths for path in parent_paths(mine)}
    return held.places("place__path", "place__grid_id") | Q(place__path__in=sorted(above))


@dataclass(frozen=True, slots=True)
class PlanLine:
    """`raised`: objections that nobody has answered yet."""

    id: UUID
    day: date
    place_id: UUID
    place: str
    status: PlanStatus
    changes: tuple[Change, ...]
    made_us: int
    published_us: int | None
    cost: float | None
    bound: float | None
    problem: str
    firms: int
    raised: int
    at_work: bool


def source_of(plan_id: UUID) -> str:
    """What the slots at the gates say they come from."""
    return f"wave:{plan_id.hex}"


def plans(held: Reach, now: datetime) -> list[PlanLine]:
    """From a week back on; the latest day first, and of a day what was made last."""
    rows = WavePlan.objects.filter(within(held), day__gte=clock.local_day(now) - BACK).select_related("place")
    return _lines(rows.order_by("-day", "-made_us")[:MOST_PLANS], now)


def _lines(rows: QuerySet[WavePlan], now: datetime) -> list[PlanLine]:
    counted = rows.defer("result").annotate(
        firms=Count("slots"), raised=Count("slots", filter=Q(slots__objection=Objection.RAISED))
    )
    return [
        PlanLine(
            id=row.id, day=row.day, place_id=row.place_id, place=row.place.name, status=PlanStatus(row.status),
            changes=changes_of(row), made_us=row.made_us, published_us=row.published_us, cost=row.cost,
            bound=row.bound, problem=row.problem, firms=row.firms, raised=row.raised,
            at_work=row.lease_us is not None and row.lease_us > clock.to_us(now),
        )
        for row in counted
    ]  # fmt: skip


def changes_of(plan: WavePlan) -> tuple[Change, ...]:
    return tuple(Change.from_json(change) for change in plan.what_if.get("changes", ()))


@dataclass(frozen=True, slots=True)
class Part:
    """One building's part of a plan."""

    place_id: UUID
    name: str
    found: SiteResult


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over the buildings that are shown; waits and lines are the worst of them."""

    buildings: int
    firms: int
    come: int
    home: int
    more_home: int
    shut: int
    moved: int
    cost: float
    bound: float
    p95_before: float
    p95_after: float
    line_before: float
    line_after: float
    held: bool
    most_lanes: int
    most_volunteers: int

    @property
    def gap(self) -> float:
        return max(0.0, self.cost - self.bound) / self.cost if self.cost > 0 else 0.0


@dataclass(frozen=True, slots=True)
class PlanPage:
    plan: WavePlan
    line: PlanLine
    parts: tuple[Part, ...]
    figures: Figures
    published: "PlanPage | None"
    """The plan that holds on that day for the same place, where it is another one."""
    unseen: int
    """Enterprises that have not looked at their window yet."""
    objections: tuple[WaveSlot, ...]


def find(held: Reach, plan_id: UUID) -> WavePlan:
    """Raises NotFoundError."""
    row = WavePlan.objects.filter(within(held), id=plan_id).select_related("place").first()
    if row is None:
        raise NotFoundError(_("There is no such plan within your reach."))
    return row


def page(plan: WavePlan, held: Reach, now: datetime, *, compare: bool = True) -> PlanPage:
    parts = _parts(plan, held)
    (line,) = _lines(WavePlan.objects.filter(id=plan.id).select_related("place"), now)
    other = None
    if compare and plan.status != PlanStatus.PUBLISHED:
        row = (
            WavePlan.objects.filter(place_id=plan.place_id, day=plan.day, status=PlanStatus.PUBLISHED)
            .select_related("place")
            .first()
        )
        other = page(row, held, now, compare=False) if row is not None else None
    mine = WaveSlot.objects.filter(held.places("place__path", "place__grid_id"), plan=plan)
    unseen, objections = 0, tuple[WaveSlot, ...]()
    if plan.status == PlanStatus.PUBLISHED and compare:
        unseen = mine.filter(seen_us__isnull=True).count()
        objections = tuple(mine.exclude(objection="").select_related("enterprise", "place").order_by("objected_us"))
    return PlanPage(plan, line, parts, _figures(parts), other, unseen, objections)


def _parts(plan: WavePlan, held: Reach) -> tuple[Part, ...]:
    found = unpacked(plan.result)
    places = Place.objects.filter(held.places(), id__in=[UUID(key) for key in found]).order_by("path")
    return tuple(Part(place.id, place.name, found[place.id.hex]) for place in places)


def _figures(parts: Collection[Part]) -> Figures:
    counts = [part.found.counts for part in parts]
    found = [part.found for part in parts]
    return Figures(
        buildings=len(parts),
        firms=sum(one.firms for one in counts), come=sum(one.come for one in counts),
        home=sum(one.home for one in counts), more_home=sum(one.more_home for one in counts),
        shut=sum(one.shut for one in counts), moved=sum(one.moved for one in counts),
        cost=sum(one.cost for one in found), bound=sum(one.bound for one in found),
        p95_before=max((one.before.p95 for one in found), default=0.0),
        p95_after=max((one.after.p95 for one in found), default=0.0),
        line_before=max((one.before.longest_line for one in found), default=0.0),
        line_after=max((one.after.longest_line for one in found), default=0.0),
        held=all(one.held for one in found),
        most_lanes=sum(max(one.after.lanes_needed, default=0) for one in found),
        most_volunteers=sum(max(one.after.volunteers, default=0) for one in found),
    )  # fmt: skip


# ---- one building --------------------------------------------


@dataclass(frozen=True, slots=True)
class Need:
    """Lanes and volunteers that one quarter of an hour needs at a building, and how many come in it."""

    from_minute: int
    come: int
    lanes: int
    volunteers: int


@dataclass(frozen=True, slots=True)
class PartPage:
    plan: WavePlan
    part: Part
    slots: tuple[WaveSlot, ...]
    needs: tuple[Need, ...]
    gates: Mapping[str, str]
    """Names of gates by their key."""


def part_page(plan: WavePlan, place: Place) -> PartPage:
    """Raises NotFoundError where the plan says nothing of this building."""
    found = one_of(plan.result, place.id.hex)
    if found is None:
        raise NotFoundError(_("This plan says nothing of this building."))
    slots = WaveSlot.objects.filter(plan=plan, place=place).select_related("enterprise")
    gates = Place.objects.filter(parent=place, kind=PlaceKind.GATE).values_list("id", "name")
    return PartPage(
        plan, Part(place.id, place.name, found), tuple(slots.order_by("from_minute", "enterprise__label")),
        needs_of(found), {key.hex: name for key, name in gates},
    )  # fmt: skip


def needs_of(found: SiteResult) -> tuple[Need, ...]:
    """By quarter of an hour: the most of its slots. Quarters in which nobody comes or waits are left out."""
    after = found.after
    quarters: dict[int, list[int]] = {}
    for number in range(len(after.arrivals)):
        quarters.setdefault((after.start + number * after.slot) // 15 * 15, []).append(number)
    rows = [
        Need(
            start, round(sum(after.arrivals[n] for n in numbers)), max(after.lanes_needed[n] for n in numbers),
            max(after.volunteers[n] for n in numbers),
        )
        for start, numbers in sorted(quarters.items())
    ]  # fmt: skip
    return tuple(row for row in rows if row.come or row.volunteers)


# ---- one enterprise --------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """An enterprise's window in a plan that holds. `p95_before` and `p95_after`: the longest wait of nineteen of twenty
    at the building without the plan, and with it; `line_before`: how many would wait there at once."""

    slot: WaveSlot
    day: date
    building_people: int
    p95_before: float
    p95_after: float
    line_before: float
    may_object: bool
    asked_again: bool
    """A new plan was asked for because an objection was met."""


def _of_firms(held: Reach) -> Q:
    """By a grant for the enterprise: its windows in each of its buildings. By a grant for a place: the windows there,
    and none that a tenant of it has elsewhere."""
    return Q(enterprise_id__in=family(held.subjects)) | held.places("place__path", "place__grid_id")


def windows(held: Reach, now: datetime) -> list[Window]:
    """Of every enterprise in reach: what gates hold to today and on the days that follow."""
    today = clock.local_day(now)
    mine = _of_firms(held)
    holding = set(
        ArrivalSlot.objects.filter(mine, ended_us__isnull=True, until_day__gte=today).values_list(
            "place_id", "enterprise_id", "source"
        )
    )
    if not holding:
        return []
    rows = (
        WaveSlot.objects.filter(mine, plan__status=PlanStatus.PUBLISHED, plan__day__gte=today)
        .select_related("plan__place", "place", "enterprise")
        .defer("plan__result")
        .order_by("plan__day", "place__path", "enterprise__label")
    )
    queued = set(
        WavePlan.objects.filter(status__in=(PlanStatus.QUEUED, PlanStatus.DRAFT), day__gte=today).values_list(
            "place_id", "day"
        )
    )
    shown = [row for row in rows if (row.place_id, row.enterprise_id, source_of(row.plan_id)) in holding]
    results = dict(WavePlan.objects.filter(id__in={row.plan_id for row in shown}).values_list("id", "result"))
    return [_window(row, one_of(results[row.plan_id], row.place_id.hex), queued) for row in shown]


def _window(row: WaveSlot, found: SiteResult | None, queued: Collection[tuple[UUID, date]]) -> Window:
    return Window(
        slot=row, day=row.plan.day, building_people=found.counts.come if found else 0,
        p95_before=found.before.p95 if found else 0.0, p95_after=found.after.p95 if found else 0.0,
        line_before=found.before.longest_line if found else 0.0, may_object=row.objection != Objection.RAISED,
        asked_again=row.objection == Objection.HEARD and (row.plan.place_id, row.plan.day) in queued,
    )  # fmt: skip


def slot_of_firm(held: Reach, slot_id: int) -> WaveSlot:
    """A window of an enterprise in reach. Raises NotFoundError."""
    rows = WaveSlot.objects.filter(_of_firms(held), id=slot_id)
    row = rows.select_related("plan", "place").defer("plan__result").first()
    if row is None:
        raise NotFoundError(_("There is no such window within your reach."))
    return row


def slot_of_place(held: Reach, slot_id: int) -> WaveSlot:
    """A window at a building in reach. Raises NotFoundError."""
    rows = WaveSlot.objects.filter(held.places("place__path", "place__grid_id"), id=slot_id)
    row = rows.select_related("plan", "place", "enterprise").first()
    if row is None:
        raise NotFoundError(_("There is no such window within your reach."))
    return row
