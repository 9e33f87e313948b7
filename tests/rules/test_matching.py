from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from fangxian.registry.matching import Signal, Traits, Verdict, compare
from fangxian.shared.text import name_key, pinyin_key

BORN = date(1958, 3, 1)
PHONE, OTHER_PHONE, ID, OTHER_ID = b"phone", b"other", b"id", b"other id"
DOOR = UUID(int=7)


def _person(name: str = "王秀英", **more: object) -> Traits:
    return replace(Traits(name_key(name), pinyin_key(name)), **more)  # type: ignore[arg-type]  # fields of Traits


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (_person(documents=frozenset({ID})), _person("别人", documents=frozenset({ID})), Verdict.SAME),
        (
            _person(birth_date=BORN, phones=frozenset({PHONE})),
            _person(birth_date=BORN, phones=frozenset({PHONE})),
            Verdict.SAME,
        ),
        (
            _person("陳大文", birth_date=BORN, doors=frozenset({DOOR})),
            _person("陈大文", birth_date=BORN, doors=frozenset({DOOR})),
            Verdict.SAME,
        ),
        (
            _person("CHEN DAWEN", birth_date=BORN, phones=frozenset({PHONE})),
            _person("陈大文", birth_date=BORN, phones=frozenset({PHONE})),
            Verdict.SAME,
        ),
        (
            _person(phones=frozenset({PHONE}), doors=frozenset({DOOR})),
            _person(phones=frozenset({PHONE}), doors=frozenset({DOOR})),
            Verdict.SAME,
        ),
        (_person(phones=frozenset({PHONE})), _person(phones=frozenset({PHONE})), Verdict.SAME),
        (_person(doors=frozenset({DOOR})), _person(doors=frozenset({DOOR})), Verdict.SAME),
        (_person(birth_date=BORN), _person(birth_date=BORN), Verdict.POSSIBLE),
        (_person("WANG XIUYING", phones=frozenset({PHONE})), _person(phones=frozenset({PHONE})), Verdict.POSSIBLE),
        (
            _person(phones=frozenset({PHONE}), doors=frozenset({DOOR})),
            _person(phones=frozenset({OTHER_PHONE}), doors=frozenset({DOOR})),
            Verdict.POSSIBLE,
        ),
        (
            _person("王小明", phones=frozenset({PHONE}), doors=frozenset({DOOR})),
            _person("王小红", phones=frozenset({PHONE}), doors=frozenset({DOOR})),
            Verdict.NEW,
        ),
        (
            _person("王小明", birth_date=BORN, phones=frozenset({PHONE}), doors=frozenset({DOOR})),
            _person("王小朋", birth_date=BORN, phones=frozenset({PHONE}), doors=frozenset({DOOR})),
            Verdict.POSSIBLE,
        ),
        (_person(), _person(), Verdict.NEW),
        (
            _person("王秀英", phones=frozenset({PHONE}), doors=frozenset({DOOR})),
            _person("李建国", phones=frozenset({PHONE}), doors=frozenset({DOOR})),
            Verdict.NEW,
        ),
        (
            _person(birth_date=BORN, phones=frozenset({PHONE})),
            _person(birth_date=date(1985, 1, 1), phones=frozenset({PHONE})),
            Verdict.NEW,
        ),
        (
            _person(birth_date=BORN, lifelong=frozenset({ID}), documents=frozenset({ID}), phones=frozenset({PHONE})),
            _person(
                birth_date=BORN, lifelong=frozenset({OTHER_ID}), documents=frozenset({OTHER_ID}),
                phones=frozenset({PHONE}),
            ),
            Verdict.NEW,
        ),
    ],
)  # fmt: skip
def test_it_decides_with_reasons(one: Traits, other: Traits, verdict: Verdict) -> None:
    found = compare(one, other)
    assert found.verdict is verdict
    assert compare(other, one).score == found.score
    assert found.signals


def test_it_says_what_agrees_and_what_differs() -> None:
    one = _person(birth_date=BORN, phones=frozenset({PHONE}), sex="f")
    other = _person(birth_date=BORN, phones=frozenset({OTHER_PHONE}), sex="m")
    assert compare(one, other).signals == (
        Signal.NAME, Signal.PHONE_DIFFERS, Signal.BIRTH_DATE, Signal.SEX_DIFFERS,
    )  # fmt: skip


def test_it_tells_a_slip_of_one_character_from_another_name() -> None:
    assert compare(_person("欧阳修文"), _person("欧阳修闻")).signals[0] in (Signal.NAME_CLOSE, Signal.NAME_PINYIN)
    assert compare(_person("王英"), _person("王芳")).signals[0] is Signal.NAME_DIFFERS
