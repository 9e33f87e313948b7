"""Reading registrations: one by its secret or its number, the list of a committee, and how many are before me."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from fangxian.masks import rules
from fangxian.masks.models import Application, ApplicationStatus, Counter, Registration, Round
from fangxian.places.models import Place

PAGE = 100


@dataclass(frozen=True)
class Line:
    """One registration as lists show it. `place` is the dwelling, where there is one under its id."""

    id: UUID
    seq: int
    voucher: str
    committee_id: UUID
    unit_id: UUID
    place: Place | None
    applicant: str
    wants: dict[str, int]
    channel: str
    special: str
    phone_mask: str
    document_mask: str
    staff: bool
    urgent: bool
    deliver: bool
    verified: bool
    received_us: int
    withdrawn_us: int | None


@dataclass(frozen=True)
class Mine:
    """A registration as its resident's page shows it. `before`: numbers of the committee in front that stand."""

    registration: Registration
    round: Round
    committee: Place
    voucher: str
    wants: dict[str, int]
    before: int
    address: str


def by_secret(secret: str) -> Mine | None:
    """The page that `secret` opens. Four queries."""
    row = Registration.objects.filter(secret=secret).select_related("round__street", "committee").first()
    if row is None:
        return None
    short = Counter.objects.get(round=row.round, committee=row.committee).short
    return Mine(
        registration=row, round=row.round, committee=row.committee,
        voucher=rules.voucher(row.round.number, short, row.seq), wants=rules.parse_wants(row.wants),
        before=before(row), address=address_of(row.unit),
    )  # fmt: skip


def application_by_secret(secret: str) -> Application | None:
    rows = Application.objects.select_related("round__street", "committee", "registration")
    return rows.filter(secret=secret).first()


def by_voucher(street: Place, written: str) -> Registration | None:
    """The registration with this number, however it was typed; the one that stands or stood."""
    read = rules.read_voucher(written)
    if read is None:
        return None
    number, short, seq = read
    counter = Counter.objects.filter(round__street=street, round__number=number, short__iexact=short).first()
    if counter is None:
        return None
    rows = Registration.objects.select_related("round", "committee")
    return rows.filter(round_id=counter.round_id, committee_id=counter.committee_id, seq=seq).first()


def before(row: Registration) -> int:
    """How many standing numbers of the committee come before this one."""
    return Registration.objects.filter(
        round_id=row.round_id, committee_id=row.committee_id, seq__lt=row.seq, withdrawn_us__isnull=True
    ).count()


def address_of(unit_id: UUID) -> str:
    """The dwelling as a letter names it: compound, block, door."""
    rows = Place.objects.select_related("parent__parent").filter(id=unit_id).first()
    names: list[str] = []
    place = rows
    for _level in range(3):
        if place is None:
            break
        names.insert(0, place.name)
        place = place.parent
    return "".join(names)


def addresses_of(unit_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Dwellings as one says them: compound, block, door. One query."""
    rows = Place.objects.select_related("parent__parent").filter(id__in=list(unit_ids))
    return {row.id: spoken(row) for row in rows}


def spoken(place: Place) -> str:
    """Its name with the two above it; no query where `parent__parent` was selected with it."""
    above = [place.parent.parent, place.parent] if place.parent is not None else []
    return " ".join(one.name for one in (*above, place) if one is not None)


def registrations_of(
    round: Round, committee: Place | None = None, *, after_seq: int = 0, limit: int = PAGE, text: str = "",
    withdrawn: bool = True,
) -> list[Line]:  # fmt: skip
    """In order of the numbers. `text`: part of a name, the last digits of a telephone, or a voucher's number."""
    rows = Registration.objects.filter(round=round, seq__gt=after_seq)
    if committee is not None:
        rows = rows.filter(committee=committee)
    if not withdrawn:
        rows = rows.filter(withdrawn_us__isnull=True)
    if text.strip():
        rows = rows.filter(matching(text.strip()))
    return lines_of(round, rows.order_by("committee_id", "seq")[:limit])


def matching(text: str) -> Q:
    """Part of a name, the last digits of a telephone, a number or a whole voucher."""
    read = rules.read_voucher(text)
    if read is not None:
        return Q(seq=read[2])
    where = Q(applicant__contains=text)
    if text.isdecimal():
        where |= Q(phone_mask__endswith=text) | Q(seq=int(text[:9]))
    return where


def lines_of(round: Round, rows: Iterable[Registration]) -> list[Line]:
    """As lists show them, in the order given. Two queries besides that of `rows`."""
    shorts = dict(Counter.objects.filter(round=round).values_list("committee_id", "short"))
    found = list(rows)
    places = Place.objects.select_related("parent__parent").in_bulk([row.unit for row in found])
    return [
        Line(
            id=row.id, seq=row.seq, voucher=rules.voucher(round.number, shorts[row.committee_id], row.seq),
            committee_id=row.committee_id, unit_id=row.unit, place=places.get(row.unit), applicant=row.applicant,
            wants=rules.parse_wants(row.wants), channel=row.channel, special=row.special, phone_mask=row.phone_mask,
            document_mask=row.document_mask, staff=row.staff, urgent=row.urgent, deliver=row.deliver,
            verified=row.verified, received_us=row.received_us, withdrawn_us=row.withdrawn_us,
        )
        for row in found
    ]  # fmt: skip


def waiting_applications(round: Round, committee: Place | None = None) -> list[Application]:
    """Oldest first; those of no committee are everybody's."""
    rows = Application.objects.filter(round=round, status=ApplicationStatus.WAITING).order_by("at_us")
    if committee is not None:
        rows = rows.filter(Q(committee=committee) | Q(committee__isnull=True))
    return list(rows)


def same_document(round: Round, committee: Place | None = None, *, limit: int = PAGE) -> list[list[Line]]:
    """Standing registrations of one document at several addresses, for a person to look at.

    Of one committee: those of which one is its own, with the others wherever they are.
    """
    stands = Registration.objects.filter(round=round, withdrawn_us__isnull=True, document_index__isnull=False)
    twice = stands.values("document_index").annotate(n=Count("id")).filter(n__gt=1).order_by()
    if committee is not None:
        twice = twice.filter(document_index__in=stands.filter(committee=committee).values("document_index"))
    chosen = twice.values("document_index")[:limit]
    rows = list(stands.filter(document_index__in=chosen).order_by("received_us", "seq"))
    grouped: dict[bytes, list[UUID]] = {}
    for row in rows:
        grouped.setdefault(bytes(row.document_index or b""), []).append(row.id)
    lines = {line.id: line for line in lines_of(round, rows)}
    return [[lines[ident] for ident in idents] for idents in grouped.values()]
