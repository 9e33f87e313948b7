"""Office buildings of the demonstration street: task forces, calendars, statements, supplies, measures of tenants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import Role
from fangxian.demo.tree import Ground
from fangxian.demo.workplaces_facts import MEASURES, BuildingFacts
from fangxian.places.models import Place
from fangxian.registry.models import Enterprise
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from fangxian.workplaces import plan, readiness
from fangxian.workplaces.actions import buildings, measures
from fangxian.workplaces.actions.buildings import LiftFacts
from fangxian.workplaces.models import MeasureKind, StatementKind, TaskRole
from fangxian.workplaces.queries.firms import buildings_of, used_in_a_day

CALENDAR_DAYS: Final = 14
SIGNER: Final = "项目经理"


@dataclass(frozen=True)
class Office:
    """One building with those of its task force who have accounts."""

    facts: BuildingFacts
    place: Place
    worker: Staff
    manager: Staff

    @property
    def by(self) -> str:
        return self.manager.actor


def offices(facts: Sequence[BuildingFacts], ground: Ground) -> list[Office]:
    """The party worker and the manager of each, as the posts were filled."""
    grids = {ground[one.building.grid].id: one for one in facts}
    held: dict[tuple[str, str], Staff] = {}
    rows = RoleGrant.objects.filter(
        role__in=(Role.BUILDING_PARTY_WORKER, Role.PROPERTY_MANAGER), place__in=list(grids)
    ).select_related("staff")
    for grant in rows.order_by("staff__created_at", "staff__username"):
        assert grant.place_id is not None
        # those with a password come first: the accounts that are printed
        key = (grant.role, grids[grant.place_id].building.code)
        if key not in held or (grant.staff.has_usable_password() and not held[key].has_usable_password()):
            held[key] = grant.staff
    return [
        Office(
            one, ground[one.building.code], held[Role.BUILDING_PARTY_WORKER, one.building.code],
            held[Role.PROPERTY_MANAGER, one.building.code],
        )
        for one in facts
    ]  # fmt: skip


def set_up(*, found: Sequence[Office], now: datetime) -> None:
    for office in found:
        with write_lock():
            _building(office, now)
            _task_force(office, now)
            _statements(office, now)
            _supplies(office, now)


def ask_for_what_lacks(*, now: datetime) -> int:
    """A duty for each role that nobody holds and for goods that do not last."""
    return readiness.check_buildings(now=now)


def _building(office: Office, now: datetime) -> None:
    facts = office.facts
    buildings.set_up(
        place=office.place, by=office.by, now=now,
        facts=buildings.BuildingFacts(
            facts.manager_firm, facts.people_cap, facts.firm_cap, facts.lobby_cap, facts.isolation_room
        ),
    )  # fmt: skip
    for lift in facts.lifts:
        made = LiftFacts(lift.name, lift.cap, lift.floor_from, lift.floor_until, lift.round_trip_seconds)
        buildings.add_lift(place=office.place, facts=made, by=office.by, now=now)
    buildings.check_isolation(place=office.place, by=office.by, now=now)


def _task_force(office: Office, now: datetime) -> None:
    holders = [
        (TaskRole.PARTY_WORKER, office.worker.name, office.worker),
        (TaskRole.MANAGER, office.manager.name, office.manager),
    ]
    for role, name, staff in holders:
        buildings.appoint(
            place=office.place, role=role, name=name, phone=staff.phone, staff=staff.id, by=office.by, now=now
        )
    for one in office.facts.members:
        buildings.appoint(
            place=office.place, role=TaskRole(one.role), name=one.name, deputy=one.deputy, by=office.by, now=now
        )
    buildings.roster_days(place=office.place, from_day=clock.local_day(now), days=CALENDAR_DAYS, by=office.by, now=now)


def _statements(office: Office, now: datetime) -> None:
    section = plan.plan_at(now).section
    for kind, words in ((StatementKind.MAIN, section.main_statement), (StatementKind.POSTS, section.posts_statement)):
        if words is not None:
            buildings.sign_building(
                place=office.place, kind=kind, text=words.zh, signer=office.manager.name, post=SIGNER, by=office.by,
                now=now,
            )  # fmt: skip


def _supplies(office: Office, now: datetime) -> None:
    """What the building itself uses: its own people, a twentieth of those who work there."""
    staff = max(4, office.facts.people // 20)
    for goods in plan.plan_at(now).section.goods:
        per_day = used_in_a_day(goods, staff)
        buildings.count_supply(
            holder=office.place.id, goods=goods.key, quantity=per_day * office.facts.supply_days, per_day=per_day,
            by=office.by, now=now, place=office.place,
        )  # fmt: skip


def declare_measures(*, found: Sequence[Office], codes: Mapping[str, str], by: str, now: datetime) -> int:
    """What the street's account tells of tenants, where they are tenants of this street; most were looked at. `codes`
    are credit codes by name."""
    held = {office.place.id: office for office in found}
    done = 0
    for facts in MEASURES:
        firm = Enterprise.objects.filter(uscc=codes.get(facts.enterprise, "")).first()
        places = buildings_of([firm.subject_id]) if firm is not None else []
        if firm is None or not places:
            continue
        row = measures.declare(
            enterprise=firm.subject_id, place=places[0], kind=MeasureKind(facts.kind), text=facts.text,
            since=clock.local_day(now) - timedelta(days=6), by=by, now=now,
        )  # fmt: skip
        if facts.holds is not None:
            measures.verify(measure=row, holds=facts.holds, by=held[places[0].id].worker.actor, now=now)
        done += 1
    return done
