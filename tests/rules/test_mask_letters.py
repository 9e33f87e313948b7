"""The letter to a door: in which languages, how many in one file, and who is old enough to be thought of."""

from datetime import date

import pytest

from fangxian.masks import letters
from fangxian.masks.letters import Recipient
from fangxian.masks.printing import PrintError
from fangxian.masks.rules import born_by
from fangxian.notices.models import Notice

LANGUAGES = ("zh", "en", "ja", "ko")


def notice(*languages: str) -> Notice:
    words = {language: f"text {language}" for language in languages}
    return Notice(title=words, body=words)


def printed(monkeypatch: pytest.MonkeyPatch, recipient: Recipient, *languages: str) -> list[str]:
    """The languages of the parts of the letter, as they go to the sheet."""
    sheets: list[dict[str, list[dict[str, list[dict[str, str]]]]]] = []

    def keep(data: dict[str, list[dict[str, list[dict[str, str]]]]], _template: object) -> bytes:
        sheets.append(data)
        return b"%PDF"

    monkeypatch.setattr(letters, "compiled", keep)
    letters.letters([recipient], notice=notice(*languages), street="虹桥街道", committee="何家角居委会")
    return [part["tongue"] for part in sheets[0]["letters"][0]["parts"]]


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        (frozenset(), ["zh", "en"]),
        (frozenset({"zh"}), ["zh", "en"]),
        (frozenset({"ko"}), ["zh", "en", "ko"]),
        (frozenset({"ja", "ko", "fr"}), ["zh", "en", "ja", "ko"]),
    ],
)
def test_a_letter_speaks_the_languages_of_the_home(
    spoken: frozenset[str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipient = Recipient("何家角小区 1号 101室", "https://example.org/m/2/x/", spoken)
    assert printed(monkeypatch, recipient, *LANGUAGES) == expected


def test_a_language_in_which_the_round_was_not_written_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    recipient = Recipient("1号", "https://example.org/m/2/x/", frozenset({"ko"}))
    assert printed(monkeypatch, recipient, "zh", "en") == ["zh", "en"]


def test_what_people_wrote_is_set_as_text() -> None:
    odd = Recipient('#panic("x") $ [1号] *101*', "https://example.org/m/2/x/", frozenset({"ja", "ko"}))
    pdf = letters.letters([odd], notice=notice(*LANGUAGES), street="#街道", committee="]居委会[")
    assert pdf.startswith(b"%PDF")


@pytest.mark.parametrize("count", [0, letters.MOST + 1])
def test_a_file_holds_some_letters_and_not_too_many(count: int) -> None:
    many = [Recipient("1号", "https://example.org/m/2/x/")] * count
    with pytest.raises(PrintError):
        letters.letters(many, notice=notice(*LANGUAGES), street="虹桥街道", committee="何家角居委会")


@pytest.mark.parametrize(
    ("age", "day", "expected"),
    [
        (80, date(2020, 2, 17), date(1940, 2, 17)),
        (80, date(2020, 2, 29), date(1940, 2, 29)),
        (81, date(2020, 2, 29), date(1939, 2, 28)),
    ],
)
def test_the_last_birthday_of_an_age(age: int, day: date, expected: date) -> None:
    assert born_by(age, day) == expected
