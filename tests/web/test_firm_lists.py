"""Lists that an enterprise's own people send: for their enterprise, and for nobody else."""

from collections.abc import Iterator

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from fangxian.accounts import actions as accounts
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.imports import actions
from fangxian.registry.models import (
    Attachment,
    Candidate,
    Enterprise,
    ImportBatch,
    ImportKind,
    Person,
    Relation,
    Subject,
    SubjectKind,
)
from fangxian.shared import clock
from fangxian.shared.text import name_key
from tests.support import lists, workbooks
from tests.support.desk import NOW, at_desk
from tests.support.factories import MORNING, PASSWORD, Street, make_staff, make_street

HEAD = ["姓名", "身份证号", "工作单位", "性别"]


def _firm(name: str, building: Place) -> Subject:
    subject = Subject.objects.create(kind=SubjectKind.ENTERPRISE, label=name, created_us=clock.to_us(MORNING))
    Enterprise.objects.create(subject=subject, name=name, name_key=name_key(name))
    Attachment.objects.create(
        subject=subject, relation=Relation.TENANT, place=building, since=clock.local_day(MORNING), source="test"
    )
    return subject


@pytest.fixture
def street(db: None) -> Iterator[Street]:
    with time_machine.travel(NOW, tick=False):
        yield make_street()


@pytest.fixture
def building(street: Street) -> Place:
    made = NewPlace(PlaceKind.BUILDING, "尚嘉中心", street.neighbourhoods[0].id, address="仙霞路99号")
    return places.add(places=[made], by="test", now=MORNING)[0]


@pytest.fixture
def hr(building: Place) -> Staff:
    staff = accounts.create_staff(username="hr", name="林小姐", password=PASSWORD, by="test", now=NOW)
    firm = _firm("晨光文具有限公司", building)
    accounts.grant(staff=staff, role=Role.ENTERPRISE_HR, subject=firm.id, by="test", now=NOW)
    return staff


def _send(desk: Client, place: Place, rows: workbooks.Rows) -> ImportBatch:
    data = {
        "kind": "persons", "place": str(place.id), "year": "2020",
        "file": SimpleUploadedFile("员工.xlsx", workbooks.xlsx(rows)),
    }  # fmt: skip
    answer = desk.post(reverse("imports:home"), data)
    assert answer.status_code == 302, answer.content.decode()
    batch = ImportBatch.objects.latest("id")
    desk.post(reverse("imports:confirm", kwargs={"batch_id": batch.id}))
    actions.commit_next(now=clock.now())
    batch.refresh_from_db()
    return batch


def test_everybody_on_the_list_works_for_the_senders_enterprise(hr: Staff, building: Place) -> None:
    batch = _send(at_desk(hr), building, [HEAD, ["王建国", lists.WANG, None, "男"]])
    assert lists.counts(batch) == (1, 0, 0, 0)
    employed = Attachment.objects.get(relation=Relation.EMPLOYED)
    assert employed.other is not None
    assert employed.other.label == "晨光文具有限公司"


def test_a_row_of_another_enterprise_is_refused(hr: Staff, building: Place) -> None:
    _firm("别家贸易有限公司", building)
    batch = _send(at_desk(hr), building, [HEAD, ["王建国", lists.WANG, "别家贸易有限公司", "男"]])
    assert lists.counts(batch) == (0, 0, 0, 1)
    assert not Person.objects.exists()
    assert "晨光文具有限公司" in str(lists.report(batch))


def test_an_enterprise_does_not_change_what_the_committee_wrote(hr: Staff, building: Place, street: Street) -> None:
    hood = street.neighbourhoods[0]
    lists.send([lists.PERSON_HEAD, ["王建国", lists.WANG, None, "1000弄1号101室"]], ImportKind.PERSONS, hood)
    Person.objects.update(note="独居", name="王健国", name_key=name_key("王健国"))
    _send(at_desk(hr), building, [[*HEAD, "备注"], ["王建国", lists.WANG, None, "男", "经理"]])
    person = Person.objects.get()
    assert (person.name, person.note) == ("王健国", "独居")
    assert Attachment.objects.filter(relation=Relation.EMPLOYED, subject_id=person.pk).exists()


def test_the_committee_of_the_building_is_not_limited(building: Place, hr: Staff, street: Street) -> None:
    _firm("别家贸易有限公司", building)
    secretary = at_desk(make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[0]))
    batch = _send(secretary, building, [HEAD, ["王建国", lists.WANG, "别家贸易有限公司", "男"]])
    assert lists.counts(batch) == (1, 0, 0, 0)


def test_an_enterprise_neither_sees_nor_decides_doubles(hr: Staff, building: Place, street: Street) -> None:
    older = ["陈大文", None, 13800138000, "1000弄1号101室"]
    lists.send([lists.PERSON_HEAD, older], ImportKind.PERSONS, street.neighbourhoods[0])
    newer = ["CHEN DAWEN", None, 13800138000, "1000弄1号201室"]
    desk = at_desk(hr)
    batch = _send(desk, building, [lists.PERSON_HEAD, newer])
    candidate = Candidate.objects.get(batch=batch)
    assert "陈大文" not in desk.get(reverse("imports:batch", kwargs={"batch_id": batch.id})).content.decode()
    for name in ("decide", "undo"):
        answer = desk.post(reverse(f"imports:{name}", kwargs={"candidate_id": candidate.id}), {"same": "1"})
        assert answer.status_code == 404
    candidate.refresh_from_db()
    assert candidate.verdict == "open"


def test_an_employee_has_a_home_here_or_in_another_district(hr: Staff, building: Place, street: Street) -> None:
    rows = [
        ["姓名", "联系电话", "住址"],
        ["王建国", 13800138000, "1000弄1号101室"],
        ["李小红", 13800138001, "上海市浦东新区世纪大道100号201室"],
        ["赵敏", 13800138002, "不知道什么小区1号101室"],
    ]
    batch = _send(at_desk(hr), building, rows)
    assert lists.counts(batch) == (2, 0, 0, 1)
    assert Attachment.objects.get(relation=Relation.LIVES).place in street.dwellings
    assert Attachment.objects.filter(relation=Relation.WORKS, place=building).count() == 2
