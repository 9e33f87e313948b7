"""The statements of a batch of checks, in the words of both databases. Ids travel as 32 hex digits, which SQLite keeps
as they are and PostgreSQL reads as the uuid that the column wants.

Lists are padded to powers of two, so that a handful of prepared statements serves every size of batch.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from fangxian.gates.models import Check, Declaration, Held, Pass, PassKind, PassStatus, Presence, Referral, Used
from fangxian.places.models import Place
from fangxian.registry.models import Vehicle
from fangxian.shared.ids import new_id

Row = Sequence[Any]

COLUMNS: Final = (
    ("id", "uuid"), ("gate_id", "uuid"), ("place_id", "uuid"), ("pass_id", "uuid"), ("subject_id", "uuid"),
    ("household_id", "uuid"), ("direction", "text"), ("outcome", "text"), ("code", "text"), ("said", "text"),
    ("marks", "text"), ("decidec", "smallint"), ("method", "text"), ("mask", "boolean"), ("identity", "boolean"),
    ("declared", "boolean"), ("plate", "text"), ("occupants", "smallint"), ("first_id", "uuid"), ("override", "text"),
    ("offline", "boolean"), ("observed_us", "bigint"), ("received_us", "bigint"), ("device_id", "uuid"),
    ("guard", "text"), ("playbook_id", "bigint"), ("folded", "boolean"),
)  # fmt: skip
OBSERVED: Final = [name for name, _ in COLUMNS].index("observed_us")


@dataclass(frozen=True, slots=True)
class StoredCheck:
    outcome: str
    code: str
    observed_us: int


@dataclass(frozen=True, slots=True)
class PassRow:
    """A pass as the decision needs it. `person` is the subject of all but a household's permit."""

    id: str
    kind: str
    pass_kind: PassKind
    pass_status: PassStatus
    person: str | None
    household: str | None
    path: str
    gate: str | None
    enterprise: str | None
    holder: str
    company: str
    zone: str
    from_us: int
    until_us: int
    slot_from: int | None
    slot_until: int | None
    once: bool
    distrusted: bool
    digest: bytes
    number: str

    @property
    def subject(self) -> str | None:
        return self.person or self.household


@dataclass(frozen=True, slots=True)
class VehicleRow:
    subject: str
    permit: PassRow | None


@dataclass(frozen=True, slots=True)
class PresenceRow:
    inside: bool
    since_us: int
    check: str
    gate: str
    root: bool


@dataclass(frozen=True, slots=True)
class NewReferral:
    number: str
    check: UUID
    first: UUID | None
    subject: str | None
    gate: str
    at_us: int


def _hex(value: Any) -> Any:  # noqa: ANN401 - what a driver returns for an id: text, a UUID or nothing
    return value.hex if isinstance(value, UUID) else value


def _padded(values: Collection[Any]) -> list[Any]:
    found = list(values)
    size = 1 << (len(found) - 1).bit_length() if found else 0
    return found + [found[-1]] * (size - len(found)) if found else found


def _select(statement: str, values: Collection[Any]) -> list[Row]:
    """Rows of `statement`, whose `{in}` stands for the list of `values`."""
    if not values:
        return []
    padded = _padded(values)
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("{in}", ", ".join(["%s"] * len(padded))), padded)
        found: list[Row] = cursor.fetchall()
        return found


def stored(ids: Iterable[UUID]) -> dict[str, StoredCheck]:
    table = Check._meta.db_table
    rows = _select(f"SELECT id, outcome, code, observed_us FROM {table} WHERE id IN ({{in}})", [i.hex for i in ids])
    return {_hex(row[0]): StoredCheck(*row[1:]) for row in rows}


_PASS: Final = f"""
    SELECT p.id, p.kind, p.status, p.subject_id, s.path, p.gate_id, p.enterprise_id, p.holder, p.company, p.zone,
           p.from_us, p.until_us, p.slot_from, p.slot_until, p.once, k.distrusted_us, p.digest, p.number
    FROM {Pass._meta.db_table} p
    JOIN {Place._meta.db_table} s ON s.id = p.place_id
    JOIN gates_signingkey k ON k.kid = p.key_id
"""


def _pass_row(row: Row) -> PassRow:
    (ident, kind, status, subject, path, gate, enterprise, holder, company, zone, since, until, slot_from, slot_until,
     once, distrusted, digest, number) = row  # fmt: skip
    household = kind == PassKind.RESIDENT
    return PassRow(
        _hex(ident), kind, PassKind(kind), PassStatus(status), None if household else _hex(subject),
        _hex(subject) if household else None, path, _hex(gate), _hex(enterprise), holder, company, zone, since, until,
        slot_from, slot_until, bool(once), distrusted is not None, bytes(digest), number,
    )  # fmt: skip


def passes(*, digests: Collection[bytes], numbers: Collection[str]) -> dict[bytes | str, PassRow]:
    """Passes by digest of their token and by number."""
    found = [_pass_row(row) for row in _select(_PASS + "WHERE p.digest IN ({in})", digests)]
    found += [_pass_row(row) for row in _select(_PASS + "WHERE p.number IN ({in})", numbers)]
    return {key: row for row in found for key in (row.digest, row.number)}


def vehicles(plates: Collection[str]) -> dict[str, VehicleRow]:
    """Registered vehicles by plate, each with its pass in force, if it has one."""
    known = {
        row[0]: _hex(row[1])
        for row in _select(f"SELECT plate, subject_id FROM {Vehicle._meta.db_table} WHERE plate IN ({{in}})", plates)
    }
    where = (
        f"WHERE p.kind = '{PassKind.VEHICLE.value}' AND p.status = '{PassStatus.LIVE.value}' "
        "AND p.subject_id IN ({in})"
    )
    permits = {
        permit.person: permit for permit in (_pass_row(row) for row in _select(_PASS + where, list(known.values())))
    }
    return {plate: VehicleRow(subject, permits.get(subject)) for plate, subject in known.items()}


def held(subjects: Collection[str], now_us: int) -> set[str]:
    rows = _select(
        f"SELECT subject_id FROM {Held._meta.db_table} WHERE subject_id IN ({{in}}) "  # fmt: skip
        f"AND since_us <= {int(now_us)} AND (until_us IS NULL OR until_us > {int(now_us)})",
        subjects,
    )
    return {_hex(row[0]) for row in rows}


def declared(subjects: Collection[str], now_us: int) -> set[str]:
    """Subjects whose latest declaration is in date and clear."""
    rows = _select(
        f"SELECT subject_id, clear FROM {Declaration._meta.db_table} WHERE subject_id IN ({{in}}) "
        f"AND until_us > {int(now_us)} ORDER BY made_us",
        subjects,
    )
    latest = {_hex(row[0]): bool(row[1]) for row in rows}
    return {subject for subject, clear in latest.items() if clear}


def presence(people: Collection[str]) -> dict[str, dict[str, PresenceRow]]:
    """Where each of `people` was last seen going in or out: by who, then by place."""
    rows = _select(
        f"SELECT place_id, who, inside, since_us, check_id, gate_id, root FROM {Presence._meta.db_table} "
        "WHERE who IN ({in})",
        people,
    )
    found: dict[str, dict[str, PresenceRow]] = {who: {} for who in people}
    for place, who, inside, since, check, gate, root in rows:
        found[who][_hex(place)] = PresenceRow(bool(inside), since, _hex(check), _hex(gate), bool(root))
    return found


def used(keys: Collection[str]) -> dict[str, int]:
    return {
        row[0]: row[1] for row in _select(f"SELECT key, count FROM {Used._meta.db_table} WHERE key IN ({{in}})", keys)
    }


def _write(insert: str, columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> None:
    """`insert` with `{values}` for the rows: one statement on PostgreSQL, one prepared statement on SQLite."""
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(insert.replace("{values}", f"VALUES ({', '.join(['%s'] * len(columns))})"), rows)
            return
        arrays = ", ".join(f"%s::{kind}[]" for _, kind in columns)
        cursor.execute(
            insert.replace("{values}", f"SELECT * FROM unnest({arrays})"), [list(c) for c in zip(*rows, strict=True)]
        )


def append_checks(rows: Sequence[Row]) -> None:
    names = ", ".join(name for name, _ in COLUMNS)
    _write(f"INSERT INTO {Check._meta.db_table} ({names}) {{values}} ON CONFLICT (id) DO NOTHING", COLUMNS, rows)


_PRESENCE: Final = (
    ("place_id", "uuid"), ("who", "text"), ("inside", "boolean"), ("since_us", "bigint"), ("check_id", "uuid"),
    ("gate_id", "uuid"), ("root", "boolean"),
)  # fmt: skip


def save_presence(moved: Mapping[tuple[str, str], PresenceRow]) -> None:
    """`moved` by place and who."""
    names = ", ".join(name for name, _ in _PRESENCE)
    changed = ", ".join(f"{name} = excluded.{name}" for name, _ in _PRESENCE[2:])
    _write(
        f"INSERT INTO {Presence._meta.db_table} ({names}) {{values}} "
        f"ON CONFLICT (who, place_id) DO UPDATE SET {changed}",
        _PRESENCE,
        [(place, who, row.inside, row.since_us, row.check, row.gate, row.root) for (place, who), row in moved.items()],
    )


def add_used(deltas: Mapping[str, int]) -> None:
    """A key that is not stored yet starts at 0; nothing is taken below it."""
    table = Used._meta.db_table
    fresh = [(key, max(0, by), by) for key, by in deltas.items() if key and by]
    if not fresh:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} (key, count) VALUES (%s, %s) "
            f"ON CONFLICT (key) DO UPDATE SET count = {table}.count + %s",
            fresh,
        )


def save_referrals(new: Sequence[NewReferral]) -> None:
    Referral.objects.bulk_create(
        [
            Referral(
                id=new_id(), number=row.number, check_id=row.check, first_id=row.first,
                subject_id=UUID(row.subject) if row.subject else None, gate_id=UUID(row.gate), at_us=row.at_us,
            )
            for row in new
        ]
    )  # fmt: skip
