"""An enterprise writes its filing on a phone, or by workbook; nobody sees another one's."""

from collections.abc import Iterator

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fangxian.registry.imports import reader
from fangxian.registry.imports.reader import Cell
from fangxian.workplaces import filing_book
from fangxian.workplaces.models import Filing, FilingStatus, FirmPost, Returning, Statement, Supply
from fangxian.workplaces.words import Part
from tests.support import lists, workbooks
from tests.support.desk import at_desk
from tests.support.filed import PHONE, PLAN_TEXT, ready, stand
from tests.support.works import MORNING, Works, make_works


@pytest.fixture
def works(db: None) -> Iterator[Works]:
    with time_machine.travel(MORNING, tick=False):
        yield make_works()


def _to(works: Works, name: str, number: int = 0, tower: int = 0, part: str = "") -> str:
    kwargs = {"enterprise_id": works.firms[number].id, "place_id": works.towers[tower].id}
    return reverse(f"firm:{name}", kwargs=kwargs | ({"part": part} if part else {}))


def _hr(works: Works, number: int = 0, language: str = "en") -> Client:
    return at_desk(works.firms[number].hr, language=language, now=MORNING)


ANSWERS: dict[Part, dict[str, str]] = {
    Part.CHARGE: {"in_charge": "林晓", "phone": PHONE},
    Part.PEOPLE: {"start_on": "2020-02-18", "people": "3"},
    Part.PLAN: {"plan": PLAN_TEXT},
    Part.ISOLATION: {"isolation": "九楼东侧小会议室"},
    Part.SUPPLIES: {"masks": "100", "disinfectant": "100000", "hand-gel": "100000"},
    Part.POSTS: {"charge": "林晓", "measure": "小李，小张", "clean": "王阿姨", "supplies": "小李", "report": "林晓"},
    Part.WISHES: {"ask_from": "08:30", "ask_until": "09:00", "ask_home": "20"},
    Part.SIGN: {"signer": "林晓", "post": "总经理", "agree": "on"},
}


def test_a_filing_is_written_part_by_part_without_scripts(works: Works) -> None:
    desk = _hr(works, 1)
    here = _to(works, "desk", 1)
    assert desk.get(reverse("firm:home")).url == here  # type: ignore[attr-defined]  # a redirect
    assert "Begin the filing" in desk.get(here).content.decode()
    answer = desk.post(_to(works, "begin", 1))
    for part in Part:
        assert answer.url == _to(works, "part", 1, part=part.value), part  # type: ignore[attr-defined]  # a redirect
        assert desk.get(answer.url).status_code == 200  # type: ignore[attr-defined]  # a redirect
        answer = desk.post(answer.url, ANSWERS[part])  # type: ignore[attr-defined]  # a redirect
        assert answer.status_code == 302, answer.content.decode()
    assert answer.url == _to(works, "filing", 1)  # type: ignore[attr-defined]  # a redirect
    row = Filing.objects.get()
    assert (row.in_charge, row.people, row.ask_from, row.ask_home) == ("林晓", 3, 510, 20)
    assert set(FirmPost.objects.filter(kind="measure").values_list("name", flat=True)) == {"小李", "小张"}
    assert Statement.objects.get().signer == "林晓"
    page = desk.get(_to(works, "filing", 1)).content.decode()
    assert "The ledger of returning staff is empty." in page
    assert PHONE not in page
    assert "138****5678" in page


def test_the_first_page_leads_an_enterprises_own_people_to_it(works: Works) -> None:
    page = _hr(works).get(reverse("home")).content.decode()
    assert f'href="{reverse("firm:home")}"' in page
    assert "Your filing, who comes back" in page
    assert "My enterprise" not in at_desk(works.towers[0].worker, now=MORNING).get(reverse("home")).content.decode()


def test_what_is_missing_is_a_list_of_links_and_only_then_it_can_be_sent(works: Works) -> None:
    desk = _hr(works)
    desk.post(_to(works, "begin"))
    page = desk.get(_to(works, "desk")).content.decode()
    for part in ("charge", "people", "plan", "isolation", "supplies", "posts", "sign"):
        assert f'href="{_to(works, "part", part=part)}"' in page, part
    refused = desk.post(_to(works, "send"), {"seen": "draft:0"}, follow=True).content.decode()
    assert "It was not sent in; everything typed is kept." in refused
    ready(works)
    sent = desk.post(_to(works, "send"), {"seen": "draft:0"}, follow=True).content.decode()
    assert "Sent in." in sent
    row = Filing.objects.get()
    assert (row.status, row.version) == (FilingStatus.SUBMITTED, 1)
    again = desk.post(_to(works, "send"), {"seen": "draft:0"}, follow=True).content.decode()
    assert "has changed since this page was opened" in again
    assert Filing.objects.get().version == 1


def test_a_part_keeps_itself_while_it_is_typed(works: Works) -> None:
    desk = _hr(works)
    desk.post(_to(works, "begin"))
    kept = desk.post(_to(works, "keep", part="plan"), {"plan": "门口"})
    assert (kept.status_code, kept.json()["kept"], kept.json()["said"]) == (200, True, "Kept at 07:00")
    assert Filing.objects.get().plan == "门口"
    wrong = desk.post(_to(works, "keep", part="wishes"), {"ask_from": "09:00", "ask_until": "08:00", "ask_home": "0"})
    assert (wrong.status_code, wrong.json()["kept"]) == (400, False)
    assert "ends before it begins" in wrong.json()["said"]
    assert desk.post(_to(works, "keep", part="sign"), ANSWERS[Part.SIGN]).status_code == 404
    assert desk.post(_to(works, "keep", part="nothing"), {}).status_code == 404
    stand(Filing.objects.get(), FilingStatus.SUBMITTED)
    for part, answers in (("posts", {"clean": "新人"}), ("supplies", {"masks": "5"}), ("plan", {"plan": "改了"})):
        assert desk.post(_to(works, "keep", part=part), answers).status_code == 409
    assert not FirmPost.objects.exists()
    assert not Supply.objects.exists()
    assert Filing.objects.get().plan == "门口"


def test_supplies_and_posts_go_on_changing_while_the_enterprise_works(works: Works) -> None:
    stand(ready(works), FilingStatus.ACCEPTED)
    desk = _hr(works)
    answer = desk.post(_to(works, "part", part="supplies"), {"masks": "77"})
    assert answer.url == _to(works, "filing")  # type: ignore[attr-defined]  # a redirect
    assert Supply.objects.get(goods="masks").quantity == 77
    assert desk.post(_to(works, "keep", part="posts"), {"clean": "新人"}).status_code == 200
    assert desk.post(_to(works, "keep", part="plan"), {"plan": "改了"}).status_code == 409
    assert _to(works, "part", part="posts") in desk.get(_to(works, "filing")).content.decode()


def test_a_workbook_changes_nothing_while_somebody_decides(works: Works) -> None:
    desk = _hr(works)
    book = _filled(desk, works, [], in_charge="别人", **{"岗位：测温": "别人"})
    stand(ready(works), FilingStatus.SUBMITTED)
    status, page = _send(desk, works, book)
    assert status == 400
    assert "is not changed any more" in page
    assert Filing.objects.get().in_charge == "林晓"
    assert not FirmPost.objects.filter(name="别人").exists()


def test_a_mistake_stays_on_the_page_with_what_was_typed(works: Works) -> None:
    desk = _hr(works)
    desk.post(_to(works, "begin"))
    answer = desk.post(_to(works, "part", part="charge"), {"in_charge": "林晓", "phone": "12"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="林晓"' in page
    assert Filing.objects.get().in_charge == ""
    late = desk.post(_to(works, "part", part="people"), {"start_on": "2020-02-31", "people": "x"})
    assert late.status_code == 400


def test_supplies_say_how_long_they_last_without_a_script_too(works: Works) -> None:
    desk = _hr(works)
    ready(works)
    desk.post(_to(works, "part", part="supplies"), {"masks": "21", "disinfectant": "0", "hand-gel": "1000000"})
    page = desk.get(_to(works, "part", part="supplies")).content.decode()
    assert 'data-days-of="masks" role="status">lasts 7 days<' in page
    assert 'data-per-day="3"' in page
    assert "Supplies are not counted, or do not last long enough." in desk.get(_to(works, "desk")).content.decode()


def test_a_returned_filing_says_what_to_mend(works: Works) -> None:
    row = stand(ready(works), FilingStatus.SUBMITTED)
    worker = at_desk(works.towers[0].worker, now=MORNING)
    seen = f"{row.status}:{row.version}"
    data = {"act": "return", "seen": seen, "reason": ["supplies", "other"], "text": "请写明测温点"}
    worker.post(reverse("filings:act", args=[row.id]), data)
    page = _hr(works, language="zh-hans").get(_to(works, "desk")).content.decode()
    assert "防疫物资不足14天" in page
    assert "请写明测温点" in page


def test_another_enterprise_finds_nothing(works: Works) -> None:
    ready(works)
    stranger = _hr(works, 1)
    for name in ("desk", "filing", "workbook", "template"):
        assert stranger.get(_to(works, name)).status_code == 404, name
    for name in ("begin", "send", "end"):
        assert stranger.post(_to(works, name)).status_code == 404, name
    assert stranger.post(_to(works, "keep", part="plan"), {"plan": "x"}).status_code == 404
    # nor a building in which the enterprise itself has no rooms
    assert stranger.get(_to(works, "desk", 1, 1)).status_code == 404
    assert Filing.objects.get().plan == PLAN_TEXT


def test_an_enterprise_in_two_buildings_chooses_and_files_for_each(works: Works) -> None:
    desk = _hr(works)
    page = desk.get(reverse("firm:home")).content.decode()
    for tower in (0, 1):
        assert f'href="{_to(works, "desk", tower=tower)}"' in page
        desk.post(_to(works, "begin", tower=tower))
    assert Filing.objects.count() == 2


def test_a_building_worker_writes_for_an_enterprise_of_the_building(works: Works) -> None:
    worker = at_desk(works.towers[0].worker, now=MORNING)
    assert worker.get(reverse("firm:home")).url == reverse("firms:list")  # type: ignore[attr-defined]  # a redirect
    assert worker.post(_to(works, "begin", 1)).status_code == 302
    assert worker.get(_to(works, "desk", tower=1)).status_code == 404


def test_an_enterprise_ends_its_filing_with_a_reason(works: Works) -> None:
    stand(ready(works), FilingStatus.ACCEPTED)
    desk = _hr(works)
    desk.post(_to(works, "end"), {"seen": "accepted:0", "text": ""})
    assert Filing.objects.get().status == FilingStatus.ACCEPTED
    desk.post(_to(works, "end"), {"seen": "accepted:0", "text": "搬走了"})
    assert Filing.objects.get().status == FilingStatus.ENDED
    assert "Begin the filing" in desk.get(_to(works, "desk")).content.decode()


def test_no_page_of_an_enterprise_asks_too_much(works: Works) -> None:
    stand(ready(works), FilingStatus.RETURNED)
    desk = _hr(works)
    pages = [_to(works, "desk"), _to(works, "filing"), *(_to(works, "part", part=part.value) for part in Part)]
    over = {}
    for page in pages:
        desk.get(page)
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(page).status_code == 200, page
        if len(asked) > 12:
            over[page] = len(asked)
    assert over == {}


def _template(desk: Client, works: Works) -> dict[str, list[list[Cell]]]:
    content = desk.get(_to(works, "template")).content
    return {sheet.name: sheet.rows for sheet in reader.read(content, "备案.xlsx")}


def _filled(desk: Client, works: Works, staff: list[list[str]], **answers: object) -> bytes:
    """The workbook of the page, with answers written into it as a person would."""
    sheets = _template(desk, works)
    words = {key: question for key, question, _how in filing_book.QUESTIONS}
    for line in sheets[filing_book.ANSWERS]:
        for key, value in answers.items():
            if line[0] == words.get(key, key):
                line[1] = value  # type: ignore[call-overload]  # what a cell may hold
    return workbooks.xlsx(
        sheets[filing_book.ANSWERS],  # type: ignore[arg-type]  # texts and numbers
        **{filing_book.STAFF: [*sheets[filing_book.STAFF], *staff]},  # type: ignore[arg-type]  # cells of texts
    )


def _send(desk: Client, works: Works, content: bytes) -> tuple[int, str]:
    file = SimpleUploadedFile("备案.xlsx", content)
    answer = desk.post(_to(works, "workbook"), {"file": file}, follow=True)
    return answer.status_code, answer.content.decode()


def test_a_filing_by_workbook_with_its_staff(works: Works) -> None:
    desk = _hr(works)
    staff = [["王建国", "居民身份证", lists.WANG, "13900001111", "否", "", "", "", "", "否", "否"]]
    book = _filled(
        desk, works, in_charge="林晓", phone=PHONE, people=3, plan=PLAN_TEXT, ask_from="8:30", ask_until="9:00",
        staff=staff, **{"岗位：测温": "小李、小张", "物资：口罩（只）": 500},
    )  # fmt: skip
    status, page = _send(desk, works, book)
    assert status == 200, page
    row = Filing.objects.get()
    assert (row.in_charge, row.people, row.ask_from, row.phone_mask) == ("林晓", 3, 510, "138****5678")
    assert Supply.objects.get(goods="masks").quantity == 500
    assert Returning.objects.filter(enterprise_id=works.firms[0].id, place_id=works.towers[0].id).count() == 1
    assert Returning.objects.get().person.person.name == "王建国"
    # what is known comes back in the next workbook, the telephone does not
    cells = [cell for line in _template(desk, works)[filing_book.ANSWERS] for cell in line]
    assert "林晓" in cells
    assert "小李、小张" in cells
    assert not any("13812345678" in str(cell) for cell in cells)


def test_each_cell_of_a_workbook_that_is_not_taken_is_named(works: Works) -> None:
    desk = _hr(works)
    staff = [["王建国", "居民身份证", "310105199603030014", "", "是", "湖北武汉", "2020-03-30", "火车", "", "否", ""]]
    book = _filled(desk, works, in_charge="林晓", start_on="明天", people="很多", phone="12", staff=staff)
    status, page = _send(desk, works, book)
    assert status == 400
    for cell in ("B3", "B4", "B5"):
        assert f"名册 {cell}<" in page, cell
    assert Filing.objects.get().in_charge == "林晓"
    assert "证件号码" in page
    assert not Returning.objects.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", workbooks.xlsx([["姓名"], ["王建国"]])])
def test_a_file_that_is_no_such_workbook_changes_nothing(works: Works, content: bytes) -> None:
    status, page = _send(_hr(works), works, content)
    assert status == 400, page
    assert not Filing.objects.exists()
