import pytest

from fangxian.registry.imports import mapping, reader, rows, tables
from fangxian.registry.imports.mapping import How
from fangxian.registry.imports.problems import FileProblem, UnreadableFileError
from fangxian.registry.imports.tables import NoteKind
from fangxian.registry.models import ImportKind
from tests.support import workbooks

ID = "11010519491231002X"


def _book(data: bytes, kind: ImportKind = ImportKind.PERSONS) -> rows.Book:
    return rows.open_book(data, "a.xlsx", kind)


def _fields(book: rows.Book) -> dict[str, str]:
    return {column.header: column.field for column in rows.propose(book)}


@pytest.mark.parametrize(
    ("kind", "header", "field"),
    [
        (ImportKind.PERSONS, "姓 名", "name"), (ImportKind.PERSONS, "员工 姓名", "name"),
        (ImportKind.PERSONS, "*姓名（必填）", "name"), (ImportKind.PERSONS, "Full Name", "name"),
        (ImportKind.PERSONS, "身份证号码", "document"), (ImportKind.PERSONS, "證件號碼", "document"),
        (ImportKind.PERSONS, "联系电话（手机）", "phone"), (ImportKind.PERSONS, "居住小区/楼栋", "compound"),
        (ImportKind.PERSONS, "国籍/地区", "nationality"), (ImportKind.PERSONS, "从何地返沪", "origin"),
        (ImportKind.PERSONS, "与户主关系", "relation"), (ImportKind.PERSONS, "Date of Birth", "birth_date"),
        (ImportKind.VEHICLES, "车牌号码", "plate"), (ImportKind.VEHICLES, "停放小区", "compound"),
        (ImportKind.ENTERPRISES, "统一社会信用代码", "uscc"), (ImportKind.ENTERPRISES, "员工人数", "headcount"),
        (ImportKind.DWELLINGS, "所属网格", "grid"), (ImportKind.AREAS, "区域类型", "type"),
    ],
)  # fmt: skip
def test_it_knows_the_usual_headings(kind: ImportKind, header: str, field: str) -> None:
    scores = {one.key: mapping.similarity(header, one) for one in rows.KINDS[kind].fields}
    assert max(scores, key=lambda key: scores[key]) == field
    assert scores[field] >= mapping.CUT_OFF


@pytest.mark.parametrize("header", ["序号", "紧急联系人电话", "父亲姓名", "填表人", "错误原因", "", "政治面貌"])
def test_it_leaves_other_columns_alone(header: str) -> None:
    assert all(mapping.similarity(header, one) < mapping.CUT_OFF for one in rows.KINDS[ImportKind.PERSONS].fields)


def test_it_maps_columns_in_any_order_below_a_title() -> None:
    book = _book(
        workbooks.xlsx(
            [
                ["虹储居民名册（第二轮排摸用）"],
                ["填表日期：2020.2.16"],
                ["序号", "联系电话", "证件号码", "住址", "姓名"],
                [1, 13800138000, ID, "虹桥路1000弄12号501室", "王秀英"],
            ]
        )
    )
    assert _fields(book) == {
        "序号": "", "联系电话": "phone", "证件号码": "document", "住址": "address", "姓名": "name",
    }  # fmt: skip
    assert book.tables[0].above[0][0] == "虹储居民名册（第二轮排摸用）"
    assert book.tables[0].lines[0].number == 4


def test_it_believes_the_cells_more_than_a_doubtful_heading() -> None:
    head = ["姓名", "证件", "联系方式", "备注"]
    lines = [["王秀英", ID, "家里", "x"], ["李四", ID, "单位", "x"], ["赵五", ID, "没有", "x"]]
    columns = {one.header: one for one in rows.propose(_book(workbooks.xlsx([head, *lines])))}
    assert columns["联系方式"].field == ""
    assert (columns["证件"].field, columns["证件"].how) == ("document", How.EXACT)


def test_it_finds_numbers_below_a_heading_that_says_nothing() -> None:
    lines = [[f"王秀{i}", ID, f"1380013800{i}"] for i in range(5)]
    columns = {
        one.header: one for one in rows.propose(_book(workbooks.xlsx([["姓名", "身份", "手机号", "号二"], *lines])))
    }
    assert (columns["身份"].field, columns["身份"].how) == ("document", How.CONTENT)


def test_it_proposes_what_the_sender_chose_last_time() -> None:
    book = _book(workbooks.xlsx([["姓名", "手机", "名号"], ["王秀英", 13800138000, "x"]]))
    columns = {one.header: one for one in rows.propose(book, {"名号": "note", "手机": ""})}
    assert (columns["名号"].field, columns["名号"].how) == ("note", How.REMEMBERED)
    assert columns["手机"].field == ""


def test_it_knows_headings_again_in_another_order() -> None:
    assert mapping.fingerprint(["姓名", "手机 "]) == mapping.fingerprint(["手机", "姓名", ""])
    assert mapping.fingerprint(["姓名"]) != mapping.fingerprint(["手机"])


def test_it_reads_headings_in_two_rows() -> None:
    upper = ["姓名", "联系方式", None, "现住址", None]
    lower = [None, "手机", "固定电话", "小区", "室号"]
    data = ["王秀英", 13800138000, "62758888", "古北新城", "501"]
    book = _book(workbooks.xlsx([upper, lower, data], merged=[(0, 0, 1, 0), (0, 1, 0, 2), (0, 3, 0, 4)]))
    assert _fields(book) == {"姓名": "name", "手机": "phone", "固定电话": "phone", "小区": "compound", "室号": "room"}
    assert len(book.tables[0].lines) == 1


def test_it_tells_data_from_headings_labels_footers_and_blank_rows() -> None:
    book = _book(
        workbooks.xlsx(
            [
                ["姓名", "电话", "室号"],
                ["12号", None, None],
                ["王秀英", 13800138000, "501"],
                [None, None, None],
                ["姓名", "电话", "室号"],
                ["李四", 13800138001, "502"],
                ["13号", None, None],
                ["赵五", 13800138002, "101"],
                ["合计", 3, None],
            ],
            merged=[(1, 0, 1, 2), (6, 0, 6, 2)],
        )
    )
    assert [(line.number, line.label) for line in book.tables[0].lines] == [(3, "12号"), (6, "12号"), (8, "13号")]
    assert [(note.kind, note.row) for note in book.notes] == [
        (NoteKind.GROUP_LABEL, 2), (NoteKind.HEADER_REPEATED, 5), (NoteKind.GROUP_LABEL, 7), (NoteKind.FOOTER, 9),
    ]  # fmt: skip


def test_it_takes_every_sheet_with_headings_and_reports_the_others() -> None:
    book = _book(
        workbooks.xlsx(
            [["姓名", "电话"], ["王秀英", 13800138000]],
            二月=[["电话", "姓名"], [13800138001, "李四"]],
            填写说明=[["请如实填写"], ["谢谢"]],
        )
    )
    assert [table.sheet for table in book.tables] == ["名册", "二月"]
    assert [(note.kind, note.sheet) for note in book.notes] == [(NoteKind.SHEET_LEFT_OUT, "填写说明")]
    assert book.rows == 2


@pytest.mark.parametrize(
    ("sheet", "problem"),
    [([["随便", "什么"], ["a", "b"]], FileProblem.NO_HEADER), ([["姓名", "电话"]], FileProblem.NO_ROWS)],
)
def test_it_says_when_nothing_can_be_a_list(sheet: list[list[str]], problem: FileProblem) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        _book(workbooks.xlsx(sheet))
    assert caught.value.problem is problem


def test_it_gives_a_second_telephone_column_its_own_name() -> None:
    book = _book(workbooks.xlsx([["姓名", "手机", "固定电话"], ["王秀英", 13800138000, "62758888"]]))
    chosen = rows.as_mapping(rows.propose(book))
    found = rows.columns_of(book.tables[0], chosen, rows.KINDS[ImportKind.PERSONS].fields)
    assert found == {"name": 0, "phone": 1, "phone_2": 2}


def test_it_says_which_column_is_indispensable() -> None:
    assert [field.key for field in rows.missing_core({"电话": "phone"}, ImportKind.PERSONS)] == ["name"]


def test_it_reads_old_sheets_the_same_way() -> None:
    sheets = reader.read(workbooks.xls([["车牌号", "车主"], ["沪A12345", "王秀英"]]), "a.xls")
    found, _notes = tables.find(sheets, rows.KINDS[ImportKind.VEHICLES].fields)
    assert found[0].headers == ["车牌号", "车主"]


def test_a_title_over_all_columns_does_not_join_the_first_heading() -> None:
    headings = ["序号", "姓名", "身份证号码", "联系电话"]
    title = ["何家角居委会人员登记表", None, None, None]
    data = workbooks.xlsx([title, headings, [1, "王小明", ID, 13800138000]], merged=[(0, 0, 0, 3)])
    assert [column.header for column in rows.propose(_book(data))] == headings


def test_a_row_of_groups_joins_the_headings_below_it() -> None:
    groups = ["基本信息", None, "联系方式", None]
    data = workbooks.xlsx(
        [groups, ["姓名", "身份证号码", "电话", "地址"], ["王小明", ID, 13800138000, "何家角小区1号101室"]],
        merged=[(0, 0, 0, 1), (0, 2, 0, 3)],
    )
    assert set(_fields(_book(data)).values()) >= {"name", "document", "phone", "address"}
