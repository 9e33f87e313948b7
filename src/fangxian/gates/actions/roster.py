"""Passes for everybody on a list: an employer's people, a compound's households, its vehicles.

Whoever has a pass that is not over and not revoked is left out, so a roster may be issued again at any time.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from fangxian.gates.actions.passes import NewPass, issue_missing, live_holders
from fangxian.gates.models import Pass, PassKind
from fangxian.gates.plan import plan_at
from fangxian.gates.playbook import ZoneRule
from fangxian.gates.single import key_of
from fangxian.places.models import Place, PlaceKind, parent_paths, subtree
from fangxian.registry.models import Attachment, Enterprise, Household, Person, Relation, SubjectKind, Vehicle
from fangxian.shared import clock

HEADS: Final = frozenset({"户主", "本人", "self", "head", "householder"})
CURRENT: Final = Q(until__isnull=True, subject__merged_into__isnull=True)
_FLOOR: Final = re.compile(r"^(?P<below>地下|负|-|b)?\s*(?P<number>\d+)", re.IGNORECASE)
_ROOM: Final = re.compile(r"(?P<floor>\d{1,2})\d{2}(?!\d)")


def issue_roster(*, enterprise_id: UUID, place_id: UUID, by: str, now: datetime) -> list[Pass]:
    """Employee passes for `place_id` (a building) for all who are employed there and have none."""
    return issue_missing(passes=for_roster(enterprise_id=enterprise_id, place_id=place_id, now=now), by=by, now=now)


def for_roster(*, enterprise_id: UUID, place_id: UUID, now: datetime) -> list[NewPass]:
    """What `issue_roster` would issue now, to be shown before it is done."""
    plan = plan_at(now).section
    place = Place.objects.get(id=place_id)
    enterprise = Enterprise.objects.get(subject_id=enterprise_id)
    people = list(
        Person.objects.filter(subject_id__in=_current(Relation.EMPLOYED, other_id=enterprise_id)).order_by("subject_id")
    )
    held = live_holders([person.subject_id for person in people], now)
    people = [row for row in people if key_of(PassKind.EMPLOYEE, row.subject_id, place_id, enterprise_id) not in held]
    desks = _desks([person.subject_id for person in people], place)
    rule_of = _rules_by_place(place, plan.zones)
    common = _one(rule_of, _rooms(enterprise_id, place))
    from_us, until_us = _period(now, plan.employee_days)
    new = list[NewPass]()
    for person in people:
        rule = _one(rule_of, desks[person.subject_id]) if person.subject_id in desks else common
        zone, slot_from, slot_until = _zone_of(rule)
        new.append(
            NewPass(
                kind=PassKind.EMPLOYEE, subject_id=person.subject_id, place_id=place_id, holder=person.name,
                company=enterprise.name, enterprise_id=enterprise_id, photo=person.photo, from_us=from_us,
                until_us=until_us, zone=zone, slot_from=slot_from, slot_until=slot_until,
            )
        )  # fmt: skip
    return new


def zone_of_person(
    *, person_id: UUID, enterprise_id: UUID | None, place: Place, now: datetime
) -> tuple[str, int | None, int | None]:
    """Letter and arrival slot by the floor of the desk, else of the employer's rooms, as `issue_roster` gives them."""
    rule_of = _rules_by_place(place, plan_at(now).section.zones)
    desks = _desks([person_id], place).get(person_id)
    if desks is None:
        desks = _rooms(enterprise_id, place) if enterprise_id else set()
    return _zone_of(_one(rule_of, desks))


def issue_households(*, place_id: UUID, by: str, now: datetime) -> list[Pass]:
    """Resident permits for the households of a compound that have none.

    A permit shows a name and no address: that of the householder, else of somebody of the household. A household of
    whom nobody is known gets none.
    """
    return issue_missing(passes=for_households(place_id=place_id, now=now), by=by, now=now)


def for_households(*, place_id: UUID, now: datetime) -> list[NewPass]:
    """What `issue_households` would issue now, to be shown before it is done."""
    place = Place.objects.get(id=place_id)
    homes = dict(
        Household.objects.filter(subtree("dwelling__path", place.path), ended_on=None, subject__merged_into=None)
        .order_by("dwelling__path").values_list("subject_id", "dwelling_id")
    )  # fmt: skip
    held = live_holders(list(homes), now)
    homes = {key: door for key, door in homes.items() if key_of(PassKind.RESIDENT, key, place_id) not in held}
    names = household_names(homes)
    from_us, until_us = _period(now, plan_at(now).section.resident_days)
    return [
        NewPass(
            kind=PassKind.RESIDENT, subject_id=key, place_id=place_id, holder=names[key], from_us=from_us,
            until_us=until_us,
        )
        for key in homes if key in names
    ]  # fmt: skip


def issue_vehicles(*, place_id: UUID, by: str, now: datetime) -> list[Pass]:
    """Vehicle passes for what is parked at a place and has none. The plate is the holder's name."""
    return issue_missing(passes=for_vehicles(place_id=place_id, now=now), by=by, now=now)


def for_vehicles(*, place_id: UUID, now: datetime) -> list[NewPass]:
    """What `issue_vehicles` would issue now, to be shown before it is done."""
    place = Place.objects.get(id=place_id)
    rows = Attachment.objects.filter(CURRENT, subtree("place__path", place.path), relation=Relation.PARKS)
    vehicles = list(Vehicle.objects.filter(subject_id__in=rows.values("subject_id")).order_by("plate"))
    held = live_holders([row.subject_id for row in vehicles], now)
    from_us, until_us = _period(now, plan_at(now).section.vehicle_days)
    return [
        NewPass(
            kind=PassKind.VEHICLE, subject_id=row.subject_id, place_id=place_id, holder=row.plate, from_us=from_us,
            until_us=until_us,
        )
        for row in vehicles if key_of(PassKind.VEHICLE, row.subject_id, place_id) not in held
    ]  # fmt: skip


def floor_of(kind: str, name: str) -> int | None:
    """The number of a floor, below ground negative; a room's by its number (1203 is on 12). None where unclear."""
    if kind == PlaceKind.FLOOR and (found := _FLOOR.match(name.strip())):
        number = int(found["number"])
        return -number if found["below"] else number
    if kind == PlaceKind.UNIT and (room := _ROOM.search(name)):
        return int(room["floor"])
    return None


def _current(relation: Relation, **target: UUID) -> list[UUID]:
    rows = Attachment.objects.filter(CURRENT, relation=relation, subject__kind=SubjectKind.PERSON, **target)
    return list(rows.values_list("subject_id", flat=True))


def _period(now: datetime, days: int) -> tuple[int, int]:
    """From now to the end of the local day so many days on."""
    last = clock.local_day(now) + timedelta(days=max(days, 1))
    return clock.to_us(now), clock.day_start_us(last)


def _rooms(enterprise_id: UUID, place: Place) -> set[UUID]:
    rows = Attachment.objects.filter(
        subtree("place__path", place.path), subject_id=enterprise_id, relation=Relation.TENANT, until__isnull=True
    )
    return set(rows.values_list("place_id", flat=True))


def _desks(people: Sequence[UUID], place: Place) -> dict[UUID, set[UUID]]:
    """Where in the place each person works, for those of whom it is known more closely than the place itself."""
    found: dict[UUID, set[UUID]] = {}
    rows = Attachment.objects.filter(
        subtree("place__path", place.path), subject_id__in=people, relation=Relation.WORKS, until__isnull=True
    ).exclude(place_id=place.id)
    for person, desk in rows.values_list("subject_id", "place_id"):
        found.setdefault(person, set()).add(desk)
    return found


def _rules_by_place(place: Place, rules: Sequence[ZoneRule]) -> dict[UUID, ZoneRule]:
    """The zone of each floor of the place and of the rooms on it, by the plan's groups of floors."""
    if not rules:
        return {}
    floors: dict[str, int] = {}
    found: dict[UUID, ZoneRule] = {}
    inside = Place.objects.filter(subtree("path", place.path), kind__in=(PlaceKind.FLOOR, PlaceKind.UNIT)).order_by(
        "path"
    )
    for row in inside.only("id", "kind", "name", "path"):
        above = next((floors[path] for path in parent_paths(row.path)[1:] if path in floors), None)
        number = above if above is not None else floor_of(row.kind, row.name)
        if number is None:
            continue
        floors[row.path] = number
        rule = next((rule for rule in rules if rule.floors[0] <= number <= rule.floors[1]), None)
        if rule is not None:
            found[row.id] = rule
    return found


def _one(rule_of: Mapping[UUID, ZoneRule], places: set[UUID]) -> ZoneRule | None:
    """The zone that all of `places` are in. Who belongs to several floors' zones gets none, and any of their doors."""
    rules = [rule_of.get(key) for key in places]
    return rules[0] if rules and all(rule == rules[0] for rule in rules) else None


def _zone_of(rule: ZoneRule | None) -> tuple[str, int | None, int | None]:
    """Letter and arrival slot."""
    if rule is None:
        return "", None, None
    if rule.arrive_from is None or rule.arrive_until is None or rule.arrive_from >= rule.arrive_until:
        return rule.letter, None, None
    return rule.letter, rule.arrive_from, rule.arrive_until


def household_names(homes: Mapping[UUID, UUID]) -> dict[UUID, str]:
    """Whose name a household's permit shows: the householder's, else that of somebody behind its door."""
    names: dict[UUID, str] = {}
    members = Attachment.objects.filter(CURRENT, relation=Relation.MEMBER, other_id__in=homes)
    rows = members.order_by("since", "subject_id").values_list("other_id", "role", "subject__person__name")
    heads: dict[UUID, str] = {}
    for household, role, name in rows:
        if name:
            names.setdefault(household, name)
            if role.strip().lower() in HEADS:
                heads.setdefault(household, name)
    names |= heads
    missing = {door: key for key, door in homes.items() if key not in names}
    living = Attachment.objects.filter(CURRENT, relation=Relation.LIVES, place_id__in=missing)
    for found, name in living.order_by("since", "subject_id").values_list("place_id", "subject__person__name"):
        if name:
            names.setdefault(missing[found], name)
    return names
