"""The text message of a called number, in the household's language: what, where, when, until when, what then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fangxian.masks.queries.calls import CalledHousehold
from fangxian.shared import clock

LANGUAGES: Final = ("zh", "en", "ja", "ko")


@dataclass(frozen=True)
class _Words:
    text: str
    brought: str
    goods: str
    between: str
    day: str
    link: str


_WORDS: Final[Mapping[str, _Words]] = {
    "zh": _Words(
        "【{street}】您的登记号{voucher}已叫号：{goods}。请于{day}{slot}到{pharmacy}{address}购买，带好证件。"
        "{until}前有效，过号不留。",
        "【{street}】您的登记号{voucher}已叫号：{goods}。居委会会送货上门，您不用出门。",
        "{title}×{count}", "、", "{month}月{day}日", "凭证：{link}",
    ),
    "en": _Words(
        "[{street}] Your number {voucher} is called: {goods}. Please come to {pharmacy}{address} on {day}, {slot}, "
        "with your document. Kept until {until}; after that the next numbers get them.",
        "[{street}] Your number {voucher} is called: {goods}. The committee brings them to your "
        "door; please stay home.",
        "{count} × {title}", ", ", "{day} {name}", "Voucher: {link}",
    ),
    "ja": _Words(
        "【{street}】登録番号{voucher}が呼ばれました。{goods}。{day}{slot}に{pharmacy}{address}へ、身分証をお持ちください。"
        "{until}まで有効です。過ぎると次の番号に回ります。",
        "【{street}】登録番号{voucher}が呼ばれました。{goods}。居民委員会がご自宅へお届けします。外出は不要です。",
        "{title}×{count}", "、", "{month}月{day}日", "引換券：{link}",
    ),
    "ko": _Words(
        "[{street}] 등록번호 {voucher} 차례입니다. {goods}. {day} {slot}에 신분증을 가지고 "
        "{pharmacy}{address}(으)로 오세요. {until}까지 유효하며 지나면 다음 번호로 넘어갑니다.",
        "[{street}] 등록번호 {voucher} 차례입니다. {goods}. 주민위원회가 집으로 가져다 드리니 외출하지 마세요.",
        "{title} {count}개", ", ", "{month}월 {day}일", "예약증: {link}",
    ),
}  # fmt: skip
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def call_text(one: CalledHousehold, *, street: str, language: str = "zh", link: str = "") -> str:
    """No name and no address of the household: a telephone lies on tables. `link` opens its own page."""
    tongue = language[:2].lower() if language[:2].lower() in _WORDS else "en"
    words = _WORDS[tongue]
    goods = words.between.join(
        words.goods.format(title=one.titles[key].get(tongue) or one.titles[key].get("en", key), count=count)
        for key, count in one.wants.items()
    )
    address = one.pharmacy.address
    text = (words.brought if one.deliver else words.text).format(
        street=street, voucher=one.voucher, goods=goods, pharmacy=one.pharmacy.name,
        address=(f"（{address}）" if tongue in ("zh", "ja") else f" ({address})") if address else "",
        day=_day(words, one.slot_from_us), slot=f"{_time(one.slot_from_us)}-{_time(one.slot_until_us)}",
        until=_until(words, one.deadline_us),
    )  # fmt: skip
    return f"{text} {words.link.format(link=link)}" if link else text


def _local(us: int) -> datetime:
    return clock.local(clock.from_us(us))


def _time(us: int) -> str:
    return f"{_local(us):%H:%M}"


def _day(words: _Words, us: int) -> str:
    day = _local(us)
    return words.day.format(month=day.month, day=day.day, name=_MONTHS[day.month - 1])


def _until(words: _Words, us: int) -> str:
    """The end of the last day, as people say it: not midnight of the day after."""
    ends = _local(us - 1)
    hour = "24:00" if (ends.hour, ends.minute) == (23, 59) else f"{_local(us):%H:%M}"
    return f"{words.day.format(month=ends.month, day=ends.day, name=_MONTHS[ends.month - 1])} {hour}"
