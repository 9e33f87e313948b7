"""An address as people write it: one dwelling, or a person looks."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from django.db.models import QuerySet
from django.utils import translation

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties.models import OneOff
from fangxian.masks.actions import applications
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.register import register, writer
from fangxian.masks.addresses import dwellings_of, one_dwelling
from fangxian.masks.models import Application, ApplicationStatus, Attempt, Registration
from fangxian.masks.queries import registrations as queries
from fangxian.masks.rules import Code
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import PlaceKind
from fangxian.shared import clock
from tests.support.asks import ask
from tests.support.factories import MORNING
from tests.support.masks import MaskGround, make_round

pytestmark = pytest.mark.django_db(transaction=True)

OPEN = MORNING + timedelta(hours=1)
IDENTITY = "310105194802121233"


@pytest.fixture
def ground() -> Iterator[MaskGround]:
    with translation.override("en"):
        yield make_round()
    writer().stop()


@pytest.mark.parametrize(
    "written",
    [
        "虹桥路1000弄1号101室",
        "虹桥路1000弄1号101",
        "虹桥路 1000 弄 1 号 101 室",
        "虹桥路１０００弄１号１０１室",
        "虹橋路1000弄1號101室",
        "虹桥路一千弄一号一〇一室",
        "虹桥路1000弄1-101",
        "虹桥路1000弄1号楼101室",
        "上海市长宁区虹桥街道虹桥路1000弄1号101室",
        "长宁区虹桥路1000弄1幢101房",
        "何家角小区1号101室",
        "1000弄1号101室",
    ],
)
def test_one_dwelling_however_it_is_written(ground: MaskGround, written: str) -> None:
    found = one_dwelling(ground.street.street, written)
    assert found == ground.street.dwellings[0]


@pytest.mark.parametrize(
    "written",
    [
        "",
        "虹桥路1000弄",
        "虹桥路1000弄1号",
        "虹桥路1000弄9号101室",
        "虹桥路1000弄1号901室",
        "1号101室",
        "101室",
        "延安西路2000弄1号101室",
        "我家",
    ],
)
def test_nothing_is_guessed(ground: MaskGround, written: str) -> None:
    assert one_dwelling(ground.street.street, written) is None


def test_several_are_named_and_a_committee_narrows_them(ground: MaskGround) -> None:
    street, (first, second) = ground.street.street, ground.committees
    assert one_dwelling(street, "1号101室", first) == ground.street.dwellings[0]
    assert one_dwelling(street, "1号101室", second) == ground.street.dwellings[6]
    twin = NewPlace(PlaceKind.COMPOUND, "又一村", second.id, address="虹桥路1000弄")
    block = NewPlace(PlaceKind.BLOCK, "1号", twin.id)
    door = NewPlace(PlaceKind.DWELLING, "101室", block.id)
    places.add(places=[twin, block, door], by="test", now=MORNING)
    assert len(dwellings_of(street, "虹桥路1000弄1号101室")) == 2
    assert one_dwelling(street, "虹桥路1000弄1号101室") is None


def test_a_house_on_the_road_is_found_by_its_own_number(ground: MaskGround) -> None:
    compound = NewPlace(PlaceKind.COMPOUND, "沿街房", ground.committees[0].id)
    block = NewPlace(PlaceKind.BLOCK, "延安西路88号", compound.id, address="延安西路88号")
    door = NewPlace(PlaceKind.DWELLING, "202室", block.id)
    places.add(places=[compound, block, door], by="test", now=MORNING)
    found = one_dwelling(ground.street.street, "延安西路８８號202")
    assert found is not None
    assert found.id == door.id


def test_what_cannot_be_placed_is_kept_for_a_person(ground: MaskGround) -> None:
    one = ask(ground.round, address="虹桥路某处", document=IDENTITY, phone="13800138000", special="pregnant")
    first = applications.register_written(one, OPEN)
    again = applications.register_written(one, OPEN + timedelta(days=20))
    assert (first.status, first.code, again.status) == ("stored", Code.UNPLACED, "known")
    assert again.secret == first.secret
    kept = Application.objects.get()
    assert "虹桥路".encode() not in bytes(kept.sealed)
    assert queries.waiting_applications(ground.round, ground.committees[0]) == [kept]
    opened = applications.read_application(application=kept, by="s", now=OPEN)
    assert (opened.address, opened.special) == ("虹桥路某处", "")  # nobody is special by saying so
    assert Entry.objects.filter(act="masks.application.read").count() == 1


def test_a_person_places_it_as_of_when_it_came_in(ground: MaskGround) -> None:
    door, other = ground.street.dwellings[:2]
    one = ask(ground.round, address="虹桥路某处", document=IDENTITY)
    secret = applications.register_written(one, OPEN).secret
    register([ask(ground.round, other)], OPEN)
    after = clock.from_us(ground.round.register_until_us) + timedelta(hours=1)
    kept = Application.objects.get()
    answer = applications.place_application(application=kept, unit=door, by="s", now=after)
    assert (answer.status, answer.voucher) == ("stored", "R2-何家角-0002")
    row = Registration.objects.get(id=one.id)
    assert (row.received_us, row.unit, row.by, row.application) == (clock.to_us(OPEN), door.id, "s", kept)
    assert kept.status == ApplicationStatus.PLACED
    with pytest.raises(MaskError, match="decided already"):
        applications.place_application(application=kept, unit=other, by="s", now=after)
    found = queries.application_by_secret(secret)
    assert found is not None
    assert found.registration == row


def test_a_dwelling_that_is_taken_leaves_the_application_waiting(ground: MaskGround) -> None:
    door = ground.street.dwellings[0]
    register([ask(ground.round, door)], OPEN)
    applications.register_written(ask(ground.round, address="虹桥路某处"), OPEN)
    kept = Application.objects.get()
    with pytest.raises(MaskError, match="R2-何家角-0001"):
        applications.place_application(application=kept, unit=door, by="s", now=OPEN)
    kept.refresh_from_db()
    assert kept.status == ApplicationStatus.WAITING
    with pytest.raises(MaskError, match="Say why"):
        applications.refuse_application(application=kept, reason=" ", by="s", now=OPEN)
    applications.refuse_application(application=kept, reason="已由家人登记", by="s", now=OPEN)
    assert (kept.status, kept.reason) == (ApplicationStatus.REFUSED, "已由家人登记")
    assert queries.waiting_applications(ground.round) == []


def test_what_is_wrong_whatever_the_address_is_refused_at_once(ground: MaskGround) -> None:
    closing = clock.from_us(ground.round.register_until_us)
    late = applications.register_written(ask(ground.round, address="虹桥路某处"), closing)
    greedy = applications.register_written(ask(ground.round, address="虹桥路某处", wants={"adult": 50}), OPEN)
    assert [(one.status, one.code) for one in (late, greedy)] == [
        ("refused", Code.CLOSED), ("refused", Code.TOO_MANY),
    ]  # fmt: skip
    assert not Application.objects.exists()
    assert Attempt.objects.count() == 2


def test_the_desk_registers_a_written_address_without_a_document(ground: MaskGround) -> None:
    one = ask(ground.round, address="1号201室", channel="phone")
    answer = applications.register_written(one, OPEN, committee=ground.committees[0], by="s", trusted=True)
    assert (answer.status, Registration.objects.get().unit) == ("stored", ground.street.dwellings[1].id)


def of_applications() -> QuerySet[OneOff]:
    return OneOff.objects.filter(source__startswith="mask-application:")


def owing() -> set[UUID]:
    open_ = of_applications().filter(duty__last_us__isnull=True, duty__ended_us__isnull=True)
    return set(open_.values_list("duty__place", flat=True))


def test_an_address_that_waits_is_somebodys_duty_until_it_is_decided(ground: MaskGround) -> None:
    here, there = ground.committees
    written = [ask(ground.round, address="虹桥路某处", document=IDENTITY) for _n in range(2)]
    applications.register_written(written[0], OPEN)
    applications.register_written(written[1], OPEN, committee=here, by="s", trusted=True)
    applications.register_written(written[1], OPEN, committee=here, by="s", trusted=True)
    nobodys, ours = (Application.objects.get(id=one.id) for one in written)
    assert set(of_applications().values_list("role", "duty__place")) == {
        (Role.SECTION_HEAD, ground.street.street.id), (Role.COMMITTEE_SECRETARY, here.id),
    }  # fmt: skip
    assert of_applications().count() == 2
    with pytest.raises(MaskError, match="only the street"):
        applications.refuse_application(application=nobodys, reason="不是我们的", by="s", now=OPEN, desk=here)
    with pytest.raises(MaskError, match="only the street"):
        applications.pass_on(application=nobodys, committee=there, by="s", now=OPEN, desk=here)
    applications.pass_on(application=ours, committee=there, by="s", now=OPEN, desk=here)
    assert owing() == {ground.street.street.id, there.id}
    applications.refuse_application(application=nobodys, reason="查无此址", by="s", now=OPEN)
    applications.place_application(application=ours, unit=ground.street.dwellings[6], by="s", now=OPEN)
    assert owing() == set()


def test_an_id_alone_opens_nobodys_application(ground: MaskGround) -> None:
    one = ask(ground.round, address="虹桥路某处", document=IDENTITY, phone="13800138000")
    applications.register_written(one, OPEN)
    guessed = msgspec.structs.replace(one, document="", phone="", applicant="别人")
    answer = applications.register_written(guessed, OPEN)
    assert (answer.status, answer.secret) == ("known", "")
    assert Application.objects.count() == 1
