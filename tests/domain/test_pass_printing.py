"""Passes on paper: the right forms of characters, nothing that somebody wrote read as markup, codes that scan."""

import re
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import translation
from PIL import Image

from fangxian.gates import printing
from fangxian.gates.models import Pass
from fangxian.gates.printing import PrintError
from tests.support.factories import MORNING, Street
from tests.support.gates import Office, employee_pass

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """The words on a card are in the reader's language, whichever a test before this one has left behind."""
    with translation.override("zh-hans"):
        yield


@pytest.fixture
def of(street: Street, office: Office) -> Callable[..., Pass]:
    return lambda name, **changes: employee_pass(office.building, street.dwellings[0], name, **changes)


def unpacked(pdf: bytes) -> bytes:
    parts = [pdf]
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(found[1]))
        except zlib.error:
            continue
    return b"\n".join(parts)


def fonts(pdf: bytes) -> set[str]:
    return {name.decode() for name in re.findall(rb"/BaseFont\s*/\w+\+(NotoSansCJK\w\w)", unpacked(pdf))}


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", unpacked(pdf)))


def test_it_sets_each_name_in_the_font_of_its_language(of: Callable[..., Pass]) -> None:
    pdf = printing.cards([of("李雷"), of("さくら 直子"), of("김민준")])
    assert fonts(pdf) == {"NotoSansCJKsc", "NotoSansCJKjp", "NotoSansCJKkr"}


def test_it_takes_the_language_of_the_person_where_characters_alone_do_not_tell(of: Callable[..., Pass]) -> None:
    permit = of("高橋直子")
    assert permit.subject_id is not None
    assert fonts(printing.cards([permit])) == {"NotoSansCJKsc"}
    assert "NotoSansCJKjp" in fonts(printing.cards([permit], languages={permit.subject_id: "ja"}))


def test_it_puts_ten_cards_on_a_sheet(of: Callable[..., Pass]) -> None:
    permits = [of(f"员工{number}") for number in range(11)]
    assert (pages(printing.cards(permits[:10])), pages(printing.cards(permits))) == (1, 2)


def test_it_reads_no_markup_in_what_people_wrote(of: Callable[..., Pass]) -> None:
    evil = of('#panic("x") $1$ *b* [', company='"] #read("/etc/passwd")')
    assert pages(printing.cards([evil])) == 1
    assert pages(printing.sheet([evil], title="#pagebreak() #panic()")) == 1


@pytest.mark.parametrize("zone", ["R", "Y", "B", ""])
def test_it_prints_every_zone(of: Callable[..., Pass], zone: str) -> None:
    assert pages(printing.cards([of("韩梅梅", zone=zone, slot_from=480, slot_until=510)])) == 1


def test_it_says_when_there_is_nothing_or_too_much_to_print(of: Callable[..., Pass]) -> None:
    with pytest.raises(PrintError):
        printing.cards([])
    with pytest.raises(PrintError):
        printing.sheet([of("李雷")] * (printing.MOST + 1), title="x")


def test_it_draws_the_longest_token_small_enough_to_scan(of: Callable[..., Pass]) -> None:
    permit = of("慕" * 40, company="有" * 40, zone="R", slot_from=480, slot_until=510, once=True)
    drawn = printing.code(permit.token)
    assert int(drawn.version) <= 12
    assert drawn.error == "M"
    assert Image.open(BytesIO(printing.png(permit.token))).size[0] >= 400
    assert "<path" in printing.svg(permit.token)
    assert "style=" not in printing.svg(permit.token)


def test_it_tells_in_the_local_time_how_long_a_pass_is_good(of: Callable[..., Pass]) -> None:
    permit = of("李雷")
    assert (
        printing.when(permit.until_us)
        == (MORNING + timedelta(days=30)).strftime("%Y-%m-%d ") + printing.when(permit.until_us).split()[1]
    )
