"""Text as people write it, turned into forms that can be compared and searched.

Nothing here changes what is stored or shown: each function makes a key beside the original.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import pypinyin
from opencc import OpenCC

_SPACE = re.compile(r"\s+")
_HIDDEN = re.compile(
    r"[\u0000-\u0008\u000e-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufff9-\ufffb]"
)
_JOINERS = re.compile(r"[\s·・•‧∙.,，、。'’`\"“”()（）\-_/]+")
_LATIN_WORD = re.compile(r"[a-z0-9]+")

# Readings that a surname has and the character alone does not.
_SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "任": "ren", "翟": "zhai",
    "朴": "piao", "盖": "ge", "覃": "qin", "缪": "miao", "乐": "yue", "员": "yun", "黑": "he", "秘": "bi",
    "繁": "po", "冼": "xian", "折": "she", "种": "chong", "宓": "mi", "那": "na", "盛": "sheng", "沈": "shen",
    "臧": "zang", "晁": "chao", "乜": "nie", "逄": "pang", "尹": "yin", "谌": "chen", "郇": "xun", "訾": "zi",
}  # fmt: skip
_DOUBLE_SURNAMES = {
    "尉迟": ("yu", "chi"), "万俟": ("mo", "qi"), "长孙": ("zhang", "sun"), "澹台": ("tan", "tai"),
    "令狐": ("ling", "hu"), "单于": ("chan", "yu"), "鲜于": ("xian", "yu"), "欧阳": ("ou", "yang"),
}  # fmt: skip


def fold(value: str) -> str:
    """One line without hidden characters, full-width forms narrowed, spaces collapsed.

    NFKC joins what a keyboard splits (full-width digits, compatibility ideographs, half-width
    kana), but it also turns the prime marks and ellipses of free text into other signs: use it
    for keys and identifiers, keep free text as it was.
    """
    return _SPACE.sub(" ", _HIDDEN.sub("", unicodedata.normalize("NFKC", value))).strip()


def squeeze(value: str) -> str:
    """fold() without any space: for numbers, headings and Chinese addresses."""
    return fold(value).replace(" ", "")


def is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or char >= "\U00020000" or char == "〇"


def is_kana(char: str) -> bool:
    return "\u3040" <= char <= "\u30ff" or char == "ー"


def is_hangul(char: str) -> bool:
    return "\uac00" <= char <= "\ud7a3" or "\u1100" <= char <= "\u11ff" or "\u3130" <= char <= "\u318f"


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    """Character by character, so that a name folds to the same key wherever it stands.

    A phrase converter reads 乾隆 and 乾 differently; a key must not. Japanese forms (沢, 桜) are
    folded too unless the character is an everyday simplified one (芸, 余), which stays itself.
    """
    chars = [chr(code) for start, end in ((0x3400, 0x4DC0), (0x4E00, 0xA000)) for code in range(start, end)]
    kyujitai = OpenCC("jp2t").convert("\n".join(chars)).split("\n")
    olds = [char if _in_gb2312(char) else old for char, old in zip(chars, kyujitai, strict=True)]
    news = OpenCC("t2s").convert("\n".join(olds)).split("\n")
    return {ord(char): new for char, new in zip(chars, news, strict=True) if char != new and len(new) == 1}


def simplify(value: str) -> str:
    """Traditional and Japanese characters as simplified ones."""
    return value.translate(_simplified())


_KATAKANA = {code: chr(code - 0x60) for code in range(0x30A1, 0x30F7)}


def _hiragana(value: str) -> str:
    return value.translate(_KATAKANA)


def _plain_latin(value: str) -> str:
    """Latin letters without their accents; the voicing marks of kana stay."""
    if value.isascii() or all(is_han(char) for char in value):
        return value
    out: list[str] = []
    for char in unicodedata.normalize("NFD", value):
        if unicodedata.combining(char) and out and unicodedata.normalize("NFKC", out[-1])[-1:].isascii():
            continue
        out.append(char)
    return unicodedata.normalize("NFC", "".join(out)).replace("ø", "o").replace("ł", "l").replace("ß", "ss")


# a name is folded for its key, its pinyin, its tokens and its initials one after the other
@lru_cache(maxsize=1024)
def search_fold(value: str) -> str:
    """The form in which names are compared: small letters, no accents, simplified, hiragana."""
    return _hiragana(simplify(_plain_latin(fold(value).casefold())))


def name_key(value: str) -> str:
    """Equal for two spellings of one name: 陳 大文 and 陈大文, TANAKA Hiroshi and Hiroshi Tanaka."""
    folded = search_fold(value)
    if folded.isascii():
        return " ".join(sorted(part for part in _JOINERS.split(folded) if part))
    return _JOINERS.sub("", folded)


@lru_cache(maxsize=16384)
def _reading(char: str) -> str:
    return str(pypinyin.lazy_pinyin(char)[0])


def pinyin(value: str) -> list[str]:
    """Syllables of a name's Chinese characters, the first read as a surname; ü is v.

    >>> pinyin("单小明")
    ['shan', 'xiao', 'ming']
    """
    chars = [char for char in search_fold(value) if is_han(char)]
    readings = [_reading(char) for char in chars]
    double = _DOUBLE_SURNAMES.get("".join(chars[:2]))
    if double and len(chars) > 2:
        readings[:2] = double
    elif chars and len(chars) > 1:
        readings[0] = _SURNAMES.get(chars[0], readings[0])
    return readings


@lru_cache(maxsize=4096)
def pinyin_key(value: str) -> str:
    """Letters of a name as Latin text would give them, without spaces: 张小明 and ZHANG XIAOMING agree."""
    folded = search_fold(value)
    if any(is_han(char) for char in folded):
        return "".join(pinyin(value))
    return _JOINERS.sub("", folded).replace("ü", "v").replace("lyu", "lv").replace("nyu", "nv")


def _runs(folded: str) -> Iterator[str]:
    """Words of the folded text: each Chinese, kana or hangul character alone, Latin by the word."""
    word = ""
    for char in folded:
        if char.isalnum() and not (is_han(char) or is_kana(char) or is_hangul(char)):
            word += char
            continue
        if word:
            yield word
            word = ""
        if is_han(char) or is_kana(char) or is_hangul(char):
            yield char
    if word:
        yield word


def words(value: str) -> list[str]:
    """The name as written, one token per Chinese, kana or hangul character and per Latin word."""
    return list(_runs(search_fold(value)))


def initials(value: str) -> list[str]:
    """First letters of the pinyin syllables, or of the Latin words of a name without Chinese characters."""
    return [part[0] for part in pinyin(value) or [word for word in words(value) if word.isascii()]]


def name_tokens(value: str) -> list[str]:
    """Tokens that the search index keeps for a name, in the order that phrase queries need.

    First the characters or words as written, then the pinyin syllables, then the initials:
    张小明 → 张 小 明 zhang xiao ming z x m. Latin names give their words and initials.
    """
    return [*words(value), *pinyin(value), *initials(value)]


@lru_cache(maxsize=1)
def _syllables() -> frozenset[str]:
    common = "".join(chr(code) for code in range(0x4E00, 0x9FA6))
    return frozenset(reading for char in common if (reading := _reading(char)).isascii() and reading.isalpha())


@lru_cache(maxsize=1024)
def split_pinyin(letters: str) -> tuple[tuple[str, ...], ...]:
    """Every way (at most eight) to read a run of letters as syllables; the last may be unfinished.

    >>> split_pinyin("zhangxiao")[0]
    ('zhang', 'xiao')
    """
    found: list[tuple[str, ...]] = []

    def walk(at: int, parts: tuple[str, ...]) -> None:
        if len(found) >= 8:
            return
        if at == len(letters):
            found.append(parts)
            return
        for size in range(min(6, len(letters) - at), 0, -1):
            part = letters[at : at + size]
            if part in _syllables():
                walk(at + size, (*parts, part))

    if len(letters) <= 40:
        walk(0, ())
    return tuple(sorted(found, key=len))


def query_phrases(value: str) -> list[list[str]]:
    """Token sequences, any of which should stand in a row in name_tokens() of what is sought.

    小明 → [小 明]; zhangxm is no pinyin and becomes [zhangxm]; zxm → [zxm], [z x m].
    """
    folded = pinyin_safe(search_fold(value))
    typed = list(_runs(folded))
    if not typed:
        return []
    phrases = [typed]
    if all(_LATIN_WORD.fullmatch(word) for word in typed):
        joined = "".join(typed)
        phrases += [list(parts) for parts in split_pinyin(joined)]
        if joined.isalpha() and 1 < len(joined) <= 6:
            phrases.append(list(joined))
    return _distinct(phrases)


def pinyin_safe(value: str) -> str:
    return value.replace("ü", "v").replace("lyu", "lv").replace("nyu", "nv")


def _distinct(phrases: Iterable[list[str]]) -> list[list[str]]:
    return [list(parts) for parts in dict.fromkeys(tuple(phrase) for phrase in phrases)]


_NUMERALS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
NUMERAL_CHARS = "".join([*_NUMERALS, *_TENS])


def chinese_number(value: str) -> int | None:
    """十二 → 12, 一百零五 → 105, 一五〇一 → 1501; None where it is no number below 10,000."""
    if not value or any(char not in _NUMERALS and char not in _TENS for char in value):
        return None
    if not any(char in _TENS for char in value):
        return int("".join(str(_NUMERALS[char]) for char in value))
    total, digit = 0, 0
    for char in value:
        if char in _TENS:
            total += (digit or 1) * _TENS[char]
            digit = 0
        else:
            digit = _NUMERALS[char]
    return total + digit


_REGION = re.compile(
    r"^(?:中国)?(?:上海市?)?(?:市辖区)?(?:浦东新区|[\u4e00-\u9fff]{2,3}(?<![小园社新厂校])区)?"
    r"(?:[\u4e00-\u9fff]{2,5}(?:街道|镇))?(?:[\u4e00-\u9fff]{1,8}(?:居委会|居民区|居委))?"
)
_NUMERAL_BEFORE_UNIT = re.compile(rf"[{NUMERAL_CHARS}]+(?=(?:支?弄|号|室|幢|栋|座|单元|层|楼|门(?!路)|梯))")
_TOKEN = re.compile(
    r"(?P<number>[a-z]?\d+[a-z]?[甲乙丙丁戊己]?(?:[-、,]\d+[a-z]?)*|[a-z]|[甲乙丙丁戊己](?=座|幢|栋))"
    r"(?P<unit>支弄|弄|号楼|号院|号|幢楼?|栋楼?|座|单元|门|梯|层|楼|f(?![a-z])|室|房间|房|户|#)"
    r"(?P<tail>[甲乙丙丁戊己](?![\u4e00-\u9fff]))?"
)
_BARE = re.compile(r"^[-、,]?([a-z]?\d+[a-z]?[甲乙丙丁戊己]?(?:-[a-z]?\d+[a-z]?[甲乙丙丁戊己]?)*)")
_ROAD_END = re.compile(r"(?:路|街|道|巷|公路|大街|胡同)$")
_BASEMENT = re.compile(r"地下(\d+)(?=层|楼)")
_ROLES = {
    "弄": "lane", "支弄": "lane", "号": "number", "号院": "number", "号楼": "building", "幢": "building",
    "幢楼": "building", "栋": "building", "栋楼": "building", "座": "building", "#": "building", "单元": "unit",
    "门": "unit", "梯": "unit", "层": "floor", "f": "floor", "楼": "floor", "室": "room", "房": "room", "房间": "room",
    "户": "room",
}  # fmt: skip


@dataclass(frozen=True)
class Address:
    """The parts of one address; what is not written is empty. `rest` is text after the last number."""

    road: str = ""
    site: str = ""
    name: str = ""
    building: str = ""
    unit: str = ""
    floor: str = ""
    room: str = ""
    rest: str = ""

    @property
    def head(self) -> str:
        """Key of the compound or of the house on the road."""
        return "-".join(part for part in (self.road, self.site) if part) or self.name

    @property
    def block(self) -> str:
        return "-".join(part for part in (self.building, self.unit) if part)

    @property
    def door(self) -> str:
        return self.room or (f"f{self.floor}" if self.floor else "")

    @property
    def key(self) -> str:
        return "-".join(part for part in (self.head, self.building, self.unit, self.door, self.rest) if part)


def address_key(value: str) -> str:
    """One key for the usual spellings of an address or of a part of it.

    虹桥路1000弄12号501室, 上海市长宁区虹桥路一千弄１２号５０１ and 虹桥路1000弄12-501 agree;
    3幢2单元301室 and 3-2-301 agree. A name without numbers is its own key.
    """
    return parse_address(value).key[:160]


def _address_text(value: str) -> tuple[str, str]:
    """The text to read and what stood in brackets."""
    text = simplify(squeeze(value)).casefold().replace("—", "-").replace("－", "-").replace("–", "-")
    text = _NUMERAL_BEFORE_UNIT.sub(_digits, text).replace("底楼", "1楼").replace("底层", "1层")
    text = _BASEMENT.sub(r"b\1", text)
    inside = re.findall(r"\(([^()]*)\)", text)
    text = re.sub(r"\([^()]*\)", "", text)
    stripped = _REGION.sub("", text, count=1)
    return stripped or text, "".join(part for part in inside if not any(char.isdigit() for char in part))


def _digits(match: re.Match[str]) -> str:
    number = chinese_number(match[0])
    return match[0] if number is None else str(number)


@lru_cache(maxsize=8192)
def parse_address(value: str) -> Address:
    """Read an address by its units (弄 号 幢 单元 层 室), whatever order of detail it was written in."""
    if not value:
        return Address()
    text, inside = _address_text(value)
    parts: dict[str, str] = {"name": inside} if inside else {}
    end, words = 0, ""
    for match in _TOKEN.finditer(text):
        words = _between(text[end : match.start()], parts)
        end = match.end()
        _take(parts, match["number"] + (match["tail"] or ""), _ROLES[match["unit"]], words)
    rest = text[end:]
    bare = _BARE.match(rest) if parts.keys() - {"name"} or _BARE.fullmatch(rest) else None
    if bare:
        _take_bare(parts, bare[1].split("-"))
        rest = rest[bare.end() :]
    elif not end:
        found = re.match(r"^(?P<name>\D*?[^\d\-a-z])(?P<bare>\d+[a-z]?(?:-\d+[a-z]?)+)$", rest)
        if found:
            parts.setdefault("name", found["name"])
            _take_bare(parts, found["bare"].split("-"))
            rest = ""
        elif rest:
            parts.setdefault("name", rest)
            rest = ""
    if parts.get("room"):
        parts.pop("floor", None)
    return Address(**parts, rest=rest.strip("-、,"))


def _between(words: str, parts: dict[str, str]) -> str:
    """Numbers left between two units (12号2-3单元), kept as the building or room they must be; returns the text."""
    words = words.strip("-、,")
    if words and not any(char.isalpha() for char in words) and "building" not in parts:
        parts["building"] = words
        return ""
    return words


def _take(parts: dict[str, str], number: str, role: str, words: str) -> None:
    placed = parts.keys() & {"site", "building", "room"}
    if role == "lane" and "site" in parts:
        parts["site"] += f"-{number}支"
        return
    if role in ("lane", "number") and not placed and words and (role == "lane" or _ROAD_END.search(words)):
        parts["road"], parts["site"] = words, number
        return
    if words:
        parts.setdefault("name", words)
    if role == "lane":
        parts["site"] = number
    elif role in ("number", "building"):
        _take_building(parts, number)
    elif role == "floor":
        parts["floor"] = number
    else:
        parts[role] = number


def _take_building(parts: dict[str, str], number: str) -> None:
    if "building" in parts:
        parts["building"] = f"{parts['building']}-{number}"
    else:
        parts["building"] = number


def _take_bare(parts: dict[str, str], numbers: list[str]) -> None:
    """Numbers without a unit at the end: 301, 12-301, 1-2-301."""
    parts["room"] = numbers[-1] if "room" not in parts else f"{parts['room']}-{numbers[-1]}"
    before = numbers[:-1]
    if not before:
        return
    if "building" not in parts:
        parts["building"], before = before[0], before[1:]
    if before:
        parts["unit"] = "-".join(before)
