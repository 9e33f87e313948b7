import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from fangxian.accounts.access import Reach
from fangxian.duties import actions as duties
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import counting_nodes
from fangxian.registry import actions as registry
from fangxian.registry import search
from fangxian.registry.imports import actions, commit
from fangxian.registry.imports.actions import ImportRefusedError
from fangxian.registry.imports.problems import UnreadableFileError
from fangxian.registry.models import (
    Attachment,
    Candidate,
    Change,
    ChangeKind,
    Document,
    Enterprise,
    Household,
    ImportBatch,
    ImportKind,
    ImportStatus,
    Merge,
    Person,
    Phone,
    Relation,
    Subject,
    Vehicle,
)
from fangxian.shared.crypto import blind, unseal
from tests.support import playbooks, workbooks
from tests.support.factories import MORNING, Street, make_person, make_street
from tests.support.lists import PERSON_HEAD, WANG, counts, report, send

pytestmark = pytest.mark.django_db
K = ImportKind
WANG_ROW = ["王建国", WANG, 13800138000, "虹桥路1000弄1号101室"]


@pytest.fixture
def street() -> Street:
    return make_street()


def test_it_makes_a_person_with_door_household_and_sealed_numbers(street: Street) -> None:
    batch = send([PERSON_HEAD, WANG_ROW], K.PERSONS, street.neighbourhoods[0])
    assert counts(batch) == (1, 0, 0, 0)
    person = Person.objects.get()
    assert (person.name, person.sex, person.birth_date, person.language) == ("王建国", "m", date(1960, 3, 3), "zh")
    document = Document.objects.get(subject=person.subject)
    assert unseal(document.number_sealed, Document.aad(document.id)) == WANG
    assert document.mask == "310105********0019"
    home = Attachment.objects.get(subject=person.subject, relation=Relation.LIVES)
    assert home.place == street.dwellings[0]
    household = Household.objects.get()
    assert household.dwelling == street.dwellings[0]
    assert Attachment.objects.get(subject=person.subject, relation=Relation.MEMBER).other == household.subject
    assert set(Change.objects.values_list("subject_id", "kind")) == {
        (person.subject_id, ChangeKind.ADDED), (household.subject_id, ChangeKind.ADDED),
    }  # fmt: skip


def test_it_writes_rows_that_are_found_by_name_and_phone(street: Street) -> None:
    send([PERSON_HEAD, WANG_ROW], K.PERSONS, street.neighbourhoods[0])
    here, there = Reach(paths=(street.neighbourhoods[0].path,)), Reach(paths=(street.neighbourhoods[1].path,))
    assert [found.label for found in search.by_name("jianguo", here)] == ["王建国"]
    assert search.by_name("jianguo", there) == []
    assert Phone.objects.filter(index=blind("+8613800138000", "phone")).count() == 1


@pytest.mark.parametrize("kind", list(K))
def test_the_same_list_again_changes_nothing(kind: ImportKind, street: Street) -> None:
    playbooks_applied()
    lists: dict[ImportKind, workbooks.Rows] = {
        K.PERSONS: [
            PERSON_HEAD, WANG_ROW, ["李四", None, None, "虹桥路1000弄1号201室"],
            ["TANAKA Hiroshi", "TK1234567", None, "何家角小区2号101"],
        ],
        K.VEHICLES: [
            ["车牌号", "车主", "电话", "停放小区"], ["沪A12345", "王建国", 13800138000, "何家角小区"],
            ["沪AD12345", None, None, "何家角小区"],
        ],
        K.ENTERPRISES: [
            ["企业名称", "统一社会信用代码", "楼宇", "楼层", "室号"],
            ["某某有限公司", "91350100M000100Y43", "虹桥大厦", "3", "301"],
        ],
        K.DWELLINGS: [
            ["小区", "楼号", "室号", "所属网格"], ["何家角小区", "1号", "901室", "何家角第1网格"],
            ["何家角小区", "1号", "101", None],
        ],
        K.AREAS: [["公共区域", "类型", "小区", "楼号"], ["1号门厅", "门厅", "何家角小区", "1号"]],
    }  # fmt: skip
    make_building(street)
    place = street.neighbourhoods[0]
    first = send(lists[kind], kind, place)
    assert first.refused == 0
    assert first.created >= 1
    before = {
        model: model.objects.count() for model in (Subject, Attachment, Phone, Document, Change, Place, Candidate)
    }
    second = send(lists[kind], kind, place)
    assert counts(second) == (0, 0, first.rows, 0)
    assert before == {model: model.objects.count() for model in before}


def playbooks_applied() -> None:
    duties.apply_playbook(plan=playbooks.plan(), effective_at=MORNING, by="test", now=MORNING)


def make_building(street: Street) -> Place:
    new = NewPlace(PlaceKind.BUILDING, "虹桥大厦", street.neighbourhoods[0].id, code="B1", address="娄山关路85号")
    return places.add(places=[new], by="test", now=MORNING)[0]


def test_it_takes_good_rows_and_sends_bad_ones_back_to_be_mended(street: Street) -> None:
    rows = [
        ["何家角居民名册", None, None, None],
        PERSON_HEAD,
        WANG_ROW,
        ["=cmd|' /C calc'!A0", "3.10105E+17", 13800138001, "虹桥路1000弄1号102室"],
        ["赵五", "11010519491231002X", "123", "虹桥路9999弄1号101室"],
    ]
    batch = send(rows, K.PERSONS, street.neighbourhoods[0])
    assert counts(batch) == (1, 0, 0, 2)
    back = report(batch)
    assert back[0][0] == "何家角居民名册"
    assert back[1] == [*PERSON_HEAD, "错误原因"]
    assert back[2][:2] == ["=cmd|' /C calc'!A0", "3.10105E+17"]
    assert "身份证号" in back[2][4]
    assert len(back) == 4
    mended = [back[1], ["钱七", "11010519491231002X", 13800138001, "虹桥路1000弄1号102室", back[2][4]]]
    assert counts(send(mended, K.PERSONS, street.neighbourhoods[0])) == (1, 0, 0, 0)


def test_it_refuses_a_number_that_the_spreadsheet_has_changed(street: Street) -> None:
    batch = send([PERSON_HEAD, ["王建国", 3.10105196003030e17, None, "1号101"]], K.PERSONS, street.compounds[0])
    assert counts(batch) == (0, 0, 0, 1)
    assert "15" in report(batch)[1][4]
    assert not Person.objects.exists()


def test_it_makes_the_door_that_people_report_in_its_grid(street: Street) -> None:
    batch = send([PERSON_HEAD, ["王建国", WANG, None, "何家角小区1号楼909室"]], K.PERSONS, street.neighbourhoods[0])
    assert counts(batch) == (1, 0, 0, 0)
    door = Place.objects.get(kind=PlaceKind.DWELLING, name="909室")
    assert door.parent == street.blocks[0]
    assert counting_nodes([door])[door.id] == street.grids[0].id
    assert Subject.objects.get(id=door.id).label == "何家角小区 1号 909室"


def test_it_refuses_an_address_outside_of_the_list(street: Street) -> None:
    there = ["王建国", WANG, None, "虹桥路2000弄1号101室"]
    batch = send([PERSON_HEAD, there], K.PERSONS, street.neighbourhoods[0])
    assert counts(batch) == (0, 0, 0, 1)
    assert counts(send([PERSON_HEAD, there], K.PERSONS, street.street)) == (1, 0, 0, 0)


def test_it_finds_a_person_again_by_document_and_fills_in_what_is_new(street: Street) -> None:
    place = street.neighbourhoods[0]
    send([PERSON_HEAD, ["王建国", WANG, None, "1000弄1号101室"]], K.PERSONS, place)
    batch = send([[*PERSON_HEAD, "国籍"], ["王建国", WANG, 13800138000, "1000弄1号201室", "中国"]], K.PERSONS, place)
    assert counts(batch) == (0, 1, 0, 0)
    assert Person.objects.count() == 1
    assert Phone.objects.count() == 1
    assert Attachment.objects.filter(relation=Relation.LIVES).count() == 2


def test_it_does_not_rename_somebody_whose_number_stands_in_the_wrong_row(street: Street) -> None:
    send([PERSON_HEAD, WANG_ROW], K.PERSONS, street.neighbourhoods[0])
    batch = send([PERSON_HEAD, ["李桂兰", *WANG_ROW[1:]]], K.PERSONS, street.neighbourhoods[0])
    assert counts(batch) == (0, 0, 0, 1)
    assert Person.objects.get().name == "王建国"


def test_it_matches_by_name_in_another_script_and_telephone_only_with_a_question(street: Street) -> None:
    place = street.neighbourhoods[0]
    send([PERSON_HEAD, ["陳大文", None, 13800138000, "1000弄1号101室"]], K.PERSONS, place)
    same = send([PERSON_HEAD, ["陈大文", None, 13800138000, "1000弄1号101室"]], K.PERSONS, place)
    assert counts(same) == (0, 0, 1, 0)
    unsure = send([PERSON_HEAD, ["CHEN DAWEN", None, 13800138000, "1000弄1号201室"]], K.PERSONS, place)
    assert counts(unsure) == (1, 0, 0, 0)
    candidate = Candidate.objects.get()
    assert set(candidate.reasons) >= {"name_pinyin", "phone"}


def test_it_merges_a_double_on_a_persons_word_and_undoes_it(street: Street) -> None:
    place = street.neighbourhoods[0]
    send([PERSON_HEAD, ["陈大文", None, 13800138000, "1000弄1号101室"]], K.PERSONS, place)
    send([PERSON_HEAD, ["CHEN DAWEN", "11010519491231002X", 13800138000, "1000弄1号201室"]], K.PERSONS, place)
    candidate = Candidate.objects.get()
    actions.decide(candidate=candidate, same=True, by="secretary", now=MORNING)
    with pytest.raises(ImportRefusedError):
        actions.decide(candidate=candidate, same=False, by="secretary", now=MORNING)
    newer = Subject.objects.get(id=candidate.newer_id)
    assert newer.merged_into_id == candidate.older_id
    again = send([PERSON_HEAD, ["CHEN DAWEN", "11010519491231002X", None, "1000弄1号201室"]], K.PERSONS, place)
    assert counts(again) == (0, 1, 0, 0)  # the older record learns sex and birth date from the number
    registry.unmerge(merge=Merge.objects.get(), by="secretary", now=MORNING)
    assert Subject.objects.get(id=candidate.newer_id).merged_into_id is None


def test_it_keeps_two_on_a_persons_word(street: Street) -> None:
    place = street.neighbourhoods[0]
    send([PERSON_HEAD, ["陈大文", None, 13800138000, "1000弄1号101室"]], K.PERSONS, place)
    send([PERSON_HEAD, ["CHEN DAWEN", None, 13800138000, "1000弄1号201室"]], K.PERSONS, place)
    actions.decide(candidate=Candidate.objects.get(), same=False, by="secretary", now=MORNING)
    assert not Merge.objects.exists()
    assert Candidate.objects.get().verdict == "different"


def test_it_attaches_employees_to_building_and_employer(street: Street) -> None:
    building = make_building(street)
    firms = [
        ["企业名称", "统一社会信用代码", "楼层", "室号", "员工人数"],
        ["某某有限公司", "91350100M000100Y43", "3层", "301", "120人"],
    ]
    assert counts(send(firms, K.ENTERPRISES, building)) == (1, 0, 0, 0)
    firm = Enterprise.objects.get()
    assert firm.headcount == 120
    tenancy = Attachment.objects.get(relation=Relation.TENANT)
    assert tenancy.place is not None
    assert (tenancy.place.kind, tenancy.place.name, tenancy.place.parent.name) == (PlaceKind.UNIT, "301", "3层")  # type: ignore[union-attr]  # a unit stands under its floor
    staff = [["姓名", "证件号码", "单位名称", "返沪日期"], ["王建国", WANG, "某某有限公司", "2020.2.3"]]
    assert counts(send(staff, K.PERSONS, building)) == (1, 0, 0, 0)
    links = dict(Attachment.objects.filter(subject__kind="person").values_list("relation", "since"))
    assert links == {Relation.WORKS: date(2020, 2, 3), Relation.EMPLOYED: date(2020, 2, 3)}


def test_it_knows_the_owner_of_a_vehicle_among_the_residents(street: Street) -> None:
    send([PERSON_HEAD, WANG_ROW], K.PERSONS, street.neighbourhoods[0])
    cars = [
        ["车牌号", "车主", "联系电话", "停放小区", "车位"],
        ["沪A·12345", "王建国", 13800138000, "何家角小区", "B12"],
    ]
    assert counts(send(cars, K.VEHICLES, street.neighbourhoods[0])) == (1, 0, 0, 0)
    vehicle = Vehicle.objects.get()
    assert vehicle.plate == "沪A12345"
    owner = Attachment.objects.get(relation=Relation.OWNS)
    assert (owner.subject.label, owner.other_id) == ("王建国", vehicle.subject_id)
    parked = Attachment.objects.get(relation=Relation.PARKS)
    assert (parked.place, parked.role) == (street.compounds[0], "B12")
    assert Person.objects.count() == 1


def test_it_lays_dwellings_under_the_grid_that_the_list_names(street: Street) -> None:
    rows = [
        ["小区", "楼号", "室号", "所属网格"],
        ["何家角小区", "1号", "101室", "何家角第2网格"],
        ["何家角小区", "7号", "101", None],
    ]
    assert counts(send(rows, K.DWELLINGS, street.neighbourhoods[0])) == (1, 1, 0, 0)
    moved = Place.objects.get(id=street.dwellings[0].id)
    assert moved.grid == street.grids[1]
    assert Place.objects.get(kind=PlaceKind.BLOCK, name="7号").parent == street.compounds[0]


def test_it_refuses_an_area_of_a_type_that_the_plan_does_not_know(street: Street) -> None:
    playbooks_applied()
    rows = [["公共区域", "类型", "小区"], ["北门岗亭", "宇宙飞船", "何家角小区"], ["大堂", "门厅", "何家角小区"]]
    batch = send(rows, K.AREAS, street.neighbourhoods[0])
    assert counts(batch) == (1, 0, 0, 1)
    area = Place.objects.get(kind=PlaceKind.AREA)
    assert area.area_type == "lobby"
    assert Subject.objects.filter(id=area.id).exists()
    assert "门厅" in report(batch)[1][3]


def test_one_name_in_one_place_may_be_two_areas_of_two_types(street: Street) -> None:
    playbooks_applied()
    head = ["公共区域", "类型", "小区"]
    both = [head, ["1号楼", "门厅", "何家角小区"], ["1号楼", "电梯轿厢", "何家角小区"]]
    hood = street.neighbourhoods[0]
    assert counts(send(both, K.AREAS, hood)) == (2, 0, 0, 0)
    types = set(Place.objects.filter(kind=PlaceKind.AREA, name="1号楼").values_list("area_type", flat=True))
    assert len(types) == 2
    assert counts(send(both, K.AREAS, hood)) == (0, 0, 2, 0)
    assert counts(send([head, both[2], both[1]], K.AREAS, hood)) == (0, 0, 2, 0)


def test_an_area_that_comes_under_another_type_is_corrected(street: Street) -> None:
    playbooks_applied()
    head, hood = ["公共区域", "类型", "小区"], street.neighbourhoods[0]
    send([head, ["1号楼", "门厅", "何家角小区"]], K.AREAS, hood)
    assert counts(send([head, ["1号楼", "电梯轿厢", "何家角小区"]], K.AREAS, hood)) == (0, 1, 0, 0)
    area = Place.objects.get(kind=PlaceKind.AREA)
    assert area.area_type != "lobby"
    # the list now names it under both types: the old one is a second area beside it
    both = [head, ["1号楼", "门厅", "何家角小区"], ["1号楼", "电梯轿厢", "何家角小区"]]
    send(both, K.AREAS, hood)
    assert counts(send(both, K.AREAS, hood)) == (0, 0, 2, 0)
    assert Place.objects.filter(kind=PlaceKind.AREA).count() == 2


def test_a_batch_that_was_cut_off_goes_on_where_it_stopped(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        PERSON_HEAD,
        *([f"王{name}", None, 13800138000 + n, f"1000弄1号{n + 101}室"] for n, name in enumerate("一二三四五六")),
    ]
    rows[2] = ["坏", "123", None, "1000弄1号1室"]
    monkeypatch.setattr(commit, "CHUNK", 2)
    written = commit._write
    calls = []

    def fail_third(*args: object) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("the power went")
        written(*args)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(commit, "_write", fail_third)
    place = street.neighbourhoods[0]
    batch = actions.upload(
        content=workbooks.xlsx(rows), name="a.xlsx", kind=K.PERSONS, place=place, by="s", now=MORNING
    )
    with pytest.raises(RuntimeError):
        actions.take_in(batch=batch, by="s", now=MORNING)
    batch.refresh_from_db()
    assert (batch.status, batch.done, batch.failure) == (ImportStatus.FAILED, 4, "RuntimeError")
    actions.resume(batch=batch, by="s", now=MORNING)
    assert actions.commit_next(now=MORNING) == 6
    batch.refresh_from_db()
    assert (batch.status, counts(batch)) == (ImportStatus.DONE, (5, 0, 0, 1))
    assert len(report(batch)) == 2
    assert Person.objects.count() == 5


def test_the_worker_takes_confirmed_lists_only_and_each_once(street: Street) -> None:
    place = street.neighbourhoods[0]
    batch = actions.upload(
        content=workbooks.xlsx([PERSON_HEAD, WANG_ROW]), name="a.xlsx", kind=K.PERSONS, place=place, by="s", now=MORNING
    )
    assert actions.commit_next(now=MORNING) == 0
    actions.queue(batch=batch, by="s", now=MORNING)
    with pytest.raises(ImportRefusedError):
        actions.queue(batch=batch, by="s", now=MORNING)
    assert actions.commit_next(now=MORNING) == 1
    assert actions.commit_next(now=MORNING) == 0
    batch.refresh_from_db()
    assert counts(batch) == (1, 0, 0, 0)


def test_it_remembers_the_columns_of_a_sender(street: Street) -> None:
    rows = [["姓名", "手机", "在哪"], ["王建国", 13800138000, "1000弄1号101室"]]
    place = street.neighbourhoods[0]

    def upload(by: str) -> ImportBatch:
        return actions.upload(
            content=workbooks.xlsx(rows), name="a.xlsx", kind=K.PERSONS, place=place, by=by, now=MORNING
        )

    batch = upload("one")
    assert batch.mapping["在哪"] == ""
    actions.set_mapping(batch=batch, chosen={**batch.mapping, "在哪": "address"}, by="one", now=MORNING)
    assert upload("one").mapping["在哪"] == "address"
    assert upload("other").mapping["在哪"] == ""


@pytest.mark.parametrize("chosen", [{"姓名": ""}, {"住址": "name"}])
def test_it_refuses_columns_that_cannot_work(chosen: dict[str, str], street: Street) -> None:
    batch = actions.upload(
        content=workbooks.xlsx([PERSON_HEAD, WANG_ROW]), name="a.xlsx", kind=K.PERSONS,
        place=street.neighbourhoods[0], by="s", now=MORNING,
    )  # fmt: skip
    with pytest.raises(ImportRefusedError):
        actions.set_mapping(batch=batch, chosen=chosen, by="s", now=MORNING)


def test_it_keeps_nothing_of_a_file_that_cannot_be_read(street: Street) -> None:
    with pytest.raises(UnreadableFileError):
        actions.upload(content=b"MZ\x90", name="a.xlsx", kind=K.PERSONS, place=street.street, by="s", now=MORNING)
    assert not ImportBatch.objects.exists()


def test_it_reads_a_register_made_by_hand_too(street: Street) -> None:
    make_person("王建国", street.dwellings[0])
    assert counts(send([PERSON_HEAD, ["王建国", None, None, "1000弄1号101室"]], K.PERSONS, street.street)) == (
        0,
        1,
        0,
        0,
    )
    assert Person.objects.count() == 1


def test_the_command_prints_counts_and_writes_the_report(street: Street, tmp_path: Path) -> None:
    file, back = tmp_path / "名册.xlsx", tmp_path / "back.xlsx"
    file.write_bytes(workbooks.xlsx([PERSON_HEAD, WANG_ROW, ["李四", "1", None, "1000弄1号101室"]]))
    out, place = io.StringIO(), street.neighbourhoods[0].code
    call_command("import_roster", str(file), kind="persons", place=place, report=back, json=True, stdout=out)
    said = json.loads(out.getvalue())
    assert {key: said[key] for key in ("rows", "created", "updated", "unchanged", "refused")} == {
        "rows": 2, "created": 1, "updated": 0, "unchanged": 0, "refused": 1,
    }  # fmt: skip
    assert said["seconds"] >= 0
    assert back.read_bytes()[:2] == b"PK"


@pytest.mark.parametrize(("name", "place"), [("no.xlsx", "310105009001"), ("a.xlsx", "999")])
def test_the_command_says_what_is_missing(name: str, place: str, street: Street, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(workbooks.xlsx([PERSON_HEAD, WANG_ROW]))
    with pytest.raises(CommandError):
        call_command("import_roster", str(tmp_path / name), kind="persons", place=place)


def test_no_chunk_beside_a_working_street_asks_more_than_it_needs(street: Street) -> None:
    rows = [PERSON_HEAD, *([f"王{n}号", None, 13800138000 + n, f"1000弄1号{n + 101}室"] for n in range(60))]
    place = street.neighbourhoods[0]
    batch = actions.upload(
        content=workbooks.xlsx(rows), name="a.xlsx", kind=K.PERSONS, place=place, by="s", now=MORNING
    )
    with connection.execute_wrapper(_count := _Counter()):
        actions.take_in(batch=batch, by="s", now=MORNING + timedelta(minutes=1))
    assert _count.calls < 90


class _Counter:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204 - Django's wrapper protocol
        self.calls += 1
        return execute(sql, params, many, context)
