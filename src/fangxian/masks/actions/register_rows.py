"""The statements of a batch of registrations (`shared.statements`)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q
from msgspec import Struct

from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import Capability, Role, may
from fangxian.masks.models import Attempt, Counter, Registration, Round, SpecialUnit, Variant
from fangxian.masks.rules import RoundFacts
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.identifiers import Phone, read_phone
from fangxian.registry.models import Document, Person
from fangxian.shared.statements import Insert, Row, Select, together

REGISTRATION: Final = (
    ("id", "uuid"), ("round_id", "uuid"), ("committee_id", "uuid"), ("seq", "integer"), ("unit", "uuid"),
    ("subject_id", "uuid"), ("applicant", "text"), ("document_index", "bytea"), ("document_kind", "text"),
    ("document_mask", "text"), ("phone_sealed", "bytea"), ("phone_mask", "text"), ("channel", "text"),
    ("special", "text"), ("staff", "boolean"), ("urgent", "boolean"), ("deliver", "boolean"), ("verified", "boolean"),
    ("digit", "smallint"), ("birth_year", "smallint"), ("wants", "text"), ("secret", "text"), ("by", "text"),
    ("observed_us", "bigint"), ("received_us", "bigint"), ("withdrawn_us", "bigint"), ("withdrawn_reason", "text"),
    ("folded", "boolean"),
)  # fmt: skip
ATTEMPT: Final = (
    ("id", "uuid"), ("round_id", "uuid"), ("committee_id", "uuid"), ("unit", "uuid"), ("code", "text"),
    ("channel", "text"), ("standing_id", "uuid"), ("at_us", "bigint"), ("by", "text"),
)  # fmt: skip
RUNS_A_ROUND: Final = frozenset(
    role
    for role in Role.values
    if any(may(role, one) for one in (Capability.MASKS, Capability.MASK_DESK, Capability.MASK_COUNTER))
)


def _quoted(columns: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(f'"{name}"', kind) for name, kind in columns]


class StoredRow(Struct, frozen=True, gc=False):
    """What is answered for a registration that stands already."""

    id: str
    round: str
    unit: str
    committee: str
    seq: int
    secret: str
    short: str
    number: int
    document: str | None = None
    """The index of the document, in hex."""


class RoundRow(Struct, frozen=True, gc=False):
    number: int
    path: str
    facts: RoundFacts


class UnitRow(Struct, frozen=True, gc=False):
    """A dwelling. `special` and `deliver`: what the committee knows of it."""

    path: str
    special: str
    deliver: bool


class CounterRow(Struct, gc=False):
    id: int
    committee: str
    short: str
    last: int


_STORED: Final = f"""
    FROM {Registration._meta.db_table} r
    JOIN {Counter._meta.db_table} c ON c.round_id = r.round_id AND c.committee_id = r.committee_id
    JOIN {Round._meta.db_table} n ON n.id = r.round_id
"""
_COLUMNS: Final = "r.id, r.round_id, r.unit, r.committee_id, r.seq, r.secret, c.short, n.number"
_BY_ID: Final = {
    vendor: Select(f"{_COLUMNS}, {digits}", f"{_STORED} WHERE r.id {{in}}")
    for vendor, digits in {"sqlite": "hex(r.document_index)", "postgresql": "encode(r.document_index, 'hex')"}.items()
}
_STANDING: Final = Select(_COLUMNS, f"{_STORED} WHERE r.unit {{in}} AND r.round_id = %s AND r.withdrawn_us IS NULL")


_ROUNDS: Final = Select(
    "r.id, r.number, s.path, r.announced_us, r.cancelled_us, r.register_from_us, r.register_until_us, "
    "r.staff_from_us, r.sale_from_us, r.sale_until_us, v.key, v.quota",
    f"FROM {Round._meta.db_table} r JOIN {Place._meta.db_table} s ON s.id = r.street_id "
    f"LEFT JOIN {Variant._meta.db_table} v ON v.round_id = r.id WHERE r.id {{in}}",
)


def _rounds(found: Sequence[Row]) -> dict[str, RoundRow]:
    rounds: dict[str, RoundRow] = {}
    quotas: dict[str, dict[str, int]] = {}
    for row in found:
        ident, number, path, announced, cancelled, opens, closes, staff, sale_from, sale_until, key, quota = row
        if ident not in rounds:
            quotas[ident] = {}
            facts = RoundFacts(announced, cancelled, opens, closes, staff, sale_from, sale_until, quotas[ident])
            rounds[ident] = RoundRow(number, path, facts)
        if key is not None:
            quotas[ident][key] = quota
    return rounds


_UNITS: Final = Select(
    'p.id, p.path, p.kind, p.closed_on IS NULL, s."group", s.deliver',
    f"FROM {Place._meta.db_table} p LEFT JOIN {SpecialUnit._meta.db_table} s ON s.unit_id = p.id WHERE p.id {{in}}",
)


def _units(found: Sequence[Row]) -> dict[str, UnitRow]:
    """The kind is compared here: as a condition it would lead SQLite to the index of all dwellings."""
    return {
        ident: UnitRow(path, group or "", bool(deliver))
        for ident, path, kind, is_open, group, deliver in found
        if is_open and kind == PlaceKind.DWELLING
    }


_COUNTERS: Final = Select(
    "p.path, c.id, c.committee_id, c.short, c.last",
    f"FROM {Counter._meta.db_table} c JOIN {Place._meta.db_table} p ON p.id = c.committee_id "
    "WHERE p.path {in} AND c.round_id = %s",
)


def save_counters(rows: Sequence[CounterRow]) -> None:
    """In the order of the committees: two batches never wait for each other crosswise."""
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {Counter._meta.db_table} SET last = %s WHERE id = %s",
            [(row.last, row.id) for row in sorted(rows, key=lambda one: one.committee)],
        )


_BEARERS: Final = {
    vendor: Select(
        f"{digits}, d.subject_id, p.name_key",
        f"FROM {Document._meta.db_table} d JOIN {Person._meta.db_table} p ON p.subject_id = d.subject_id "
        "WHERE d.number_index {in}",
    )
    for vendor, digits in {"sqlite": "hex(d.number_index)", "postgresql": "encode(d.number_index, 'hex')"}.items()
}


_COLLEAGUES: Final = Select(
    "id, name, phone", f"FROM {Staff._meta.db_table} WHERE name {{in}} AND is_active AND phone <> ''"
)


class Named(Struct, frozen=True):
    """What the registrations of a batch name: those that are stored already, rounds as they are now, open dwellings,
    people of the register (subject and folded name) by index of their document, and name and duty phone (E.164) of
    those who run rounds."""

    stored: dict[str, StoredRow]
    rounds: dict[str, RoundRow]
    units: dict[str, UnitRow]
    bearers: dict[bytes, list[tuple[str, str]]]
    colleagues: set[tuple[str, str]]


def named(
    *, ids: Collection[str], rounds: Collection[str], units: Collection[str], documents: Collection[bytes],
    names: Collection[str], now: datetime,
) -> Named:  # fmt: skip
    vendor = connection.vendor
    stored, found, doors, people, staff = together(
        _BY_ID[vendor].of(ids), _ROUNDS.of(rounds), _UNITS.of(units), _BEARERS[vendor].of(documents),
        _COLLEAGUES.of(names),
    )  # fmt: skip
    bearers: dict[bytes, list[tuple[str, str]]] = {}
    for index, subject, name in people:
        bearers.setdefault(bytes.fromhex(index), []).append((subject, name))
    known = {row[0]: StoredRow(*row) for row in stored}
    return Named(known, _rounds(found), _units(doors), bearers, _running(staff, now))


def _running(staff: Sequence[Row], now: datetime) -> set[tuple[str, str]]:
    """Of these, who has a role in rounds."""
    if not staff:
        return set()
    granted = RoleGrant.objects.filter(
        Q(until__isnull=True) | Q(until__gt=now), staff_id__in=[UUID(row[0]) for row in staff], since__lte=now,
        role__in=RUNS_A_ROUND,
    )  # fmt: skip
    running = {ident.hex for ident in granted.values_list("staff_id", flat=True)}
    phones = {ident: read_phone(phone) for ident, _name, phone in staff if ident in running}
    return {(name, one.value) for ident, name, _phone in staff if isinstance(one := phones.get(ident), Phone)}


class Order(Struct, frozen=True):
    """Of one round: the registration that stands for each address, and the counter of each committee by its path."""

    standing: dict[str, StoredRow]
    counters: dict[str, CounterRow]


def order(round: str, *, units: Collection[str], paths: Collection[str]) -> Order:
    standing, counters = together(_STANDING.of(units, round), _COUNTERS.of(paths, round))
    return Order({row[2]: StoredRow(*row) for row in standing}, {row[0]: CounterRow(*row[1:]) for row in counters})


# an id that is stored was found by `named` under the same lock; what breaks another constraint still raises
append: Final = Insert(
    Registration._meta.db_table, _quoted(REGISTRATION), tail="ON CONFLICT (id) DO NOTHING", repeatable=True
)
append_attempts: Final = Insert(
    Attempt._meta.db_table, _quoted(ATTEMPT), tail="ON CONFLICT (id) DO NOTHING", repeatable=True
)
