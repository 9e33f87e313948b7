"""Passes at the desk: the list, one pass, issuing one and many, and the PDFs."""

import re
from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.gates.actions import passes
from fangxian.gates.models import Pass, PassKind, PassStatus
from fangxian.registry.models import Attachment, Enterprise, Household, Person, Relation, Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support.desk import NOW, at_desk
from tests.support.factories import MORNING, Street, make_person, make_staff, make_vehicle
from tests.support.gates import Office, employee_pass, make_enterprise, resident_permit

pytestmark = pytest.mark.django_db
COMPANY = "银杏贸易有限公司"


@pytest.fixture(autouse=True)
def eleven() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def secretary(street: Street) -> Client:
    return at_desk(make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[0]), language="zh-hans")


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def change(client: Client, permit: Pass, what: str, reason: str = "证件遗失") -> HttpResponse:
    address = reverse("passes:change", args=[permit.id])
    answer: HttpResponse = client.post(address, {"what": what, "reason": reason}, follow=True)
    return answer


def test_the_list_holds_the_passes_within_reach(street: Street, office: Office, secretary: Client) -> None:
    employee_pass(office.building, street.dwellings[0])
    elsewhere = next(place for place in street.compounds if not place.path.startswith(street.neighbourhoods[0].path))
    resident_permit(elsewhere, street.doors_of(street.grids[2])[0])
    body = text(secretary.get("/passes/"))
    assert "李雷" in body
    assert "李家" not in body


def test_the_list_is_narrowed_without_a_name_in_the_address(street: Street, office: Office, secretary: Client) -> None:
    employee_pass(office.building, street.dwellings[0])
    permit = employee_pass(office.building, street.dwellings[1], "韩梅梅")
    assert "李雷" not in text(secretary.post("/passes/", {"words": "韩梅"}))
    assert "韩梅梅" in text(secretary.post("/passes/", {"words": f"{permit.number[:5]}-{permit.number[5:].lower()}"}))
    assert "李雷" not in text(secretary.post("/passes/", {"kind": "vehicle"}))
    passes.suspend(passes=[permit], reason="居家观察", by="test", now=NOW)
    body = text(secretary.post("/passes/", {"status": "suspended", "current": "on"}))
    assert "韩梅梅" in body
    assert "李雷" not in body


def test_a_pass_outside_of_reach_is_not_there(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    other = at_desk(make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[1]))
    for name in ("story", "card"):
        assert other.get(reverse(f"passes:{name}", args=[permit.id])).status_code == 404
    assert change(other, permit, "revoke").status_code == 404
    permit.refresh_from_db()
    assert permit.status == PassStatus.LIVE


def test_a_pass_is_suspended_restored_and_revoked_with_a_reason(
    street: Street, office: Office, secretary: Client
) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    assert "<svg" in text(secretary.get(reverse("passes:story", args=[permit.id])))
    assert change(secretary, permit, "suspend", reason=" ").status_code == 400
    for what, status in (("suspend", "suspended"), ("restore", "live"), ("revoke", "revoked")):
        body = text(change(secretary, permit, what))
        permit.refresh_from_db()
        assert permit.status == status
    assert "<svg" not in body
    assert body.count("<li><strong>") == 4, "issued, suspended, restored, revoked"
    assert 'name="what"' not in body
    change(secretary, permit, "restore")
    permit.refresh_from_db()
    assert permit.status == PassStatus.REVOKED


def test_a_pass_is_replaced(street: Street, office: Office, secretary: Client) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    change(secretary, permit, "reissue")
    new = Pass.objects.get(replaces=permit)
    assert reverse("passes:story", args=[new.id]) in text(secretary.get(reverse("passes:story", args=[permit.id])))


def test_a_visitor_gets_a_pass_for_one_gate_and_one_day(office: Office, secretary: Client) -> None:
    sent = {"kind": "visitor", "place": office.building.id, "gate": office.front.id, "holder": "王芳",
            "begins": "2020-02-17", "once": "on"}  # fmt: skip
    assert secretary.post("/passes/issue/", sent).status_code == 302
    permit = Pass.objects.get()
    assert (permit.kind, permit.gate_id, permit.once) == (PassKind.VISITOR, office.front.id, True)
    assert permit.from_us == clock.to_us(NOW)
    assert permit.until_us == clock.day_start_us(clock.local_day(NOW)) + clock.DAY_US


@pytest.mark.parametrize(
    "wrong", [{"holder": ""}, {"gate": ""}, {"begins": "2020-02-16"}, {"begins": "nonsense"}, {"place": str(new_id())}]
)
def test_what_cannot_be_a_pass_is_refused_with_the_reason(
    office: Office, secretary: Client, wrong: dict[str, str]
) -> None:
    sent = {"kind": "visitor", "place": office.building.id, "gate": office.front.id, "holder": "王芳",
            "begins": "2020-02-17"} | wrong  # fmt: skip
    answer = secretary.post("/passes/issue/", sent)
    assert answer.status_code == 400
    assert "error" in text(answer)
    assert not Pass.objects.exists()


def firm_of(office: Office, street: Street, names: tuple[str, ...]) -> tuple[Subject, list[Person]]:
    company = make_enterprise(COMPANY)
    Enterprise.objects.create(subject=company, name=COMPANY, name_key=COMPANY)
    common = {"since": MORNING.date(), "source": "test"}
    Attachment.objects.create(subject=company, relation=Relation.TENANT, place=office.building, **common)
    people = [make_person(name, street.dwellings[0]) for name in names]
    for person in people:
        Attachment.objects.create(subject=person.subject, relation=Relation.EMPLOYED, other=company, **common)
    return company, people


def issuing(client: Client, kind: str, **sent: object) -> HttpResponse:
    days = {"begins": "2020-02-17", "ends": "2020-03-17"}
    answer: HttpResponse = client.post("/passes/issue/", {"kind": kind, "step": "find"} | days | sent)
    return answer


class TestOneForSomebodyOfTheRegister:
    def test_an_employee_is_found_and_the_pass_is_theirs(
        self, street: Street, office: Office, secretary: Client
    ) -> None:
        company, (person, _other) = firm_of(office, street, ("李雷", "韩梅梅"))
        make_person("李雷鸣", street.dwellings[1])
        asked = {"place": str(office.building.id), "words": "李雷"}
        body = text(issuing(secretary, "employee", **asked))
        assert body.count('name="whom"') == 1, "who works elsewhere is not offered"
        whom = f"{person.pk}:{company.id}"
        assert f'value="{whom}"' in body
        answer = issuing(secretary, "employee", **asked, step="issue", whom=whom, zone="B")
        assert answer.status_code == 302
        permit = Pass.objects.get()
        assert (permit.subject_id, permit.enterprise_id, permit.holder, permit.company, permit.zone) == (
            person.pk, company.id, "李雷", COMPANY, "B",
        )  # fmt: skip

    def test_a_household_is_found_by_its_door_or_a_name(self, street: Street, secretary: Client) -> None:
        compound, door = street.compounds[0], street.dwellings[0]
        home = Subject.objects.create(kind=SubjectKind.HOUSEHOLD, label="一户", created_us=0)
        Household.objects.create(subject=home, dwelling=door)
        make_person("王秀英", door)
        asked = {"place": str(compound.id), "whom": f"{home.id}:"}
        for words in (door.name, "秀英", "xiuying", "wxy"):
            assert f'value="{home.id}:"' in text(issuing(secretary, "resident", **asked, words=words)), words
        answer = issuing(secretary, "resident", **asked, words="秀英", step="issue")
        assert answer.status_code == 302
        permit = Pass.objects.get()
        assert (permit.subject_id, permit.holder, permit.kind) == (home.id, "王秀英", "resident")

    def test_a_vehicle_is_found_by_a_part_of_its_plate(self, street: Street, secretary: Client) -> None:
        car = make_vehicle("沪A12345", street.compounds[0])
        asked = {"place": str(street.compounds[0].id), "words": "a-123", "whom": f"{car.pk}:"}
        assert "沪A12345" in text(issuing(secretary, "vehicle", **asked))
        assert issuing(secretary, "vehicle", **asked, step="issue").status_code == 302
        assert Pass.objects.get().subject_id == car.pk

    @pytest.mark.parametrize("kind", ["employee", "resident", "vehicle"])
    def test_nobody_whom_the_register_lacks_gets_one(
        self, office: Office, street: Street, secretary: Client, kind: str
    ) -> None:
        person = make_person("张三", street.dwellings[0])
        asked = {"place": str(office.building.id), "words": "沪A00000", "whom": f"{person.pk}:", "holder": "张三"}
        assert 'role="status"' in text(issuing(secretary, kind, **asked))
        issuing(secretary, kind, **asked, step="issue")
        assert issuing(secretary, kind, **asked | {"words": ""}, step="issue").status_code == 400
        assert not Pass.objects.exists()

    def test_a_second_one_is_offered_in_place_of_the_first(
        self, street: Street, office: Office, secretary: Client
    ) -> None:
        company, (person,) = firm_of(office, street, ("李雷",))
        asked = {"place": str(office.building.id), "words": "李雷", "whom": f"{person.pk}:{company.id}", "zone": ""}
        issuing(secretary, "employee", **asked, step="issue")
        first = Pass.objects.get()
        answer = issuing(secretary, "employee", **asked, step="issue", ends="2020-03-31")
        assert answer.status_code == 400
        assert reverse("passes:story", args=[first.id]) in text(answer)
        assert 'value="instead"' in text(answer)
        asked |= {"ends": "2020-03-31", "instead": str(first.id)}
        answer = issuing(secretary, "employee", **asked, step="instead")
        assert answer.status_code == 302
        first.refresh_from_db()
        second = Pass.objects.get(status="live")
        assert (first.status, second.replaces_id, second.until_us) == (
            "revoked", first.id, clock.day_start_us(date(2020, 4, 1)),
        )  # fmt: skip
        passes.suspend(passes=[second], reason="待核实", by="test", now=NOW)
        refused = issuing(secretary, "employee", **asked | {"instead": str(second.id)}, step="instead")
        assert refused.status_code == 400
        assert 'value="instead"' not in text(refused), "a suspension is decided first"
        stranger = issuing(secretary, "employee", **asked | {"instead": "nonsense"}, step="instead")
        assert stranger.status_code == 404


def test_a_roster_is_counted_first_and_then_issued_once(street: Street, office: Office, secretary: Client) -> None:
    company, _people = firm_of(office, street, ("李雷", "韩梅梅", "김민준"))
    sent = {"what": "employees", "place": office.building.id, "enterprise": str(company.id), "step": "count"}
    body = text(secretary.post("/passes/lists/", sent))
    assert re.search(r"3\s*张", body)
    assert not Pass.objects.exists()
    for _again in range(2):
        secretary.post("/passes/lists/", sent | {"step": "issue"})
    assert sorted(Pass.objects.values_list("holder", flat=True)) == sorted(["李雷", "韩梅梅", "김민준"])


def test_cards_and_lists_come_as_pdf(street: Street, office: Office, secretary: Client) -> None:
    permit = employee_pass(office.building, street.dwellings[0], zone="B")
    for answer in (
        secretary.get(reverse("passes:card", args=[permit.id])),
        secretary.post("/passes/print/cards/", {"current": "on"}),
        secretary.post("/passes/print/list/", {"place": office.building.id}),
    ):
        assert answer["Content-Type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")
        assert permit.holder not in answer["Content-Disposition"]


def test_nothing_is_printed_of_what_is_not_in_force(street: Street, office: Office, secretary: Client) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    passes.revoke(passes=[permit], reason="离职", by="test", now=NOW)
    answer = secretary.post("/passes/print/cards/", {}, follow=True)
    assert answer["Content-Type"].startswith("text/html")
    assert "error" in text(answer)


def several(client: Client, what: str, **sent: object) -> HttpResponse:
    answer: HttpResponse = client.post("/passes/change/", {"what": what, "current": "on"} | sent)
    return answer


class TestManyAtOnce:
    def test_ticked_passes_are_counted_confirmed_and_changed(
        self, street: Street, office: Office, secretary: Client
    ) -> None:
        one, two, other = (
            employee_pass(office.building, street.dwellings[0], name) for name in ("李雷", "韩梅", "张三")
        )
        passes.suspend(passes=[two], reason="待核实", by="test", now=NOW)
        picked = {"pick": [one.id, two.id]}
        body = text(several(secretary, "suspend", **picked))
        assert 'name="seen" value="2"' in body
        assert "已暂停: 1" in body.replace("：", ": ")
        assert set(Pass.objects.filter(status="suspended")) == {two}
        assert several(secretary, "suspend", **picked, step="do", seen="2", reason=" ").status_code == 400
        body = text(several(secretary, "suspend", **picked, step="do", seen="2", reason="集中核查"))
        assert reverse("passes:story", args=[two.id]) in body, "it names the one that did not change"
        assert reverse("passes:story", args=[one.id]) not in body
        found = dict(Pass.objects.values_list("holder", "reason"))
        assert found == {"李雷": "集中核查", "韩梅": "待核实", other.holder: ""}

    def test_all_that_match_the_filter_are_changed_and_nobody_else(
        self, street: Street, office: Office, secretary: Client
    ) -> None:
        for number in range(60):
            employee_pass(office.building, street.dwellings[0], f"员工{number}")
        employee_pass(office.building, street.dwellings[0], "韩梅")
        elsewhere = resident_permit(street.compounds[1], street.doors_of(street.grids[2])[0])
        listed = text(secretary.post("/passes/", {"words": "员工", "current": "on"}))
        assert 'name="all"' in listed
        body = text(several(secretary, "revoke", words="员工", all="1"))
        assert 'name="seen" value="60"' in body
        body = text(several(secretary, "revoke", words="员工", all="1", step="do", seen="60", reason="整体迁出"))
        assert "60" in body
        assert Pass.objects.filter(status="revoked", reason="整体迁出", holder__startswith="员工").count() == 60
        assert set(Pass.objects.exclude(status="revoked").values_list("holder", flat=True)) == {
            "韩梅",
            elsewhere.holder,
        }

    def test_nothing_changes_when_the_number_is_another_one_by_then(
        self, street: Street, office: Office, secretary: Client
    ) -> None:
        for name in ("员工1", "员工2"):
            employee_pass(office.building, street.dwellings[0], name)
        answer = several(secretary, "revoke", all="1", step="do", seen="1", reason="整体迁出")
        assert answer.status_code == 400
        assert 'name="seen" value="2"' in text(answer)
        assert not Pass.objects.filter(status="revoked").exists()

    def test_passes_out_of_reach_and_over_stay(self, street: Street, office: Office, secretary: Client) -> None:
        far = resident_permit(street.compounds[1], street.doors_of(street.grids[2])[0])
        over = employee_pass(office.building, street.dwellings[0], until_us=clock.to_us(NOW) - 1)
        near = employee_pass(office.building, street.dwellings[0], "韩梅梅")
        picked = {"pick": [far.id, over.id, near.id], "step": "do", "reason": "整体迁出"}
        assert 'name="seen" value="2"' in text(several(secretary, "revoke", **picked, seen="3"))
        answer = several(secretary, "revoke", **picked, seen="2")
        assert reverse("passes:story", args=[over.id]) in text(answer)
        assert list(Pass.objects.filter(status="revoked")) == [near]

    def test_without_a_choice_the_list_says_so(self, street: Street, office: Office, secretary: Client) -> None:
        employee_pass(office.building, street.dwellings[0])
        answer = several(secretary, "suspend")
        assert answer.status_code == 400
        assert 'role="alert"' in text(answer)
        assert several(secretary, "suspend", pick="nonsense").status_code == 400
        assert several(secretary, "burn", pick=Pass.objects.get().id).status_code == 400
