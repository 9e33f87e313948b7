"""Reading runs and calls: what a night called, household by household, for desk, counter, slip and text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q, QuerySet

from fangxian.masks import publishing
from fangxian.masks.models import Call, CallStatus, Round, Run
from fangxian.masks.queries.numbers import voucher_of
from fangxian.places.models import Place


@dataclass(frozen=True)
class RunLine:
    id: UUID
    number: int
    sale_day: str
    called: int
    sha256: str
    made_us: int


@dataclass
class CalledHousehold:
    """A household with everything that is to be collected at one visit. `wants` is by variant, in their order."""

    registration_id: UUID
    voucher: str
    secret: str
    seq: int
    committee_id: UUID
    applicant: str
    phone_mask: str
    special: bool
    deliver: bool
    pharmacy: Place
    slot_from_us: int
    slot_until_us: int
    deadline_us: int
    told_us: int | None
    call_ids: list[UUID] = field(default_factory=list)
    wants: dict[str, int] = field(default_factory=dict)
    titles: dict[str, Mapping[str, str]] = field(default_factory=dict)


def runs_of(round: Round) -> list[RunLine]:
    """Newest first, without the files."""
    rows = Run.objects.filter(round=round).order_by("-number")
    fields = rows.values_list("id", "number", "sale_day", "called", "sha256", "made_us")
    return [RunLine(row[0], row[1], row[2].isoformat(), *row[3:]) for row in fields]


def document_of(run_id: UUID) -> str:
    """The published file of a run, as it was made."""
    return Run.objects.values_list("document", flat=True).get(id=run_id)


def shares_of(run: Run) -> list[publishing.ShareLine]:
    """The proof of a run's shares, read from its file."""
    return publishing.share_lines(publishing.read(run.document))


def of_run(run: Run, *, pharmacy: Place | None = None, committee: Place | None = None) -> list[CalledHousehold]:
    """Who is called and has not collected, by committee and number. Three queries."""
    where = Q(run=run)
    if pharmacy is not None:
        where &= Q(pharmacy=pharmacy)
    if committee is not None:
        where &= Q(registration__committee=committee)
    return households(Call.objects.filter(where, status=CallStatus.CALLED))


def to_tell(round: Round, *, committee: Place | None = None) -> list[CalledHousehold]:
    """Who is called and was not told yet, the earliest slot first."""
    where = Q(round=round, told_us__isnull=True, status=CallStatus.CALLED)
    if committee is not None:
        where &= Q(registration__committee=committee)
    return sorted(households(Call.objects.filter(where)), key=lambda one: (one.slot_from_us, one.seq))


def households(calls: QuerySet[Call]) -> list[CalledHousehold]:
    """Calls put together by registration and slot, by committee (its place in the tree) and number."""
    rows = list(
        calls.select_related("registration__round", "variant", "pharmacy").order_by(
            "registration__committee__path", "registration__seq", "slot_from_us", "variant_id"
        )
    )
    vouchers = voucher_of(call.registration for call in rows)
    found: dict[tuple[UUID, UUID, int], CalledHousehold] = {}
    for call in rows:
        row = call.registration
        key = (row.id, call.pharmacy_id, call.slot_from_us)
        one = found.get(key)
        if one is None:
            one = found[key] = CalledHousehold(
                row.id, vouchers[row.id], row.secret, row.seq, row.committee_id, row.applicant, row.phone_mask,
                bool(row.special), row.deliver, call.pharmacy, call.slot_from_us, call.slot_until_us, call.deadline_us,
                call.told_us,
            )  # fmt: skip
        one.call_ids.append(call.id)
        one.wants[call.variant.key] = one.wants.get(call.variant.key, 0) + call.quantity
        one.titles[call.variant.key] = call.variant.title
    return list(found.values())
