from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import Role
from fangxian.places import actions as places
from fangxian.places.models import Place, PlaceKind, PlaceMove
from fangxian.registry.models import Enterprise, Subject, SubjectKind
from fangxian.shared import clock
from tests.support.desk import NOW, at_desk
from tests.support.factories import Street, make_staff, make_street

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_eleven() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def street() -> Street:
    return make_street(1)


@pytest.fixture
def secretary(street: Street) -> Client:
    return at_desk(make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[0]))


@pytest.fixture
def admin(street: Street) -> Client:
    return at_desk(make_staff(Role.ADMINISTRATOR, street.street, "周敏"))


def _place(place: Place, page: str = "place") -> str:
    return reverse(f"places:{page}", args=[place.id])


def test_the_profile_tells_how_to_knock_there(street: Street, secretary: Client) -> None:
    compound = street.compounds[0]
    form = {"languages": ["zh", "ja"], "entries": "2", "hours": "18:30-20:30", "note": "北门夜里上锁"}
    assert secretary.post(_place(compound, "profile"), form).status_code == 302
    compound.refresh_from_db()
    assert compound.profile["languages"] == ["zh", "ja"]
    assert "北门夜里上锁" in secretary.get(_place(compound)).content.decode()
    assert secretary.post(_place(compound, "profile"), {"entries": "many"}).status_code == 400


def test_a_place_is_added_where_its_kind_may_stand(street: Street, secretary: Client) -> None:
    hood = street.neighbourhoods[0]
    assert secretary.post(_place(hood, "add"), {"add-kind": "grid", "add-name": "第3网格"}).status_code == 302
    assert Place.objects.get(name="第3网格", parent=hood).kind == PlaceKind.GRID
    assert secretary.post(_place(hood, "add"), {"add-kind": "dwelling", "add-name": "501室"}).status_code == 400
    block = street.blocks[0]
    form = {"add-kind": "dwelling", "add-name": "501室", "add-address": "虹桥路1000弄1号501室"}
    assert secretary.post(_place(block, "add"), form).status_code == 302
    assert Place.objects.get(name="501室").grid_id == block.grid_id


def test_a_place_is_moved_with_a_reason_that_stays(street: Street, admin: Client) -> None:
    block, target = street.blocks[0], street.compounds[1]
    assert admin.post(_place(block, "move"), {"to": str(target.id), "reason": ""}).status_code == 400
    assert admin.post(_place(block, "move"), {"to": str(target.id), "reason": "划归虹储"}).status_code == 302
    assert PlaceMove.objects.get(place=block).reason == "划归虹储"
    assert "划归虹储" in admin.get(_place(block)).content.decode()
    # a door tells it too, and one that came under the block afterwards does not
    assert "划归虹储" in admin.get(_place(street.doors_of(street.grids[0])[0])).content.decode()
    late, before = street.doors_of(street.grids[3])[0], Place.objects.get(id=block.id)
    places.move(place=late, to_parent=before, by="test", now=NOW + timedelta(hours=1), reason="合并门牌")
    page = admin.get(_place(late)).content.decode()
    assert "合并门牌" in page
    assert "划归虹储" not in page


def test_a_place_is_not_moved_out_of_reach(street: Street, secretary: Client) -> None:
    form = {"to": str(street.compounds[1].id), "reason": "想要"}
    assert secretary.post(_place(street.blocks[0], "move"), form).status_code == 400
    assert not PlaceMove.objects.exists()


def test_another_grid_is_laid_over_a_block_and_its_doors(street: Street, secretary: Client) -> None:
    block, grid = street.blocks[0], street.grids[1]
    assert secretary.post(_place(block, "grid"), {"grid": str(grid.id), "reason": "重新划格"}).status_code == 302
    assert {door.grid_id for door in Place.objects.filter(parent=block)} == {grid.id}
    other = street.grids[2]
    assert secretary.post(_place(block, "grid"), {"grid": str(other.id), "reason": "别处"}).status_code == 400


def test_a_grid_shows_what_it_covers(street: Street, secretary: Client) -> None:
    html = secretary.get(_place(street.grids[0])).content.decode()
    assert street.blocks[0].name in html
    assert _place(street.blocks[0]) in html


def test_a_grid_worker_looks_and_does_not_change(street: Street) -> None:
    client = at_desk(make_staff(Role.GRID_WORKER, street.grids[0]))
    html = client.get(_place(street.blocks[0])).content.decode()
    assert _place(street.blocks[0], "profile") not in html
    assert client.get(_place(street.blocks[1])).status_code == 404


NEW = {"username": "zhao.lei", "name": "赵磊", "phone": "", "role": "grid_worker", "enterprise": "", "until": ""}


def test_a_new_account_gets_a_password_that_is_shown_once(street: Street, admin: Client) -> None:
    html = admin.post(reverse("staff:new"), {**NEW, "place": str(street.grids[0].id)}).content.decode()
    staff = Staff.objects.get(username="zhao.lei")
    assert staff.must_change_password
    [password] = [word for word in html.replace("<", " ").replace(">", " ").split() if staff.check_password(word)]
    assert RoleGrant.objects.get(staff=staff).place_id == street.grids[0].id
    assert password not in admin.get(reverse("staff:account", args=[staff.id])).content.decode()


def test_a_taken_user_name_makes_nothing(street: Street, admin: Client) -> None:
    form = {**NEW, "place": str(street.grids[0].id)}
    admin.post(reverse("staff:new"), form)
    again = admin.post(reverse("staff:new"), form)
    assert again.status_code == 400
    assert "is taken" in again.content.decode()
    assert Staff.objects.filter(username="zhao.lei").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"username": "赵磊"}, {"role": ""}, {"role": "emperor"}, {"place": ""}, {"enterprise": "没有的公司", "place": ""}],
)
def test_a_wrong_field_makes_nothing(wrong: dict[str, str], street: Street, admin: Client) -> None:
    answer = admin.post(reverse("staff:new"), {**NEW, "place": str(street.grids[0].id), **wrong})
    assert answer.status_code == 400
    assert not Staff.objects.filter(name="赵磊").exists()


def test_enterprise_staff_hold_their_role_for_the_enterprise(street: Street, admin: Client) -> None:
    subject = Subject.objects.create(kind=SubjectKind.ENTERPRISE, label="强生轻工", created_us=clock.to_us(NOW))
    Enterprise.objects.create(subject=subject, name="强生轻工", name_key="强生轻工")
    form = {**NEW, "role": "enterprise_hr", "place": "", "enterprise": "强生轻工"}
    assert admin.post(reverse("staff:new"), form).status_code == 200
    staff = Staff.objects.get(username="zhao.lei")
    assert RoleGrant.objects.get(staff=staff).subject == subject.id
    assert "强生轻工" in admin.get(reverse("staff:account", args=[staff.id])).content.decode()
    part = at_desk(make_staff(Role.ADMINISTRATOR, street.neighbourhoods[0]))
    grant = RoleGrant.objects.get(staff=staff)
    assert part.get(reverse("staff:account", args=[staff.id])).status_code == 404
    assert part.post(reverse("staff:end-role", args=[staff.id, grant.id])).status_code == 404


def test_a_role_is_given_and_ended(street: Street, admin: Client, at_eleven: time_machine.Traveller) -> None:
    staff = make_staff(Role.VOLUNTEER, street.grids[0], "孙强")
    until = clock.local(NOW + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M")
    form = {"role": "gate_guard", "place": str(street.compounds[0].id), "enterprise": "", "until": until}
    assert admin.post(reverse("staff:give-role", args=[staff.id]), form).status_code == 302
    shift = RoleGrant.objects.get(staff=staff, role=Role.GATE_GUARD)
    assert shift.until == NOW + timedelta(hours=8)
    at_eleven.shift(timedelta(minutes=1))
    assert admin.post(reverse("staff:end-role", args=[staff.id, shift.id])).status_code == 302
    shift.refresh_from_db()
    assert shift.until == NOW + timedelta(minutes=1)
    assert admin.post(reverse("staff:end-role", args=[staff.id, shift.id])).status_code == 404


def test_an_administrator_keeps_their_own_account(street: Street) -> None:
    staff = make_staff(Role.ADMINISTRATOR, street.street)
    at_desk(staff).post(reverse("staff:switch", args=[staff.id]))
    assert Staff.objects.get(id=staff.id).is_active


def test_an_account_goes_off_and_on(street: Street, admin: Client) -> None:
    staff = make_staff(Role.VOLUNTEER, street.grids[0])
    for active in (False, True):
        admin.post(reverse("staff:switch", args=[staff.id]))
        assert Staff.objects.get(id=staff.id).is_active is active


def test_accounts_are_listed_by_name_and_role_a_page_at_a_time(
    street: Street, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("孙强", "孙敏", "孙静"):
        make_staff(Role.VOLUNTEER, street.grids[0], name)
    monkeypatch.setattr("fangxian.console.staff.reads.PAGE_ROWS", 2)
    first = admin.get(reverse("staff:list"), {"role": "volunteer"}).context["page"]
    rest = admin.get(reverse("staff:list"), {"role": "volunteer", "page": first.next}).context["page"]
    back = admin.get(reverse("staff:list"), {"role": "volunteer", "page": rest.previous}).context["page"]
    assert (len(first.rows), len(rest.rows)) == (2, 1)
    assert [row.id for row in back.rows] == [row.id for row in first.rows]
    assert [row.name for row in admin.get(reverse("staff:list"), {"q": "孙静"}).context["page"].rows] == ["孙静"]


def test_the_guide_tells_the_next_step_of_an_empty_street(street: Street, admin: Client) -> None:
    answer = admin.get(reverse("first-steps"))
    steps = answer.context["steps"]
    assert [step.next for step in steps].count(True) == 1
    assert not steps[-1].done
    assert reverse("rounds:list") in answer.content.decode()


def test_the_first_page_of_an_empty_street_leads_to_the_guide(admin: Client) -> None:
    Place.objects.filter(kind=PlaceKind.DWELLING).delete()
    assert reverse("first-steps") in admin.get("/").content.decode()


def test_place_and_account_pages_stay_within_twelve_queries(
    street: Street, admin: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    admin.get("/")
    addresses = [
        _place(street.street), _place(street.compounds[0]), _place(street.dwellings[0]), reverse("staff:list"),
        reverse("staff:new"), reverse("account:me"), reverse("first-steps"),
    ]  # fmt: skip
    for address in addresses:
        with django_assert_max_num_queries(12):
            assert admin.get(address).status_code == 200
