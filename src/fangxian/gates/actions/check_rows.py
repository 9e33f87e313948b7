"""The statements of a batch of checks. Ids travel as 32 hex digits in both databases (`shared.statements`)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from django.db import connection
from msgspec import Struct

from fangxian.gates.models import Check, Declaration, Flow, Held, Pass, PassKind, PassStatus, Presence, Referral, Used
from fangxian.places.models import Place
from fangxian.registry.models import Attachment, Household, Relation, Vehicle
from fangxian.shared.clock import MINUTE_US
from fangxian.shared.ids import new_id
from fangxian.shared.statements import Insert, Row, Select, together

COLUMNS: Final = (
    ("id", "uuid"), ("gate_id", "uuid"), ("place_id", "uuid"), ("pass_id", "uuid"), ("subject_id", "uuid"),
    ("household_id", "uuid"), ("direction", "text"), ("outcome", "text"), ("code", "text"), ("said", "text"),
    ("marks", "text"), ("decidec", "smallint"), ("method", "text"), ("mask", "boolean"), ("identity", "boolean"),
    ("declared", "boolean"), ("plate", "text"), ("occupants", "smallint"), ("first_id", "uuid"), ("override", "text"),
    ("offline", "boolean"), ("observed_us", "bigint"), ("received_us", "bigint"), ("device_id", "uuid"),
    ("guard", "text"), ("playbook_id", "bigint"), ("folded", "boolean"),
)  # fmt: skip
QUARTER_US: Final = 15 * MINUTE_US
"""Of an hour: for which checks are counted."""
_KINDS: Final = {kind.value: kind for kind in PassKind}
_STATUSES: Final = {status.value: status for status in PassStatus}


class StoredCheck(Struct, frozen=True, gc=False):
    outcome: str
    code: str
    observed_us: int
    marks: str
    offline: bool


class PassRow(Struct, frozen=True, gc=False):
    """A pass as the decision needs it. `person` is the subject of all but a household's permit."""

    id: str
    kind: PassKind
    status: PassStatus
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

    @property
    def subject(self) -> str | None:
        return self.person or self.household


class VehicleRow(Struct, frozen=True, gc=False):
    subject: str
    permits: list[PassRow]

    def permit(self, path: str, at_us: int) -> PassRow | None:
        """Of several, the one for this gate and this time; one that is suspended is shown as that."""

        def rank(row: PassRow) -> tuple[bool, bool, bool, int]:
            running = row.from_us <= at_us < row.until_us
            return path.startswith(row.path), running and row.status is PassStatus.LIVE, running, row.until_us

        return max(self.permits, key=rank, default=None)


class PresenceRow(Struct, frozen=True, gc=False):
    inside: bool
    since_us: int
    check: str
    gate: str
    root: bool


NO_PLACE: Final = "0" * 32
"""Presence at no place: the last fever of somebody, `root` until a second reading settles it, so that it comes with the
question where somebody is. It is never inside, and ends with the others who are not."""


class NewReferral(Struct, frozen=True, gc=False):
    number: str
    check: UUID
    first: str | None
    subject: str | None
    gate: str
    at_us: int


_CHECKS: Final = Select(
    "id, outcome, code, observed_us, marks, offline", f"FROM {Check._meta.db_table} WHERE id {{in}}"
)


_FIELDS: Final = (
    "p.id, p.kind, p.status, p.subject_id, s.path, p.gate_id, p.enterprise_id, p.holder, p.company, p.zone, "
    "p.from_us, p.until_us, p.slot_from, p.slot_until, p.once, k.distrusted_us"
)
_PASSES: Final = f"""
    FROM {Pass._meta.db_table} p
    JOIN {Place._meta.db_table} s ON s.id = p.place_id
    JOIN gates_signingkey k ON k.kid = p.key_id
"""


def _pass_row(row: Row) -> PassRow:
    (ident, kind, status, subject, path, gate, enterprise, holder, company, zone, since, until, slot_from, slot_until,
     once, distrusted, *_asked) = row  # fmt: skip
    household = kind == "resident"
    return PassRow(
        ident, _KINDS[kind], _STATUSES[status], None if household else subject, subject if household else None, path,
        gate, enterprise, holder, company, zone, since, until, slot_from, slot_until, bool(once),
        distrusted is not None,
    )  # fmt: skip


_BY_DIGEST: Final = {
    "sqlite": Select(_FIELDS + ", hex(p.digest)", _PASSES + "WHERE p.digest {in}"),
    "postgresql": Select(_FIELDS + ", encode(p.digest, 'hex')", _PASSES + "WHERE p.digest {in}"),
}
_BY_NUMBER: Final = Select(_FIELDS + ", p.number", _PASSES + "WHERE p.number {in}")


class Named(Struct, gc=False):
    """What the ids and codes of a batch name."""

    stored: dict[str, StoredCheck]
    passes: dict[bytes | str, PassRow]
    """By digest of their token, and by number."""


def named(ids: Collection[str], digests: Collection[bytes], numbers: Collection[str]) -> Named:
    checks, by_digest, by_number = together(
        _CHECKS.of(ids), _BY_DIGEST[connection.vendor].of(digests), _BY_NUMBER.of(numbers)
    )
    passes: dict[bytes | str, PassRow] = {bytes.fromhex(row[-1]): _pass_row(row) for row in by_digest}
    for row in by_number:
        passes[row[-1]] = _pass_row(row)
    return Named({row[0]: StoredCheck(*row[1:]) for row in checks}, passes)


_VEHICLES: Final = Select("plate, subject_id", f"FROM {Vehicle._meta.db_table} WHERE plate {{in}}")
_PERMITS: Final = Select(
    _FIELDS,
    f"{_PASSES} WHERE p.kind = '{PassKind.VEHICLE.value}' AND p.status <> '{PassStatus.REVOKED.value}' "
    "AND p.subject_id {in}",
)


def vehicles(plates: Collection[str]) -> dict[str, VehicleRow]:
    """Registered vehicles by plate, each with its passes that are not revoked."""
    known: dict[str, str] = {row[0]: row[1] for row in _VEHICLES(plates)}
    permits: dict[str, list[PassRow]] = {subject: [] for subject in known.values()}
    for row in map(_pass_row, _PERMITS(list(permits))):
        if row.person is not None:
            permits[row.person].append(row)
    return {plate: VehicleRow(subject, permits[subject]) for plate, subject in known.items()}


# who is held holds the permit of the household too: one of them would carry it out, and it names no face
_HELD: Final = Select(
    "x.who",
    f"""FROM (
        SELECT subject_id AS who, since_us, until_us FROM {Held._meta.db_table}
        UNION ALL
        SELECT a.other_id, h.since_us, h.until_us
        FROM {Attachment._meta.db_table} a JOIN {Held._meta.db_table} h ON h.subject_id = a.subject_id
        WHERE a.relation = '{Relation.MEMBER.value}' AND a.until IS NULL
        UNION ALL
        SELECT d.subject_id, h.since_us, h.until_us
        FROM {Household._meta.db_table} d
        JOIN {Attachment._meta.db_table} a ON a.place_id = d.dwelling_id
        JOIN {Held._meta.db_table} h ON h.subject_id = a.subject_id
        WHERE d.ended_on IS NULL AND a.relation = '{Relation.LIVES.value}' AND a.until IS NULL
    ) x WHERE x.who {{in}} AND x.since_us <= %s AND (x.until_us IS NULL OR x.until_us > %s)""",
)


_DECLARED: Final = Select(
    "subject_id, clear, made_us", f"FROM {Declaration._meta.db_table} WHERE subject_id {{in}} AND until_us > %s"
)


_PRESENCE: Final = (
    ("place_id", "uuid"), ("who", "text"), ("inside", "boolean"), ("since_us", "bigint"), ("check_id", "uuid"),
    ("gate_id", "uuid"), ("root", "boolean"),
)  # fmt: skip
_SEEN: Final = Select(", ".join(name for name, _ in _PRESENCE), f"FROM {Presence._meta.db_table} WHERE who {{in}}")


_USED: Final = Select("key, count", f"FROM {Used._meta.db_table} WHERE key {{in}}")


def used(keys: Collection[str]) -> dict[str, int]:
    return {row[0]: row[1] for row in _USED(keys)}


class Known(Struct, gc=False):
    """What must not be raced, as it is inside this transaction."""

    held: set[str]
    declared: set[str]
    """Subjects whose latest declaration is in date and clear."""
    presence: dict[str, dict[str, PresenceRow]]
    """Where somebody was last seen going in or out: by who, then by place."""
    fevers: dict[str, PresenceRow]
    """The last fever of those who had one, settled or not."""
    used: dict[str, int]


def state(*, subjects: Collection[str], people: Collection[str], keys: Collection[str], now_us: int) -> Known:
    held, declared, seen, counts = together(
        _HELD.of(subjects, now_us, now_us), _DECLARED.of(subjects, now_us), _SEEN.of(people), _USED.of(keys)
    )
    latest = {row[0]: row[1] for row in sorted(declared, key=lambda row: row[2])}
    presence: dict[str, dict[str, PresenceRow]] = {who: {} for who in people}
    fevers: dict[str, PresenceRow] = {}
    for place, who, inside, since, check, gate, root in seen:
        row = PresenceRow(bool(inside), since, check, gate, bool(root))
        if place == NO_PLACE:
            fevers[who] = row
        else:
            presence[who][place] = row
    return Known(
        held={row[0] for row in held},
        declared={subject for subject, clear in latest.items() if clear},
        presence=presence,
        fevers=fevers,
        used={row[0]: row[1] for row in counts},
    )


append_checks: Final = Insert(Check._meta.db_table, COLUMNS, tail="ON CONFLICT (id) DO NOTHING", repeatable=True)


class Revised(Struct, frozen=True, gc=False):
    """What became of a stored check: its device had decided otherwise before the answer came."""

    id: str
    outcome: str
    code: str
    said: str
    marks: str


def revise_checks(revised: Collection[Revised]) -> None:
    """To be folded again, as what it is now; what was counted of it is taken back."""
    if not revised:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {Flow._meta.db_table} SET count = count - 1 WHERE count > 0 "
            "AND (gate_id, quarter_us, direction, outcome, code) IN (SELECT gate_id, "
            f"observed_us - observed_us %% {QUARTER_US}, direction, outcome, code FROM {Check._meta.db_table} "
            "WHERE id = %s AND folded = %s)",
            [(row.id, True) for row in revised],
        )
        cursor.executemany(
            f"UPDATE {Check._meta.db_table} SET outcome = %s, code = %s, said = %s, marks = %s, offline = %s, "
            "folded = %s WHERE id = %s",
            [(row.outcome, row.code, row.said, row.marks, True, False, row.id) for row in revised],
        )


_save_presence: Final = Insert(
    Presence._meta.db_table,
    _PRESENCE,
    tail="ON CONFLICT (who, place_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name, _ in _PRESENCE[2:]),
    repeatable=True,
)


def save_presence(moved: Mapping[tuple[str, str], PresenceRow]) -> None:
    """`moved` by place and who."""
    _save_presence(
        [(place, who, row.inside, row.since_us, row.check, row.gate, row.root) for (place, who), row in moved.items()]
    )


def add_used(deltas: Mapping[str, int]) -> None:
    """A key that is not stored yet starts at 0; nothing is taken below it: a count that has drifted must not cost a
    batch of checks."""
    table = Used._meta.db_table
    fresh = [(key, max(0, by), by) for key, by in deltas.items() if key and by]
    if not fresh:
        return
    larger = "GREATEST" if connection.vendor == "postgresql" else "MAX"
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} (key, count) VALUES (%s, %s) "
            f"ON CONFLICT (key) DO UPDATE SET count = {larger}(0, {table}.count + %s)",
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
