"""The letter to a door: the round in the languages of the home, its address, and the code that registers it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import segno
from django.utils.translation import gettext as _

from fangxian.masks.printing import FIXED_MASK, PrintError, compiled
from fangxian.notices.models import Notice

TEMPLATE: Final = Path(__file__).parent / "typeset" / "letter.typ"
MOST: Final = 500
"""Letters in one file: some seconds of work."""
ALWAYS: Final = ("zh", "en")
MORE: Final = ("ja", "ko")
_HOW: Final[Mapping[str, str]] = {
    "zh": "扫描此码，即可为本户预约登记。此码只认这一户，请勿转给他人。",
    "en": "Scan this code to register this address. It holds for this door alone: please do not pass it on.",
    "ja": "このコードを読み取ると、お宅の予約登録ができます。このお宅専用ですので、他の方に渡さないでください。",
    "ko": "이 코드를 스캔하면 이 주소로 예약 등록을 할 수 있습니다. 이 집 전용이니 다른 사람에게 주지 마세요.",
}


@dataclass(frozen=True)
class Recipient:
    """A door. `link` is the address of its own page of registration; `languages` those spoken behind it."""

    address: str
    link: str
    languages: frozenset[str] = frozenset()


def letters(recipients: Sequence[Recipient], *, notice: Notice, street: str, committee: str) -> bytes:
    """A PDF, one page a door. In Chinese and English, and in Japanese or Korean where that is spoken. PrintError."""
    if not recipients:
        raise PrintError(_("Every one of these doors was told of the round already, so there is no letter to print."))
    if len(recipients) > MOST:
        raise PrintError(
            _("At most %(most)d letters fit in one file. Choose fewer blocks and print them in parts.") % {"most": MOST}
        )
    parts = {language: _part(notice, language) for language in (*ALWAYS, *MORE) if language in notice.body}
    return compiled(
        {
            "title": notice.title.get("zh", ""), "street": street, "committee": committee,
            "letters": [
                {
                    "address": one.address, "code": _code(one.link),
                    "parts": [parts[language] for language in _languages(one) if language in parts],
                }
                for one in recipients
            ],
        },
        TEMPLATE,
    )  # fmt: skip


def _languages(one: Recipient) -> Iterator[str]:
    yield from ALWAYS
    yield from (language for language in MORE if language in one.languages)


def _part(notice: Notice, language: str) -> Mapping[str, str]:
    return {
        "tongue": language, "title": notice.title.get(language) or notice.title.get("en", ""),
        "body": notice.body[language], "how": _HOW[language],
    }  # fmt: skip


def _code(link: str) -> str:
    drawn = segno.make(link, error="m", boost_error=False, micro=False, mask=FIXED_MASK)
    return drawn.svg_inline(border=2, dark="#000", light="#fff", omitsize=True)
