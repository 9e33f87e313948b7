"""What everybody may read of a round: how far each committee is, and what each pharmacy has left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef

from fangxian.masks import rules
from fangxian.masks.models import Call, CallStatus, Policy, Round, Run, Yield
from fangxian.masks.plan import plan_at
from fangxian.masks.playbook import Answer
from fangxian.masks.queries import progress
from fangxian.masks.queries.rounds import current, facts_of
from fangxian.masks.rules import Phase
from fangxian.shared import clock

DAYS_LOOKED_AT = 3


@dataclass(frozen=True)
class PublicCommittee:
    """`days`: in how many days of sale whoever registers last is called, at the earliest and at the latest.

    Neither `days` nor `called_to` (0) is said where the order of registering does not decide it.
    """

    name: str
    short: str
    registered: int
    called: int
    called_to: int
    pharmacy: str
    days: tuple[int, int] | None


@dataclass(frozen=True)
class PublicShelf:
    """`free` is what is not promised to anybody."""

    key: str
    title: Mapping[str, str]
    free: int
    promised: int


@dataclass(frozen=True)
class PublicPharmacy:
    code: str
    name: str
    address: str
    phone: str
    opens: str
    shelves: tuple[PublicShelf, ...]


@dataclass(frozen=True)
class PublicRun:
    """A night whose file is published; whoever has the file compares its fingerprint."""

    number: int
    sale_day: date
    called: int
    sha256: str


@dataclass(frozen=True)
class PublicRound:
    """`runs`: newest first. `yielded`: how many gave their place to urgent need."""

    round: Round
    phase: Phase
    quotas: tuple[tuple[Mapping[str, str], int], ...]
    committees: tuple[PublicCommittee, ...]
    pharmacies: tuple[PublicPharmacy, ...]
    answers: tuple[Answer, ...]
    runs: tuple[PublicRun, ...]
    yielded: int
    made_us: int


def public_round(now: datetime) -> PublicRound | None:
    """The round that residents ask about, with no person in it; None while there is none."""
    round = current(now)
    if round is None:
        return None
    now_us = clock.to_us(now)
    rates = rates_of(round)
    seen = progress.overview(round)
    committees = tuple(
        PublicCommittee(
            line.committee.name, line.short, line.registered, line.called,
            0 if round.policy == Policy.LOTTERY else line.called_to,
            line.pharmacy.name if line.pharmacy else "",
            rules.expected_days(line.waiting, rates.get(line.committee.id, ())) if in_turn(round) else None,
        )
        for line in seen.committees
    )  # fmt: skip
    nights = Run.objects.filter(round=round).order_by("-number")
    runs = tuple(PublicRun(*row) for row in nights.values_list("number", "sale_day", "called", "sha256"))
    yielded = Yield.objects.filter(registration__round=round, registration__withdrawn_us__isnull=True).count()
    return PublicRound(
        round, rules.phase_of(facts_of(round), now_us), tuple((v.title, v.quota) for v in round.variants.all()),
        committees, tuple(_pharmacies(seen.pharmacies)), plan_at(now).section.answers, runs, yielded, now_us,
    )  # fmt: skip


def in_turn(round: Round) -> bool:
    """Whether the order of registering alone says when a number is called."""
    return round.policy == Policy.QUEUE


def published(number: int, run: int, round: UUID | None = None) -> str | None:
    """The file of one night of an announced round. Without `round` only where one street alone has that number."""
    rows = Run.objects.filter(round__number=number, number=run, round__announced_us__isnull=False)
    if round is not None:
        rows = rows.filter(round=round)
    elif Round.objects.filter(number=number, announced_us__isnull=False).count() > 1:
        return None
    return rows.values_list("document", flat=True).first()


def _pharmacies(lines: Sequence[progress.PharmacyLine]) -> list[PublicPharmacy]:
    found = []
    for line in lines:
        place, outlet = line.outlet.pharmacy, line.outlet
        if outlet.dropped_us is not None:
            continue
        hours = f"{_clock(outlet.open_from)}-{_clock(outlet.open_until)}"
        shelves = tuple(PublicShelf(s.variant, s.title, s.free, s.promised) for s in line.shelves)
        found.append(
            PublicPharmacy(
                place.code or place.id.hex[-8:],
                place.name,
                place.address,
                str(place.profile.get("phone", "")),
                hours,
                shelves,
            )
        )
    return found


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def rates_of(round: Round) -> dict[UUID, tuple[int, ...]]:
    """Households of each committee called for the first time on each of the last days of sale, newest first."""
    runs = list(Run.objects.filter(round=round).order_by("-number").values_list("id", flat=True)[:DAYS_LOOKED_AT])
    counts: dict[UUID, dict[UUID, int]] = {}
    before = Call.objects.filter(registration_id=OuterRef("registration_id"), run__number__lt=OuterRef("run__number"))
    rows = (
        Call.objects.filter(~Exists(before.exclude(status=CallStatus.VOID)), run_id__in=runs)
        .exclude(status=CallStatus.VOID)
        .values_list("registration__committee_id", "run_id")
        .annotate(n=Count("registration_id", distinct=True))
    )
    for committee_id, run_id, count in rows:
        counts.setdefault(committee_id, {})[run_id] = count
    return {committee: tuple(by_run.get(run, 0) for run in runs) for committee, by_run in counts.items()}
