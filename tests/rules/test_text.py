import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.shared import text


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("１２３ ＡＢＣ", "123 ABC"),
        ("  张\u3000小明 ", "张 小明"),
        ("\ufeff李\u200b四", "李四"),
        ("ﾀﾅｶ", "タナカ"),
        ("（备注）：无", "(备注):无"),
    ],
)
def test_it_folds_width_spaces_and_hidden_characters(written: str, folded: str) -> None:
    assert text.fold(written) == folded


@given(st.text(max_size=60))
def test_it_folds_once_for_all(value: str) -> None:
    assert text.fold(text.fold(value)) == text.fold(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("陳大文", "陈大文"),
        ("TANAKA Hiroshi", "Hiroshi Tanaka"),
        ("沢田 研二", "泽田研二"),
        ("José Müller", "JOSE MULLER"),
        ("阿依古丽·买买提", "阿依古丽买买提"),
        ("ヒロシ", "ひろし"),
    ],
)
def test_it_gives_one_key_to_two_spellings_of_a_name(one: str, other: str) -> None:
    assert text.name_key(one) == text.name_key(other)


def test_it_keeps_names_apart_that_only_look_alike() -> None:
    assert text.name_key("张芸") != text.name_key("张艺")


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("张小明", ["张", "小", "明", "zhang", "xiao", "ming", "z", "x", "m"]),
        ("单雄信", ["单", "雄", "信", "shan", "xiong", "xin", "s", "x", "x"]),
        ("吕布", ["吕", "布", "lv", "bu", "l", "b"]),
        ("欧阳修文", ["欧", "阳", "修", "文", "ou", "yang", "xiu", "wen", "o", "y", "x", "w"]),
        ("TANAKA Hiroshi", ["tanaka", "hiroshi", "t", "h"]),
        ("김민수", ["김", "민", "수"]),
        ("タナカ", ["た", "な", "か"]),
    ],
)
def test_it_makes_a_token_of_each_character_syllable_and_initial(name: str, tokens: list[str]) -> None:
    assert text.name_tokens(name) == tokens


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("小明", "张小明"),
        ("zhangxiao", "张小明"),
        ("xiao ming", "张小明"),
        ("zxm", "张小明"),
        ("lyubu", "吕布"),
        ("xian", "西安"),
        ("tanaka", "田中 TANAKA"),
        ("張", "张小明"),
    ],
)
def test_it_finds_a_name_by_one_of_the_phrases(typed: str, name: str) -> None:
    tokens = text.name_tokens(name)
    spans = [tokens[i:j] for i in range(len(tokens)) for j in range(i + 1, len(tokens) + 1)]
    assert any(phrase in spans for phrase in text.query_phrases(typed))


@pytest.mark.parametrize(
    ("written", "number"),
    [("十二", 12), ("一百零五", 105), ("一五〇一", 1501), ("二十", 20), ("十", 10), ("两千零一", 2001), ("甲", None)],
)
def test_it_reads_chinese_numbers(written: str, number: int | None) -> None:
    assert text.chinese_number(written) == number


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("虹桥路1000弄12号501室", "虹桥路-1000-12-501"),
        ("上海市长宁区虹桥路一千弄１２号５０１", "虹桥路-1000-12-501"),
        ("虹桥路1000弄12-501", "虹桥路-1000-12-501"),
        ("虹橋路1000弄（古北新城）12號501室", "虹桥路-1000-12-501"),
        ("上海市长宁区虹桥街道荣华第一居委会黄金城道500弄3号1201室", "黄金城道-500-3-1201"),
        ("3幢2单元301室", "3-2-301"),
        ("3-2-301", "3-2-301"),
        ("三号楼二单元301", "3-2-301"),
        ("12号甲", "12甲"),
        ("12甲号", "12甲"),
        ("301室甲", "301甲"),
        ("古北新城12号501室", "古北新城-12-501"),
        ("古北新城12-501", "古北新城-12-501"),
        ("虹桥路1452号12层1203室", "虹桥路-1452-1203"),
        ("中山西路1000弄5支弄3号201室", "中山西路-1000-5支-3-201"),
        ("A座12楼", "a-f12"),
        ("12F", "f12"),
        ("地下一层", "fb1"),
        ("底楼大堂", "f1-大堂"),
        ("古北小区5号302", "古北小区-5-302"),
        ("古北财富中心二期", "古北财富中心二期"),
        ("延安西路2201号国贸中心1203室", "延安西路-2201-1203"),
        ("一五〇一室", "1501"),
    ],
)
def test_it_gives_one_key_to_the_usual_spellings_of_an_address(written: str, key: str) -> None:
    assert text.address_key(written) == key


@given(st.integers(1, 999), st.integers(1, 99), st.integers(101, 3299))
def test_it_reads_every_number_of_an_address(lane: int, house: int, room: int) -> None:
    assert text.address_key(f"虹桥路{lane}弄{house}号{room}室") == f"虹桥路-{lane}-{house}-{room}"


@given(st.text(max_size=40))
def test_it_reads_any_text_as_an_address_without_failing(value: str) -> None:
    assert isinstance(text.address_key(value), str)
