"""What a filing may become, what it lacks, and a filing as a workbook: decisions without a database."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.registry.imports.reader import Sheet, read
from fangxian.shared.states import diagram
from fangxian.workplaces import filing_book, rules
from fangxian.workplaces.filing_book import ANSWERS, POSTS, QUESTIONS, names_in
from fangxian.workplaces.models import FilingAct, FilingStatus, PostKind
from fangxian.workplaces.playbook import Goods
from fangxian.workplaces.queries.firms import used_in_a_day
from fangxian.workplaces.rules import Actor, Asked, FilingFacts, Lack
from fangxian.workplaces.words import ACTORS, ACTS_DONE, LACKS, NEXT, PART_OF, PARTS, Part
from tests.support.repository import ROOT

TODAY = date(2020, 2, 17)
MASKS = Goods.model_validate({"key": "masks", "title": {"zh": "口罩（只）", "en": "masks"}, "per_head": 1.0})
FULL = FilingFacts(
    in_charge="林晓", has_phone=True, start_on=TODAY, people=3, plan="x" * 40, isolation="小会议室", committed=True,
    on_roster=3, supply_days=14.0, posts=5,
)  # fmt: skip
ASKED = Asked(plan_length=40, supply_days=14, posts=5, earliest=date(2020, 2, 10))


def test_the_readme_shows_the_table() -> None:
    text = (ROOT / "src/fangxian/workplaces/README.md").read_text("utf-8")
    drawn = diagram(rules.TRANSITIONS, FilingStatus.DRAFT.value)
    assert f"```mermaid\n{drawn}\n```" in text, f"put this into the page:\n{drawn}"


def test_everything_that_can_be_said_has_words() -> None:
    assert set(LACKS) == set(Lack)
    assert set(PARTS) == set(Part)
    assert set(NEXT) == set(FilingStatus)
    assert set(ACTS_DONE) == set(FilingAct)
    assert set(ACTORS) == set(Actor)


def test_everything_a_filing_can_lack_has_a_part_in_the_order_of_the_form() -> None:
    nothing = FilingFacts("", False, None, None, "", "", False, 0, None, 0)
    early = FilingFacts("", False, date(2020, 2, 1), 0, " ", " ", False, 0, 13.9, 4)
    late = replace(ASKED, earliest=None, today=TODAY)
    found = [*rules.lacks(nothing, ASKED), *rules.lacks(early, ASKED), *rules.lacks(early, late)]
    assert set(found) - {Lack.ROSTER} == set(PART_OF)
    order = list(Part)
    for lacks in (rules.lacks(nothing, ASKED), rules.lacks(early, ASKED)):
        places = [order.index(PART_OF[lack]) for lack in lacks if lack in PART_OF]
        assert places == sorted(places)


@pytest.mark.parametrize(("ago", "earliest", "lacks"), [
    (0, None, ()), (1, None, ()), (2, None, (Lack.PAST,)), (2, date(2020, 2, 10), ()), (-5, None, ()),
])  # fmt: skip
def test_a_first_day_that_is_over_is_a_slip_where_the_plan_names_no_earliest(
    ago: int, earliest: date | None, lacks: tuple[Lack, ...]
) -> None:  # fmt: skip
    facts = replace(FULL, start_on=TODAY - timedelta(days=ago))
    assert rules.lacks(facts, replace(ASKED, earliest=earliest, today=TODAY)) == lacks


def test_a_full_filing_lacks_nothing() -> None:
    assert rules.lacks(FULL, ASKED) == ()


@given(st.sampled_from(list(FilingStatus)), st.sets(st.sampled_from(list(Actor))))
def test_what_is_open_can_be_done_and_nothing_else_can(status: FilingStatus, actors: set[Actor]) -> None:
    shown = rules.acts_open(status, actors)
    assert set(shown) == {act for act in FilingAct if rules.after(status, act, actors) is not None}


@given(st.lists(st.sampled_from(list(FilingAct)), max_size=12))
def test_no_way_leads_to_accepted_past_the_street(acts: list[FilingAct]) -> None:
    status = FilingStatus.DRAFT
    for act in acts:
        status = rules.after(status, act, [Actor.FIRM, Actor.WORKER]) or status
    assert status not in (FilingStatus.ACCEPTED, FilingStatus.SUSPENDED)


@pytest.mark.parametrize(
    ("per_head", "per_place", "people", "expected"),
    [(1.0, 0, 3, 3), (0.5, 0, 3, 2), (5.0, 200.0, 0, 200), (0, 0, 9, 0)],
)
def test_goods_are_used_up_in_whole_units(per_head: float, per_place: float, people: int, expected: int) -> None:
    goods = MASKS.model_copy(update={"per_head": per_head, "per_place": per_place})
    assert used_in_a_day(goods, people) == expected


@pytest.mark.parametrize("written", ["小李、小张", "小李,小张", "小李，小张；", " 小李 / 小张\n"])
def test_names_are_divided_however_they_are_written(written: str) -> None:
    assert names_in(written) == ["小李", "小张"]


def _read(**answers: object) -> filing_book.Read:
    words = {key: question for key, question, _how in QUESTIONS} | {f"post:{k.value}": v for k, v in POSTS.items()}
    rows = [["", "企业复工备案"], *([None, words[key], value] for key, value in answers.items())]
    return filing_book.read([Sheet(ANSWERS, rows)], [MASKS], TODAY)  # type: ignore[arg-type]  # cells of any kind


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("start_on", "2020/2/18", date(2020, 2, 18)), ("start_on", date(2020, 2, 18), date(2020, 2, 18)),
        ("start_on", "2月18日", date(2020, 2, 18)), ("people", 12.0, 12), ("people", "12人", 12),
        ("phone", "138 1234 5678", "+8613812345678"), ("phone", 13812345678.0, "+8613812345678"),
        ("ask_from", "8：30", 510), ("ask_from", time(8, 30), 510), ("ask_home", "20%", 20),
        ("in_charge", " 林晓 ", "林晓"),
    ],
)  # fmt: skip
def test_an_answer_is_read_as_people_write_it(key: str, value: object, expected: object) -> None:
    found = _read(**{key: value})
    assert found.draft == {key: expected}
    assert found.faults == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("start_on", "明天"),
        ("people", "很多"),
        ("people", -3),
        ("phone", "12"),
        ("ask_from", "25:00"),
        ("ask_from", "早上"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_names_its_cell(key: str, value: object) -> None:
    found = _read(in_charge="林晓", **{key: value})
    assert found.draft == {"in_charge": "林晓"}
    assert [(fault.sheet, fault.cell) for fault in found.faults] == [(ANSWERS, "C3")]


def test_an_empty_cell_says_nothing_and_posts_are_lists() -> None:
    found = _read(in_charge=None, plan="  ", **{"post:clean": "王阿姨、李阿姨"})
    assert found.draft == {}
    assert found.posts == {PostKind.CLEAN: ["王阿姨", "李阿姨"]}
    assert not filing_book.read([Sheet("名册", [["姓名"], ["王建国"]])], [MASKS], TODAY).found


def test_the_template_reads_back_as_what_was_known() -> None:
    known = {
        "in_charge": "林晓", "start_on": "2020-02-18", "people": "3", "plan": "=1+1 不是公式", "ask_from": "08:30",
        "ask_until": "09:00", "ask_home": "20", "post:clean": "王阿姨", "goods:masks": "300",
    }  # fmt: skip
    book = filing_book.template(goods=[MASKS], known=known, firm="银杏贸易有限公司", building="虹桥大厦")
    found = filing_book.read(read(book, "备案.xlsx"), [MASKS], TODAY)
    assert found.faults == []
    assert found.draft == {
        "in_charge": "林晓", "start_on": date(2020, 2, 18), "people": 3, "plan": "=1+1 不是公式", "ask_from": 510,
        "ask_until": 540, "ask_home": 20,
    }  # fmt: skip
    assert found.posts == {PostKind.CLEAN: ["王阿姨"]}
    assert found.quantities == {"masks": 300}
