"""Two neighbourhoods with the same things in each, and people at their desks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.test import Client

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.console.view import EPOCH_KEY, SIGNED_IN_KEY
from fangxian.duties import actions as duties
from fangxian.duties.actions.sweep import sweep
from fangxian.duties.models import Duty, Gap
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Document, DocumentKind, Person, Phone
from fangxian.screening import actions as screening
from fangxian.screening.models import Round
from fangxian.shared import clock, crypto
from fangxian.shared.ids import new_id
from tests.support import playbooks
from tests.support.factories import MORNING, Street, enrol_places, make_person, make_staff, make_street, make_vehicle

NOW = MORNING + timedelta(hours=3)
"""11:00 of the morning on which the desks are opened."""
RESIDENT_ID = "310105196003030013"
PHONE = "+8613912345678"


@dataclass
class Side:
    """What one of the two neighbourhoods holds."""

    hood: Place
    grid: Place
    area: Place
    door: Place
    person: Person
    gap: Gap
    given: Duty
    worker: Staff
    round: Round


@dataclass
class Desks:
    street: Street
    here: Side
    there: Side


def _numbers(person: Person) -> None:
    document, phone = new_id(), new_id()
    Document.objects.create(
        id=document, subject=person.subject, kind=DocumentKind.RESIDENT_ID, country="CN",
        number_sealed=crypto.seal(RESIDENT_ID, Document.aad(document)),
        number_index=crypto.blind(f"{RESIDENT_ID}{person.pk}", "document"), mask="310105********0013", verified=True,
    )  # fmt: skip
    Phone.objects.create(
        id=phone, subject=person.subject, sealed=crypto.seal(PHONE, Phone.aad(phone)),
        index=crypto.blind(PHONE, "phone"), last4_index=crypto.blind(PHONE[-4:], "phone-last4"), mask="139****5678",
    )  # fmt: skip


def _side(street: Street, number: int, morning: datetime) -> Side:
    now = morning + timedelta(hours=3)
    hood, grid = street.neighbourhoods[number], street.grids[number * 2]
    door = street.doors_of(grid)[0]
    [area] = places.add(
        places=[NewPlace(PlaceKind.AREA, "1号门厅", street.blocks[number * 2].id, area_type="lobby")],
        by="test",
        now=morning,
    )
    person = make_person(("王秀英", "李桂兰")[number], door, now=morning)
    _numbers(person)
    make_vehicle(("沪A12345", "沪AD54321")[number], street.compounds[number], now=morning)
    worker = make_staff(Role.GRID_WORKER, grid, ("陈磊", "周敏")[number], now=morning)
    made = screening.open_round(
        title="第二轮排摸", place=hood, kinds=["doors", "people", "vehicles"], opens_at=morning,
        due_at=morning + timedelta(hours=1), by="test", now=morning, polite=False,
    )  # fmt: skip
    given = duties.give(
        title="检查北门门锁", place=hood, until=now + timedelta(hours=8), by="test", now=morning,
        role=Role.COMMITTEE_SECRETARY,
    )  # fmt: skip
    # the gap is set once both sides have been swept
    return Side(hood, grid, area, door, person, Gap(), given, worker, made)


def make_desks(morning: datetime = MORNING) -> Desks:
    """The plan in force, a round that has just run out in each neighbourhood, and so a gap at every door and person."""
    now, street = morning + timedelta(hours=3), make_street(now=morning)
    duties.apply_playbook(plan=playbooks.plan(), effective_at=morning, by="test", now=morning)
    desks = Desks(street, _side(street, 0, morning), _side(street, 1, morning))
    enrol_places([desks.here.area, desks.there.area], "area:lobby", now=morning)
    sweep(now=now, polite=False)
    for side in (desks.here, desks.there):
        side.gap = Gap.objects.get(duty__subject=side.person.subject, rule__key="person-round")
    return desks


def at_desk(staff: Staff, *, language: str = "en", now: datetime = NOW) -> Client:
    """A browser in which this person is signed in."""
    client = Client(headers={"accept-language": language})
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[EPOCH_KEY], session[SIGNED_IN_KEY] = staff.session_epoch, clock.to_us(now)
    session.save()
    return client
