"""What a gate's device holds so that it can decide a whole shift without the network.

No name, phone or document goes into it: passes are ids, and numbers and plates only keyed hashes under a key that is
made for each answer, so that what is typed can be matched and a list of plates cannot be read off.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, TextField, Value
from django.db.models.functions import Cast, Concat, Replace
from msgspec import structs

from fangxian.gates.models import (
    Declaration,
    Device,
    GateSetup,
    Held,
    Pass,
    PassKind,
    PassStatus,
    Presence,
    SigningKey,
    Used,
)
from fangxian.gates.plan import plan_at
from fangxian.gates.playbook import GatesSection
from fangxian.gates.queries.hot import gate_row
from fangxian.gates.rules import GateFacts, outing_key
from fangxian.places.models import Place, parent_paths
from fangxian.registry.models import Attachment, Household, Relation, Vehicle
from fangxian.shared import clock

LETTERS: Final = {
    PassKind.RESIDENT: "R", PassKind.EMPLOYEE: "E", PassKind.VISITOR: "V", PassKind.COURIER: "C", PassKind.VEHICLE: "T",
}  # fmt: skip
STATES: Final = {PassStatus.SUSPENDED: "s", PassStatus.REVOKED: "r"}
HASH_BYTES: Final = 9
ANY_OWNER: Final = "*"
CARD_FIELDS: Final = (
    "number", "kind", "place_id", "gate_id", "enterprise_id", "zone", "from_us", "until_us", "slot_from", "slot_until",
    "once",
)  # fmt: skip


def bundle(device: Device, now: datetime) -> dict[str, Any]:
    """The gate, the keys, the plan and the lists of passes that are not in force, held, or inside."""
    place = Place.objects.only("id", "path", "name", "parent_id").get(id=device.gate_id)
    row = gate_row(device.gate_id, clock.to_us(now))
    line = list(Place.objects.filter(path__in=parent_paths(place.path)).order_by("path").values_list("id", "name"))
    here = [key for key, _ in line]
    day = (clock.local_day(now) - date(1970, 1, 1)).days
    plan = plan_at(now).section
    keys = (f"in:{row.inside_of}", f"cap:{device.gate_id.hex}:{day}")
    counts = dict(Used.objects.filter(key__in=keys).values_list("key", "count"))
    return {
        "made_us": clock.to_us(now),
        "device": {"id": device.id.hex, "name": device.name},
        "gate": {**_facts(row.facts), "name": place.name, "inside_of": row.inside_of},
        "line": [key.hex for key in here],
        "where": " ".join(name for _, name in line[-2:]),
        "inner": _inner(device.gate_id, now),
        "windows": [[firm, *window] for firm, windows in row.windows.items() for window in windows],
        "keys": _keys(),
        "plan": plan.model_dump(mode="json"),
        "not_in_force": _not_in_force(here, now),
        "held": _packed(_ids(here, now, _held(now))),
        "declared": _packed(_ids(here, now, _declared(now))),
        "inside": _packed(_inside(here, now, row.inside_of)),
        "used": _packed(_ids(here, now, _used_once())),
        "no_outings": _packed(_ids(here, now, _no_outings(plan, day))),
        "inside_count": counts.get(f"in:{row.inside_of}", 0),
        "entries_today": counts.get(f"cap:{device.gate_id.hex}:{day}", 0),
    }


def _facts(facts: GateFacts) -> dict[str, Any]:
    return structs.asdict(facts)


def _inner(gate_id: UUID, now: datetime) -> list[dict[str, Any]]:
    """The counters behind this gate that its device may speak for."""
    rows = GateSetup.objects.filter(inner_of_id=gate_id).select_related("gate").order_by("gate__name")
    return [
        {**_facts(gate_row(row.gate_id, clock.to_us(now)).facts), "name": row.gate.name, "inside_of": row.gate_id.hex}
        for row in rows
    ]


def _keys() -> list[dict[str, Any]]:
    rows = SigningKey.objects.filter(distrusted_us__isnull=True).order_by("kid")
    return [{"kid": row.kid, "x": _url64(bytes(row.public_x)), "y": _url64(bytes(row.public_y))} for row in rows]


def _url64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _packed(ids: Iterable[UUID]) -> str:
    """Ids end to end, in base64: a third of the size of a list of texts."""
    return base64.b64encode(b"".join(key.bytes for key in ids)).decode()


def _live(here: list[UUID], now: datetime) -> Q:
    return Q(place_id__in=here, status=PassStatus.LIVE, until_us__gt=clock.to_us(now))


def _not_in_force(here: list[UUID], now: datetime) -> dict[str, str]:
    """Suspended and revoked passes that have not ended by themselves: expiry needs no list."""
    rows = Pass.objects.filter(place_id__in=here, until_us__gt=clock.to_us(now)).exclude(status=PassStatus.LIVE)
    found: dict[str, list[UUID]] = {letter: [] for letter in STATES.values()}
    for key, status in rows.values_list("id", "status"):
        found[STATES[PassStatus(status)]].append(key)
    return {letter: _packed(ids) for letter, ids in found.items()}


def _ids(here: list[UUID], now: datetime, subjects: Q) -> Iterator[UUID]:
    return Pass.objects.filter(_live(here, now) & subjects).values_list("id", flat=True).iterator()


def _held(now: datetime) -> Q:
    """Wherever somebody is held, as the server asks no place either. Who is held holds the household's permit too."""
    now_us = clock.to_us(now)
    rows = Held.objects.filter(Q(until_us__isnull=True) | Q(until_us__gt=now_us), since_us__lte=now_us)
    bound = Attachment.objects.filter(until__isnull=True, subject_id__in=rows.values("subject_id"))
    homes = bound.filter(relation=Relation.LIVES).values("place_id")
    households = Household.objects.filter(ended_on__isnull=True, dwelling_id__in=homes)
    return (
        Q(subject_id__in=rows.values("subject_id"))
        | Q(kind=PassKind.RESIDENT, subject_id__in=bound.filter(relation=Relation.MEMBER).values("other_id"))
        | Q(kind=PassKind.RESIDENT, subject_id__in=households.values("subject_id"))
    )


def _declared(now: datetime) -> Q:
    rows = Declaration.objects.filter(until_us__gt=clock.to_us(now), clear=True)
    return Q(subject_id__in=rows.values("subject_id"))


def _inside(here: list[UUID], now: datetime, inside_of: str) -> Iterator[UUID]:
    """Compared here and not in the database: a full tower is more ids than a statement takes."""
    known = set(Presence.objects.filter(place_id=inside_of, inside=True).values_list("who", flat=True))
    for key, subject in Pass.objects.filter(_live(here, now)).values_list("id", "subject_id").iterator():
        if _is_inside(key, subject, known):
            yield key


def _is_inside(key: UUID, subject: UUID | None, known: set[str]) -> bool:
    return f"p:{key.hex}" in known or (subject is not None and f"s:{subject.hex}" in known)


def _used_once() -> Q:
    """Passes for one entry that had it: of those in force here, as a street of years of couriers fits no tablet."""
    return Q(Exists(Used.objects.filter(key=once_key(OuterRef("pk")), count__gt=0)), once=True)


def once_key(pass_id: str | OuterRef) -> Concat:
    """The counter of a pass for one entry. An id is 32 hex digits in SQLite, and has dashes in PostgreSQL."""
    digits = Replace(Cast(pass_id, TextField()), Value("-"), Value(""), output_field=TextField())
    return Concat(Value("once:"), digits, output_field=TextField())


def _no_outings(plan: GatesSection, day: int) -> Q:
    """Residents' permits whose household has used its outings of the present days."""
    if not plan.outings:
        return Q(pk__in=[])
    start, end = outing_key(ANY_OWNER, day, plan.outing_days).split(ANY_OWNER)
    rows = Used.objects.filter(key__startswith=start, key__endswith=end, count__gte=plan.outings)
    owners = [UUID(key.split(":")[1]) for key in rows.values_list("key", flat=True)]
    return Q(kind=PassKind.RESIDENT) & (Q(subject_id__in=owners) | Q(id__in=owners))


def cards(device: Device, now: datetime) -> dict[str, Any]:
    """What a typed number or plate stands for, by keyed hash. Rows: hash, id, kind, place, gate, enterprise, zone,
    from and until (seconds), arrival slot, good for one entry."""
    place = Place.objects.only("path").get(id=device.gate_id)
    here = list(Place.objects.filter(path__in=parent_paths(place.path)).values_list("id", flat=True))
    key = secrets.token_bytes(32)
    facts = {row.id: (row.number, _card(row)) for row in Pass.objects.filter(_live(here, now)).only(*CARD_FIELDS)}
    found = [[_hashed(key, number), *row] for number, row in facts.values()]
    plates = Vehicle.objects.filter(subject__passes__in=Pass.objects.filter(_live(here, now), kind=PassKind.VEHICLE))
    for plate, pass_id in plates.values_list("plate", F("subject__passes__id")):
        if pass_id in facts:
            found.append([_hashed(key, plate), *facts[pass_id][1]])
    return {"made_us": clock.to_us(now), "key": base64.b64encode(key).decode(), "rows": found}


def _card(row: Pass) -> list[Any]:
    gate = row.gate_id.hex if row.gate_id is not None else ""
    enterprise = row.enterprise_id.hex if row.enterprise_id is not None else ""
    return [
        row.id.hex, LETTERS[PassKind(row.kind)], row.place_id.hex, gate, enterprise, row.zone,
        row.from_us // clock.SECOND_US, row.until_us // clock.SECOND_US, row.slot_from, row.slot_until, row.once,
    ]  # fmt: skip


def _hashed(key: bytes, typed: str) -> str:
    return base64.b64encode(hmac.digest(key, typed.encode(), hashlib.sha256)[:HASH_BYTES]).decode()
