"""The pages of the ledger and of the daily report: for HR, and for those who look after buildings."""

import io
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import python_calamine
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fangxian.gates.models import Pass, PassStatus
from fangxian.registry.models import Document, ImportBatch, Person
from fangxian.workplaces.models import DayLine, DayReport, Returning, StaffState, Verdict
from tests.domain.test_returning import accept, came, give_document, row_of, stayed, take
from tests.support import pictures, workbooks
from tests.support.desk import at_desk
from tests.support.hr_list import resident_id
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
NINE = MORNING + timedelta(hours=2)


@pytest.fixture
def works() -> Works:
    made = make_works()
    for number, person in enumerate(person for firm in made.firms for person in firm.people):
        give_document(person, number)
    take(made, stayed(made.firms[0].people[0]), came(made.firms[0].people[1], date(2020, 2, 10), "420100"))
    accept(made)
    return made


def hr(works: Works) -> Client:
    return at_desk(works.firms[0].hr, now=NINE)


def url(works: Works, name: str, *more: UUID, firm: int = 0, tower: int = 0) -> str:
    return reverse(f"firm-roster:{name}", args=[works.firms[firm].id, works.towers[tower].id, *more])


def text_of(answer: Any) -> str:  # noqa: ANN401 - the test client's own answer
    return str(answer.content.decode())


def on_the_day() -> Any:  # noqa: ANN401 - a context manager
    return time_machine.travel(NINE, tick=False)


def test_the_ledger_says_who_may_work_and_what_is_missing(works: Works) -> None:
    with on_the_day():
        page = text_of(hr(works).get(url(works, "list")))
    assert "王建国" in page
    assert "may work" in page
    assert "until 2020-02-24" in page
    assert "has a pass" in page


def test_a_name_is_found_without_standing_in_an_address(works: Works) -> None:
    with on_the_day():
        page = text_of(hr(works).post(url(works, "list"), {"name": "李桂"}))
    assert "李桂兰" in page
    assert "王建国" not in page


def test_the_pages_of_one_enterprise_are_closed_to_another(works: Works) -> None:
    row = row_of(works.firms[0].people[0])
    with on_the_day():
        other = at_desk(works.firms[1].hr, now=NINE)
        for name, more in (("list", ()), ("add", ()), ("daily", ()), ("person", (row.id,)), ("upload", ())):
            assert other.get(url(works, name, *more)).status_code == 404, name
        answer = other.post(url(works, "state", row.id, firm=1), {"state": "left"})
        assert answer.status_code == 404
    assert row_of(works.firms[0].people[0]).state == StaffState.ACTIVE


def test_a_person_is_added_and_gets_a_pass(works: Works) -> None:
    number = resident_id("31010519900520004")
    with on_the_day():
        answer = hr(works).post(url(works, "add"), {"name": "郭敏", "document": number, "left": "no"})
    assert answer.status_code == 302
    person = Person.objects.get(name="郭敏")
    assert row_of(person).verdict == Verdict.NOW
    assert Pass.objects.get(subject_id=person.pk).status == PassStatus.LIVE
    assert (person.sex, person.birth_date) == ("f", date(1990, 5, 20))


def test_a_number_under_another_name_is_not_taken(works: Works) -> None:
    number = resident_id("31010519850505000")
    with on_the_day():
        answer = hr(works).post(url(works, "add"), {"name": "李大同", "document": number})
    assert answer.status_code == 400
    assert "another name" in text_of(answer)
    assert not Person.objects.filter(name="李大同").exists()


def test_an_arrival_in_the_future_is_said_on_the_page(works: Works) -> None:
    row = row_of(works.firms[0].people[1])
    with on_the_day():
        answer = hr(works).post(
            url(works, "person", row.id), {"left": "yes", "origin": "武汉", "arrived_on": "2020-02-20"}
        )
    assert answer.status_code == 400
    assert "lies in the future" in text_of(answer)
    assert row_of(works.firms[0].people[1]).arrived_on == date(2020, 2, 10)


def test_an_origin_is_read_as_it_is_written(works: Works) -> None:
    row = row_of(works.firms[0].people[1])
    given = {"left": "yes", "origin": "韩国首尔", "arrived_on": "2020-02-10", "transport": "plane", "key_region": "no"}
    with on_the_day():
        assert hr(works).post(url(works, "person", row.id), given).status_code == 302
        assert hr(works).post(url(works, "person", row.id), given | {"origin": "火星"}).status_code == 400
    row.refresh_from_db()
    assert row.origin == "KOR"


def test_a_state_is_asked_once_more_before_it_is_set(works: Works) -> None:
    row = row_of(works.firms[0].people[0])
    client = hr(works)
    with on_the_day():
        first = client.post(url(works, "state", row.id), {"state": "suspended"})
        assert first.status_code == 200
        assert "not good from this moment" in text_of(first)
        assert row_of(works.firms[0].people[0]).state == StaffState.ACTIVE
        without = client.post(url(works, "state", row.id), {"state": "suspended", "sure": "1", "reason": ""})
        assert without.status_code == 400
        client.post(url(works, "state", row.id), {"state": "suspended", "sure": "1", "reason": "家人发热"})
    assert row_of(works.firms[0].people[0]).state == StaffState.SUSPENDED
    assert Pass.objects.get().status == PassStatus.SUSPENDED


def test_after_a_positive_test_only_the_street_brings_back(works: Works) -> None:
    row = row_of(works.firms[0].people[0])
    back = {"state": "active", "sure": "1", "reason": "治愈"}
    with on_the_day():
        hr(works).post(url(works, "state", row.id), {"state": "positive", "sure": "1", "reason": "阳性"})
        assert hr(works).post(url(works, "state", row.id), back).status_code == 403
        assert at_desk(works.towers[0].worker, now=NINE).post(url(works, "state", row.id), back).status_code == 403
        assert at_desk(works.head, now=NINE).post(url(works, "state", row.id), back).status_code == 302
    assert row_of(works.firms[0].people[0]).state == StaffState.ACTIVE


def test_evidence_of_release_is_kept_sealed_and_opened(works: Works) -> None:
    take(works, came(works.firms[0].people[2], date(2020, 2, 1), "420100"))
    row = row_of(works.firms[0].people[2])
    photo = SimpleUploadedFile("release.jpg", pictures.portrait(), content_type="image/jpeg")
    client = hr(works)
    with on_the_day():
        answer = client.post(url(works, "evidence", row.id), {"released_on": "2020-02-15", "file": photo})
        assert answer.status_code == 302
        shown = client.get(url(works, "evidence-file", row.id))
    assert shown["Content-Type"] == "image/jpeg"
    assert row_of(works.firms[0].people[2]).verdict == Verdict.NOW


HEAD = ["序号", "员工姓名", "身份证号", "来源地", "抵沪日期", "交通方式", "车次/航班", "14天内是否到过湖北等重点地区"]
NAMES = ["郭敏", "何平", "高洁", "罗斌", "林涛", "马超", "胡军"]
IDS = [resident_id(f"3101051990052000{n}") for n in range(1, 8)]
ROWS: list[list[workbooks.Value]] = [
    ["银杏贸易返岗人员台账"],
    list(HEAD),
    [1, "郭敏", IDS[0], "湖北武汉", "2020.2.10", "高铁", "G1722", "是"],
    [2, "何平", IDS[1], "韩国首尔", "2020年2月3日", "飞机", "MU5042", "否"],
    [3, "高洁", IDS[2], "江苏苏州", 43870, "自驾", None, "无"],
    [4, "罗斌", IDS[3], None, None, "未离沪", None, None],
    [5, "林涛", IDS[4], "安徽合肥", "2月8日", "火车", "D3056", "没有"],
    [6, "马超", IDS[5], "河南", "2020-02-25", "大巴", None, "否"],
    [7, "胡军", IDS[6], "老家", "2020/2/5", "火车", "K1", "否"],
]


def send(client: Client, works: Works, rows: list[list[workbooks.Value]] = ROWS) -> ImportBatch:
    file = SimpleUploadedFile("返岗台账.xlsx", workbooks.xlsx(rows))
    answer = client.post(url(works, "upload"), {"file": file})
    assert answer.status_code == 302, text_of(answer)
    return ImportBatch.objects.get(id=answer["Location"].rstrip("/").rpartition("/")[2])


def test_a_list_is_looked_at_taken_and_what_is_wrong_comes_back(works: Works) -> None:
    client = hr(works)
    with on_the_day():
        batch = send(client, works)
        look = text_of(client.get(url(works, "look", batch.id)))
        assert not Person.objects.filter(name="郭敏").exists()
        assert "lies in the future" in look
        assert "place of origin is not known" in look
        client.post(url(works, "take", batch.id))
        book = client.post(url(works, "refused", batch.id))
    found = {
        row.person.label: row
        for row in Returning.objects.filter(
            person__label__in=["郭敏", "何平", "高洁", "罗斌", "林涛", "马超", "胡军"]
        ).select_related("person")
    }
    assert set(found) == {"郭敏", "何平", "高洁", "罗斌", "林涛"}
    assert {name: (row.origin, row.arrived_on) for name, row in found.items()} == {
        "郭敏": ("4201", date(2020, 2, 10)), "何平": ("KOR", date(2020, 2, 3)), "高洁": ("3205", date(2020, 2, 9)),
        "罗斌": ("", None), "林涛": ("3401", date(2020, 2, 8)),
    }  # fmt: skip
    assert (found["郭敏"].verdict, found["郭敏"].verdict_until) == (Verdict.LATER, date(2020, 2, 24))
    assert {found[name].verdict for name in ("何平", "高洁", "罗斌", "林涛")} == {Verdict.NOW}
    sheet = python_calamine.load_workbook(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
    back = {row[1]: row[-1] for row in sheet if row and row[1] in ("马超", "胡军")}
    assert set(back) == {"马超", "胡军"}
    assert all(back.values())


def test_the_same_list_again_changes_nothing(works: Works) -> None:
    client = hr(works)
    with on_the_day():
        client.post(url(works, "take", send(client, works, ROWS[:6]).id))
        before = list(Returning.objects.order_by("id").values())
        people, documents = Person.objects.count(), Document.objects.count()
        answer = client.post(url(works, "take", send(client, works, ROWS[:6]).id), follow=True)
    assert "New on the ledger: 0. Changed: 0. As before: 4" in text_of(answer)
    assert list(Returning.objects.order_by("id").values()) == before
    assert (Person.objects.count(), Document.objects.count()) == (people, documents)


def test_a_report_of_the_day_with_exceptions_and_its_correction(works: Works) -> None:
    one, two, _three = works.firms[0].people
    client = hr(works)
    with on_the_day():
        page = text_of(client.get(url(works, "daily")))
        assert page.count('value="away" checked') == 1
        fever = {f"health_{one.pk}": "fever", f"degrees_{one.pk}": "37.8", f"health_{two.pk}": "away"}
        answer = text_of(client.post(url(works, "daily"), fever, follow=True))
        assert "1 person may not come in from now on" in answer
        client.post(url(works, "daily"), {f"health_{one.pk}": "absent", f"health_{two.pk}": "away"})
    assert DayReport.objects.get().well == 0
    assert sorted(DayLine.objects.values_list("health", flat=True)) == ["absent", "away"]
    assert row_of(one).state == StaffState.SUSPENDED


def test_a_fever_without_degrees_keeps_what_was_tapped(works: Works) -> None:
    one, two, _three = works.firms[0].people
    with on_the_day():
        answer = hr(works).post(url(works, "daily"), {f"health_{one.pk}": "fever", f"health_{two.pk}": "absent"})
    assert answer.status_code == 400
    page = text_of(answer)
    assert 'value="fever" checked' in page
    assert 'value="absent" checked' in page
    assert not DayReport.objects.exists()


def test_the_building_sees_who_waits_and_who_has_not_reported(works: Works) -> None:
    with on_the_day():
        client = at_desk(works.towers[0].worker, now=NINE)
        waiting = text_of(client.get(reverse("firm-roster:watch")))
        reports = text_of(client.get(reverse("firm-roster:watch-reports")))
        ledger = text_of(client.get(url(works, "watch-ledger")))
        elsewhere = at_desk(works.towers[1].worker, now=NINE).get(url(works, "watch-ledger"))
    assert "李桂兰" in waiting
    assert "王建国" not in waiting
    assert "1 enterprise has not reported" in reports
    assert "湖北省" in ledger
    assert elsewhere.status_code == 404


def test_a_positive_test_is_not_for_the_property_manager(works: Works) -> None:
    Returning.objects.filter(person_id=works.firms[0].people[0].pk).update(state=StaffState.POSITIVE)
    with on_the_day():
        manager = text_of(at_desk(works.towers[0].manager, now=NINE).get(reverse("firm-roster:watch")))
        head = text_of(at_desk(works.head, now=NINE).get(reverse("firm-roster:watch")))
    assert "王建国" in manager
    assert "tested positive" not in manager
    assert "tested positive" in head


def test_every_page_stays_within_twelve_queries(works: Works) -> None:
    row, client, over = row_of(works.firms[0].people[0]), hr(works), {}
    worker = at_desk(works.towers[0].worker, now=NINE)
    pages = [(client, url(works, name)) for name in ("list", "add", "upload", "daily")]
    pages += [(client, url(works, "person", row.id)), (worker, url(works, "watch-ledger"))]
    pages += [(worker, reverse(f"firm-roster:{name}")) for name in ("watch", "watch-reports")]
    with on_the_day():
        for who, address in pages:
            who.get(address)
            with CaptureQueriesContext(connection) as asked:
                assert who.get(address).status_code == 200
            if len(asked) > 12:
                over[address] = len(asked)
    assert over == {}
