import html
import zipfile
from collections.abc import Iterator
from io import BytesIO

import pytest
import python_calamine
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.accounts import actions as accounts
from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.files.models import StoredFile
from fangxian.registry.imports import actions
from fangxian.registry.models import Candidate, ImportBatch, ImportStatus, Person, Subject
from fangxian.shared import clock
from tests.support import workbooks
from tests.support.desk import NOW, at_desk
from tests.support.factories import PASSWORD, Street, make_staff, make_street
from tests.support.lists import PERSON_HEAD, WANG

ROWS: workbooks.Rows = [
    PERSON_HEAD,
    ["王建国", WANG, 13800138000, "1000弄1号101室"],
    ["李四", "123", None, "1000弄1号101室"],
]


@pytest.fixture
def street(db: None) -> Iterator[Street]:
    with time_machine.travel(NOW, tick=False):
        yield make_street()


@pytest.fixture
def desk(street: Street) -> Client:
    return at_desk(make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[0]))


def _send(desk: Client, street: Street, content: bytes, name: str = "名册.xlsx") -> HttpResponse:
    data = {
        "kind": "persons", "place": str(street.neighbourhoods[0].id), "year": "2020",
        "file": SimpleUploadedFile(name, content),
    }  # fmt: skip
    answer = desk.post(reverse("imports:home"), data)
    assert isinstance(answer, HttpResponse)
    return answer


def _address(name: str, batch: ImportBatch) -> str:
    return reverse(f"imports:{name}", kwargs={"batch_id": batch.id})


def test_a_list_goes_from_upload_to_result(desk: Client, street: Street) -> None:
    answer = _send(desk, street, workbooks.xlsx(ROWS))
    batch = ImportBatch.objects.get()
    assert answer["Location"] == _address("batch", batch)
    page = desk.get(_address("batch", batch)).content.decode()
    assert "身份证号" in page
    chosen = {f"column_{number}": field for number, field in enumerate(["name", "document", "phone", "address"])}
    answer = desk.post(_address("columns", batch), chosen)
    assert answer["Location"] == _address("preview", batch)
    page = desk.get(_address("preview", batch)).content.decode()
    assert "李四" not in page
    assert "Row" in page
    assert not Person.objects.exists()
    desk.post(_address("confirm", batch))
    assert "data-poll-again" in desk.get(_address("progress", batch)).content.decode()
    actions.commit_next(now=clock.now())
    assert "data-poll-again" not in desk.get(_address("progress", batch)).content.decode()
    page = desk.get(_address("batch", batch)).content.decode()
    assert _address("refused", batch) in page
    assert Person.objects.get().name == "王建国"


def test_the_refused_rows_are_fetched_as_a_workbook_and_that_is_recorded(desk: Client, street: Street) -> None:
    _send(desk, street, workbooks.xlsx(ROWS))
    batch = ImportBatch.objects.get()
    desk.post(_address("confirm", batch))
    actions.commit_next(now=clock.now())
    answer = desk.post(_address("refused", batch))
    assert isinstance(answer, HttpResponse)
    assert answer.content[:2] == b"PK"
    assert answer["Content-Disposition"].startswith("attachment")
    assert Entry.objects.filter(act="registry.refused_rows_fetched").count() == 1


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"0" * 50, "名册.xlsx", "not a spreadsheet"),
        (b"MZ", "名册.exe", "Only .xlsx"),
        (b"<html><table></table></html>", "名册.xls", "web page"),
        (b"a,b\r\n1,2", "名册.csv", "No sheet has a row of headings"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_what_to_do(
    content: bytes, name: str, said: str, desk: Client, street: Street
) -> None:
    answer = _send(desk, street, content, name)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not ImportBatch.objects.exists()


def test_a_huge_file_is_refused(desk: Client, street: Street) -> None:
    answer = _send(desk, street, BytesIO(b"x" * (21 << 20)).getvalue(), "名册.csv")
    assert answer.status_code == 400
    assert "20 MB" in answer.content.decode()


def test_a_hostile_name_stays_a_name(desk: Client, street: Street) -> None:
    _send(desk, street, workbooks.xlsx(ROWS), "<b>../../x.xlsx")
    assert ImportBatch.objects.get().file_name == "x.xlsx"


def test_a_list_cannot_be_sent_for_a_place_out_of_reach(desk: Client, street: Street) -> None:
    data = {
        "kind": "persons", "place": str(street.neighbourhoods[1].id), "year": "2020",
        "file": SimpleUploadedFile("a.xlsx", workbooks.xlsx(ROWS)),
    }  # fmt: skip
    assert desk.post(reverse("imports:home"), data).status_code == 400
    assert not ImportBatch.objects.exists()


def test_the_refused_rows_come_in_the_language_of_whoever_fetches_them(desk: Client, street: Street) -> None:
    _send(desk, street, workbooks.xlsx(ROWS))
    batch = ImportBatch.objects.get()
    desk.post(_address("confirm", batch))
    actions.commit_next(now=clock.now())
    for language, said in (("en", "Reason for refusal"), ("zh-hans", "原因")):
        answer = desk.post(_address("refused", batch), headers={"accept-language": language})
        assert isinstance(answer, HttpResponse)
        sheet = python_calamine.load_workbook(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
        assert said in sheet[0][-1]
        # mended and sent again, it is read in either language
        _send(desk, street, answer.content)
        assert ImportBatch.objects.latest("id").rows == 1


def test_a_long_list_is_counted_to_its_end(desk: Client, street: Street) -> None:
    rows = [[f"王{number}", None, 13800138000 + number, "1000弄1号101室"] for number in range(1_100)]
    bad = ["李四", "123", None, "1000弄1号101室"]
    _send(desk, street, workbooks.xlsx([PERSON_HEAD, *rows, bad, rows[0]]))
    batch = ImportBatch.objects.get()
    desk.post(
        _address("columns", batch),
        {f"column_{n}": one for n, one in enumerate(["name", "document", "phone", "address"])},
    )
    assert "data-poll-again" in desk.get(_address("preview", batch)).content.decode()
    assert actions.commit_next(now=clock.now()) == 0
    assert actions.count_next(now=clock.now()) == 1_102
    batch.refresh_from_db()
    said = {key: batch.counted[key] for key in ("created", "updated", "unchanged", "refused")}
    page = desk.get(_address("counts", batch)).content.decode()
    assert "data-poll-again" not in page
    assert "1,100" in page
    assert not Person.objects.exists()
    assert actions.count_next(now=clock.now()) == 0
    desk.post(_address("confirm", batch))
    actions.commit_next(now=clock.now())
    batch.refresh_from_db()
    assert said == {key: getattr(batch, key) for key in said}


def _bomb() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (64 << 20))
    return out.getvalue()


def test_a_zip_bomb_is_refused_with_what_to_do(desk: Client, street: Street) -> None:
    answer = _send(desk, street, _bomb())
    assert answer.status_code == 400
    assert "unpacks to far more" in answer.content.decode()
    assert not ImportBatch.objects.exists()
    assert not StoredFile.objects.exists()


def test_a_file_of_100_mb_is_refused_without_being_kept(desk: Client, street: Street) -> None:
    answer = _send(desk, street, b"x" * (100 << 20), "名册.csv")
    assert answer.status_code == 400
    assert "20 MB" in answer.content.decode()
    assert not StoredFile.objects.exists()


def test_formulas_that_somebody_wrote_come_back_as_text(desk: Client, street: Street) -> None:
    evil = "=cmd|'/c calc'!A1"
    _send(desk, street, workbooks.xlsx([PERSON_HEAD, [evil, "123", "+1", "@SUM(A1)"]]))
    batch = ImportBatch.objects.get()
    desk.post(_address("confirm", batch))
    actions.commit_next(now=clock.now())
    answer = desk.post(_address("refused", batch))
    assert isinstance(answer, HttpResponse)
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert evil in html.unescape(archive.read("xl/sharedStrings.xml").decode())
    assert evil not in desk.get(_address("batch", batch)).content.decode()


def test_somebody_elses_list_does_not_exist_for_the_next_neighbourhood(desk: Client, street: Street) -> None:
    _send(desk, street, workbooks.xlsx(ROWS))
    batch = ImportBatch.objects.get()
    next_door = at_desk(make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[1]))
    for name in ("batch", "preview", "progress"):
        assert next_door.get(_address(name, batch)).status_code == 404
    for name in ("columns", "confirm", "withdraw", "resume", "refused"):
        assert next_door.post(_address(name, batch)).status_code == 404
    batch.refresh_from_db()
    assert batch.status == ImportStatus.UPLOADED


def test_a_withdrawn_list_is_not_taken_in(desk: Client, street: Street) -> None:
    _send(desk, street, workbooks.xlsx(ROWS))
    batch = ImportBatch.objects.get()
    desk.post(_address("withdraw", batch))
    desk.post(_address("confirm", batch))
    assert actions.commit_next(now=clock.now()) == 0
    assert "withdrawn" in desk.get(_address("batch", batch)).content.decode()


def test_a_double_is_decided_on_the_page_of_its_list(desk: Client, street: Street) -> None:
    for row in (["陈大文", None, 13800138000, "1000弄1号101室"], ["CHEN DAWEN", None, 13800138000, "1000弄1号201室"]):
        _send(desk, street, workbooks.xlsx([PERSON_HEAD, row]))
        batch = ImportBatch.objects.latest("id")
        desk.post(_address("confirm", batch))
        actions.commit_next(now=clock.now())
    candidate = Candidate.objects.get()
    address = reverse("imports:decide", kwargs={"candidate_id": candidate.id})
    assert address in desk.get(_address("batch", batch)).content.decode()
    desk.post(address, {"same": "1"})
    assert Subject.objects.get(id=candidate.newer_id).merged_into_id == candidate.older_id
    undo = reverse("imports:undo", kwargs={"candidate_id": candidate.id})
    assert undo in desk.get(_address("batch", batch)).content.decode()
    desk.post(undo)
    assert Subject.objects.get(id=candidate.newer_id).merged_into_id is None
    page = desk.get(_address("batch", batch)).content.decode()
    assert address in page
    assert undo not in page
    desk.post(undo)
    assert "undone already" in desk.get(_address("batch", batch)).content.decode()


def test_an_enterprise_sends_its_people_only(street: Street) -> None:
    staff = accounts.create_staff(username="hr", name="林小姐", password=PASSWORD, by="test", now=NOW)
    accounts.grant(staff=staff, role=Role.ENTERPRISE_HR, subject=Subject().id, by="test", now=NOW)
    page = at_desk(staff).get(reverse("imports:home")).content.decode()
    assert 'value="persons"' in page
    assert 'value="dwellings"' not in page


def test_the_pages_of_a_list_ask_few_questions(
    desk: Client, street: Street, django_assert_max_num_queries: object
) -> None:
    _send(desk, street, workbooks.xlsx(ROWS))
    batch = ImportBatch.objects.get()
    for address in (reverse("imports:home"), _address("batch", batch), _address("progress", batch)):
        with django_assert_max_num_queries(12):  # type: ignore[operator]  # pytest-django's fixture is a function
            desk.get(address)
