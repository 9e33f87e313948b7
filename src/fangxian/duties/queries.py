"""Reading duties: coverage, counters and proofs of them. Gaps and their owners are in `gap_queries`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from fangxian.duties.ledger import COUNTER_COLUMNS
from fangxian.duties.models import (
    Counter,
    Duty,
    Fulfilment,
    Gap,
    GapStatus,
    Headcount,
    Member,
    Outcome,
    Rule,
    Standing,
    Tally,
)
from fangxian.duties.plan_schema import RuleSpec
from fangxian.duties.schedules import window_at
from fangxian.places.models import Place, PlaceKind, subtree
from fangxian.shared import clock

BIG_KINDS: Final = ("person", "vehicle", "place")
"""The three big numbers: people, vehicles, corners."""

_NODE_TOPS: Final = frozenset(
    {PlaceKind.CITY, PlaceKind.DISTRICT, PlaceKind.STREET, PlaceKind.NEIGHBOURHOOD, PlaceKind.BUILDING}
)


@dataclass(frozen=True)
class Numbers:
    """Subjects expected to be covered, and those with a gap open."""

    expected: int = 0
    uncovered: int = 0

    @property
    def covered(self) -> int:
        return self.expected - self.uncovered

    def __add__(self, other: "Numbers") -> "Numbers":
        return Numbers(self.expected + other.expected, self.uncovered + other.uncovered)


@dataclass(frozen=True)
class RuleCoverage:
    """Counters of one rule over the windows asked for. expected = met + late + missed + unknown + waived + open."""

    kind: str
    rule: str
    title: Mapping[str, str]
    expected: int
    met: int
    late: int
    missed: int
    unknown: int
    waived: int
    open_gaps: int

    @property
    def open(self) -> int:
        return self.expected - self.met - self.late - self.missed - self.unknown - self.waived


def at_nodes(place: Place, node: str = "node") -> Q:
    """Condition for rows counted at or below `place`. `node` names the foreign key to the counting node."""
    if place.parent_id is None:
        return Q()  # the root holds every node; a range over all paths would only cost
    if place.kind in _NODE_TOPS:
        return subtree(f"{node}__path", place.path)
    return Q(**{node: place.id})


def numbers(place: Place) -> dict[str, Numbers]:
    """The numbers of a place by kind of subject; the three big ones are always there."""
    rows = (
        Tally.objects.filter(at_nodes(place))
        .values_list("kind")
        .annotate(enrolled=Sum("enrolled"), uncovered=Sum("uncovered"))
    )
    found = {kind: Numbers(enrolled, uncovered) for kind, enrolled, uncovered in rows}
    return {kind: found.get(kind, Numbers()) for kind in (*BIG_KINDS, *sorted(set(found) - set(BIG_KINDS)))}


def coverage(place: Place, now: datetime) -> list[RuleCoverage]:
    """Coverage by rule at and below a place: windows that began on the local day of `now` or still run, what is owed
    once and not closed yet, whenever it began, and every rule that has a gap open."""
    where, day = at_nodes(place), clock.local_day(now)
    known = {rule.id: rule for rule in Rule.objects.only("id", "key", "subject_kind", "spec")}
    once = [rule.id for rule in known.values() if rule.spec["schedule"]["type"] == "once"]
    # each a select of its own in one query, since one with OR would walk every day there is
    earlier = Q(day__lt=day, rule_id__in=once, cohort__closed_us__isnull=True)
    sums: dict[int, list[int]] = defaultdict(lambda: [0] * len(COUNTER_COLUMNS))
    of_day, *others = (
        Counter.objects.filter(where, windows).values_list("rule_id").order_by()
        .annotate(*(Sum(column) for column in COUNTER_COLUMNS))
        for windows in (Q(day=day), *([earlier] if once else []), *_still_running(known.values(), now))
    )  # fmt: skip
    for rule_id, *values in of_day.union(*others, all=True):
        sums[rule_id] = [have + value for have, value in zip(sums[rule_id], values, strict=True)]
    gaps = dict(
        Gap.objects.filter(where, status=GapStatus.OPEN).values_list("rule_id").annotate(n=Count("id")).order_by()
    )
    found = [
        RuleCoverage(
            kind=known[rule_id].subject_kind, rule=known[rule_id].key, title=known[rule_id].spec["title"],
            **dict(zip(COUNTER_COLUMNS, values, strict=True)), open_gaps=gaps.get(rule_id, 0),
        )
        for rule_id in {*sums, *gaps}
        for values in [sums[rule_id]]
    ]  # fmt: skip
    return sorted(found, key=lambda row: (row.kind, row.rule))


def _still_running(rules: Iterable[Rule], now: datetime) -> list[Q]:
    """Windows of several days that began before the local day of `now` and are not over, by the day they began."""
    today, began = clock.local_day(now), defaultdict(list)
    for rule in rules:
        if (rule.spec["schedule"].get("every_days") or 1) > 1:
            window = window_at(RuleSpec.from_spec(rule.spec).schedule, clock.to_us(now))
            if window is not None and clock.local_day(clock.from_us(window.start_us)) < today:
                began[clock.local_day(clock.from_us(window.start_us))].append(rule.id)
    return [Q(day=day, rule_id__in=ids) for day, ids in began.items()]


@dataclass(frozen=True)
class Mismatch:
    """A counter that disagrees with the rows behind it."""

    what: str
    key: tuple[Any, ...]
    counted: int
    rows: int


def recount(place: Place) -> list[Mismatch]:
    """Prove the counters of a place from the rows behind them. Empty when everything agrees."""
    return [*_recount_counters(place), *_recount_heads(place), *_recount_tallies(place)]


_OF_COUNTER: Final = ("rule_id", "cohort_id", "window_us", "node_id")


def _recount_counters(place: Place) -> list[Mismatch]:
    rows: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    gaps = Gap.objects.filter(at_nodes(place)).annotate(cohort_id=F("duty__cohort_id"))
    for key, status, cause, count in _grouped(gaps, "status", "cause"):
        if status == GapStatus.OPEN:
            rows[key][cause] += count
        elif status == GapStatus.WAIVED:
            rows[key]["waived"] += count
    done = (
        Fulfilment.objects.filter(at_nodes(place))
        .exclude(outcome=Outcome.EXTRA)
        .annotate(rule_id=F("duty__rule_id"), cohort_id=F("duty__cohort_id"))
    )
    for key, outcome, count in _grouped(done, "outcome"):
        rows[key][outcome] += count
    owed = dict(_grouped(Duty.objects.filter(at_nodes(place), deadline_us__isnull=False)))
    behind = _behind(place)
    found = []
    for counter in Counter.objects.filter(at_nodes(place)):
        key = (counter.rule_id, counter.cohort_id, counter.window_us, counter.node_id)
        proof = rows.pop(key, {})
        for column in COUNTER_COLUMNS[1:]:
            if getattr(counter, column) != proof.get(column, 0):
                found.append(Mismatch(column, key, getattr(counter, column), proof.get(column, 0)))
        expected = sum(proof.get(column, 0) for column in COUNTER_COLUMNS[1:]) + owed.get(key, 0)
        # what the sweep has not reached yet stands in an earlier window and is expected here all the same
        late = behind[(counter.rule_id, counter.cohort_id, counter.node_id)]
        expected += sum(count for window_us, count in late if window_us < counter.window_us)
        if counter.expected != expected:
            found.append(Mismatch("expected", key, counter.expected, expected))
    return found + [Mismatch("no counter", key, 0, sum(proof.values())) for key, proof in rows.items()]


def _behind(place: Place) -> dict[tuple[int, int, UUID], list[tuple[int, int]]]:
    """(window start, duties) of recurring rules by rule, cohort and the node where they will be counted next."""
    found: dict[tuple[int, int, UUID], list[tuple[int, int]]] = defaultdict(list)
    rows = (
        Duty.objects.filter(at_nodes(place, "node_next"), deadline_us__isnull=False)
        .exclude(rule__spec__schedule__type="once")
        .values_list("rule_id", "cohort_id", "node_next_id", "window_us")
        .annotate(n=Count("id"))
        .order_by()
    )
    for rule_id, cohort_id, node_id, window_us, count in rows:
        found[(rule_id, cohort_id, node_id)].append((window_us, count))
    return found


def _grouped(rows: QuerySet[Any, Any], *extra: str) -> Iterator[tuple[Any, ...]]:
    """(counter key, *extra, count) of rows that carry the counter's key."""
    for row in rows.values_list(*_OF_COUNTER, *extra).annotate(n=Count("id")).order_by():
        yield (tuple(row[:4]), *row[4:])


def _recount_heads(place: Place) -> list[Mismatch]:
    rows: dict[tuple[Any, ...], int] = {
        (cohort_id, node_id): count
        for cohort_id, node_id, count in Member.objects.filter(at_nodes(place), until_us__isnull=True)
        .values_list("cohort_id", "node_id")
        .annotate(n=Count("id"))
    }
    heads = Headcount.objects.filter(at_nodes(place)).values_list("cohort_id", "node_id", "count")
    counted: dict[tuple[Any, ...], int] = {(cohort_id, node_id): count for cohort_id, node_id, count in heads}
    return _differences("members", counted, rows)


def _recount_tallies(place: Place) -> list[Mismatch]:
    duties = (
        Duty.objects.filter(at_nodes(place, "subject__standing__node"), ended_us__isnull=True, rule__corner=True)
        .values_list("subject_id")
        .annotate(n=Count("id"))
    )
    gaps = (
        Gap.objects.filter(at_nodes(place, "duty__subject__standing__node"), status=GapStatus.OPEN, rule__corner=True)
        .values_list("duty__subject_id")
        .annotate(n=Count("id"))
    )
    enrolled, opened = dict(duties), dict(gaps)
    tallies: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    found = []
    for row in Standing.objects.filter(at_nodes(place)):
        for what, counted, proof in (
            ("enrolled", row.enrolled, enrolled.get(row.subject_id, 0)),
            ("open gaps", row.open_gaps, opened.get(row.subject_id, 0)),
        ):
            if counted != proof:
                found.append(Mismatch(what, (row.subject_id,), counted, proof))
        tallies[(row.node_id, row.kind)][0] += enrolled.get(row.subject_id, 0) > 0
        tallies[(row.node_id, row.kind)][1] += enrolled.get(row.subject_id, 0) > 0 and opened.get(row.subject_id, 0) > 0
    rows = Tally.objects.filter(at_nodes(place))
    for position, name in enumerate(("enrolled", "uncovered")):
        counted_by: dict[tuple[Any, ...], int] = {(row.node_id, row.kind): getattr(row, name) for row in rows}
        found += _differences(name, counted_by, {key: pair[position] for key, pair in tallies.items()})
    return found


def _differences(
    what: str, counted: Mapping[tuple[Any, ...], int], rows: Mapping[tuple[Any, ...], int]
) -> list[Mismatch]:
    return [
        Mismatch(what, key, counted.get(key, 0), rows.get(key, 0))
        for key in sorted(set(counted) | set(rows), key=str)
        if counted.get(key, 0) != rows.get(key, 0)
    ]


def asked_by_source(*prefixes: str) -> dict[str, Duty]:
    """One-off duties of these sources that are still to be done, in time or late, each with its `one_off`."""
    sources = Q(*[Q(one_off__source__startswith=prefix) for prefix in prefixes], _connector=Q.OR)
    missed = Gap.objects.filter(duty_id=OuterRef("id"), status=GapStatus.OPEN)
    rows = Duty.objects.filter(
        sources, Q(deadline_us__isnull=False) | Exists(missed), ended_us__isnull=True
    ).select_related("one_off")  # fmt: skip
    return {duty.one_off.source: duty for duty in rows}
