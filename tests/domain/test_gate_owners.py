"""Who is called when nobody stands at a gate: whoever answers for its place, and then further up."""

from datetime import date, time, timedelta

import pytest

from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.duties.actions.sweep import sweep
from fangxian.duties.models import Gap
from fangxian.duties.owners import Owner, Owners
from fangxian.places.models import Place
from fangxian.rota import actions as rota
from tests.support import playbooks
from tests.support.factories import MORNING, Street, make_staff, make_street
from tests.support.gates import make_gate, make_office

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
EARLIER = MORNING - timedelta(hours=1)
LAPSED = MORNING + 11 * MINUTE
"""The slot began at eight, and ten minutes of grace are over."""


@pytest.fixture(params=playbooks.NAMES)
def street(request: pytest.FixtureRequest, db: None) -> Street:
    made = make_street(now=EARLIER)
    duties.apply_playbook(plan=playbooks.plan(request.param), effective_at=EARLIER, by="test", now=EARLIER)
    make_staff(Role.COMMITTEE_SECRETARY, made.neighbourhoods[0], "陈书记")
    make_staff(Role.SECTION_HEAD, made.street, "何科长")
    return made


def owner(gate: Place, minutes: int = 0) -> Owner:
    """Who owns the gap of this gate so many minutes after it opened."""
    gap = Gap.objects.select_related("duty__rule", "duty__place", "duty__node").get(duty__place=gate)
    return Owners([gap.duty], LAPSED + minutes * MINUTE).of_gap(gap)


def leave_unstaffed(gate: Place) -> None:
    post = rota.open_post(place=gate, by="test", now=EARLIER)
    rota.plan_day(post=post, day=date(2020, 2, 17), times=[(time(8), time(16))], by="test", now=EARLIER)
    sweep(now=LAPSED, polite=False)


def test_it_begins_with_the_manager_of_the_building(street: Street) -> None:
    office = make_office(street, now=EARLIER)
    manager = make_staff(Role.PROPERTY_MANAGER, office.building, "赵敏")
    leave_unstaffed(office.front)

    assert owner(office.front).includes(manager.id)
    assert owner(office.front, 30).role == Role.COMMITTEE_SECRETARY


def test_it_begins_with_the_committee_where_nobody_manages_the_place(street: Street) -> None:
    gate = make_gate(street.compounds[0], now=EARLIER)
    leave_unstaffed(gate)

    assert owner(gate).role == Role.COMMITTEE_SECRETARY
    assert [person.name for person in owner(gate).people] == ["陈书记"]


def test_it_asks_no_manager_of_another_building(street: Street) -> None:
    office, other = make_office(street, now=EARLIER), make_office(street, "另一幢楼", now=EARLIER)
    make_staff(Role.PROPERTY_MANAGER, other.building, "周经理")
    leave_unstaffed(office.front)

    assert owner(office.front).role == Role.COMMITTEE_SECRETARY


@pytest.mark.parametrize("street", [playbooks.COVID], indirect=True)
def test_it_calls_the_party_worker_of_a_building_next(street: Street) -> None:
    office = make_office(street, now=EARLIER)
    make_staff(Role.PROPERTY_MANAGER, office.building, "赵敏")
    worker = make_staff(Role.BUILDING_PARTY_WORKER, office.building, "沈洁")
    leave_unstaffed(office.front)

    assert owner(office.front).role == Role.PROPERTY_MANAGER
    assert owner(office.front, 15).includes(worker.id)
