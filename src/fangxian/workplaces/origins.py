"""Where somebody came from, as people write it: a division of China (GB/T 2260) or a country (ISO 3166-1 alpha-3)."""

import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from django.utils.translation import get_language

from fangxian.registry.imports import countries
from fangxian.shared.text import simplify, squeeze

_LINE = re.compile(r'^\s*(?P<digits>\d+) (?:province|county)="(?P<names>[^"]+)"')
_NAME = re.compile(r"(?:\[\d*-(?P<until>\d*)\])?(?P<name>.+)")
_SUFFIXES = (
    "特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "自治州", "自治县", "地区", "林区", "新区",
    "省", "市", "盟", "州", "县", "区", "旗",
)  # fmt: skip
_UNSAID = frozenset(("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖县级行政单位"))
_BRACKETS = re.compile(r"[()\[\]【】〔〕{}（）,，、;；:：/·.\-—]")
_ABROAD = re.compile(r"^(境外|国外|海外)")
_SHORTEST = 2
# codes of states that are no more, which point at the one that followed
_FORMER = frozenset(("BUR", "ZAR", "DDR", "FXX", "TMP", "YMD"))
_REGIONS = {"香港": "HK", "澳门": "MO"}
_PART_OF_CHINA = {"HK": "81", "MO": "82", "TW": "71"}
_CODE = re.compile(r"\d{6}|\d{4}|\d{2}")
SHANGHAI = "31"
_COUNTY = 6
_DIRECT = "90"
_HERE = frozenset(("上海", "上海市", "本市", "本地", "沪", "上海本地", "未离沪", "在沪"))


@dataclass
class _Division:
    code: str
    name: str
    below: list["_Division"] = field(default_factory=list)

    def rest(self, text: str) -> str | None:
        """What follows this division's name at the beginning of the text; None where the text does not name it."""
        for name in (self.name, _short(self.name)):
            if len(name) >= _SHORTEST and text.startswith(name):
                return text[len(name) :]
        return None


def _short(name: str) -> str:
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) - len(suffix) >= _SHORTEST:
            return name[: -len(suffix)]
    return name


@cache
def _provinces() -> tuple[_Division, ...]:
    """Provinces with their prefectures and counties, of the divisions that exist now."""
    text = resources.files("stdnum.cn").joinpath("loc.dat").read_text(encoding="utf-8")
    found: dict[str, _Division] = {}
    provinces = list[_Division]()
    for line in text.splitlines():
        match = _LINE.match(line)
        name = simplify(_name_now(match["names"])) if match else ""
        if match is None or not name or name in _UNSAID:
            continue
        if not line.startswith(" "):
            provinces.append(_Division(match["digits"], name))
            found = {}
            continue
        digits, province = match["digits"], provinces[-1]
        if digits == "0000":
            continue
        if digits.endswith("00"):
            made = _Division(province.code + digits[:2], name)
            found[digits[:2]] = made
            province.below.append(made)
        else:
            county = _Division(province.code + digits, name)
            found.get(digits[:2], province).below.append(county)
    return tuple(provinces)


def _name_now(names: str) -> str:
    """The name that a code has now, of those it has had; empty where it has none any more."""
    match = _NAME.match(names.rpartition(",")[2])
    return "" if match is None or match["until"] else match["name"]


def origin(text: str) -> str | None:
    """Digits or alpha-3; None where it is not known or could be two places. 湖北武汉, 武汉, 韩国首尔, 420100, KOR."""
    key = _BRACKETS.sub("", simplify(squeeze(text)))
    if not key:
        return None
    if _CODE.fullmatch(key):
        return key if name_of(key) else None
    if key in _HERE:
        return SHANGHAI
    key = _ABROAD.sub("", key).removeprefix("中国") or key
    return _of_china(key) or _abroad(key)


def _of_china(key: str) -> str | None:
    for province in _provinces():
        if (rest := province.rest(key)) is not None:
            # 吉林市 is the city, 吉林 and 吉林省 the province
            if rest == "市" and (city := _only([one for one in province.below if one.name == key])):
                return city
            return _deepest(province, rest)
    below = [one for province in _provinces() for one in province.below]
    # districts of Beijing and the like stand where other provinces have cities; 仙桃 and its like are cities
    cities = [one for one in below if len(one.code) < _COUNTY or one.code[2:4] == _DIRECT]
    counties = [one for one in below if len(one.code) == _COUNTY and one.code[2:4] != _DIRECT]
    if any(one.rest(key) == "" for one in counties) and any(one.rest(key) == "" for one in cities):
        # 朝阳 is a city of Liaoning and a district of Beijing
        return None
    for level in (cities, counties + [county for city in cities for county in city.below]):
        hits = [one for one in level if one.rest(key) is not None]
        if found := _only(hits):
            return _deepest(hits[0], hits[0].rest(key) or "") if len(found) < 6 else found
        if len(key) >= _SHORTEST and (found := _only([one for one in level if one.name.startswith(key)])):
            return found
    return None


def _only(found: list[_Division]) -> str | None:
    return found[0].code if len(found) == 1 else None


def _deepest(division: _Division, rest: str) -> str:
    """As far down as the text names; what follows and is not known is an address and is left out."""
    while rest:
        named = [(len(left), one, left) for one in _within(division) if (left := one.rest(rest)) is not None]
        if not named:
            break
        _length, division, rest = min(named, key=lambda found: found[0])
    return division.code


def _within(division: _Division) -> list[_Division]:
    """What stands below: also the districts of a city without their city's name (北京海淀)."""
    return [*division.below, *(lower for one in division.below for lower in one.below)]


@cache
def _alpha3() -> dict[str, str]:
    """Alpha-2 to alpha-3."""
    aliases = get_global("territory_aliases")
    return {
        names[0]: code
        for code, names in aliases.items()
        if len(code) == 3 and code.isalpha() and len(names) == 1 and len(names[0]) == 2 and code not in _FORMER
    }


def _abroad(key: str) -> str | None:
    if key.isascii() and len(key) == 3 and key.upper() in _alpha3().values():
        return key.upper()
    for end in range(len(key), _SHORTEST - 1, -1):
        code = _REGIONS.get(key[:end]) or countries.country(key[:end])
        if code == "CN" or code is None or (end <= _SHORTEST and key.isascii() and end < len(key)):
            continue
        return _PART_OF_CHINA.get(code) or _alpha3().get(code)
    return None


def name_of(code: str) -> str:
    """How a code is read out: 湖北省武汉市, or the country in the reader's language; empty for a code not known."""
    if code.isdigit():
        return _name_in_china(code)
    two = next((two for two, three in _alpha3().items() if three == code), "")
    if not two:
        return ""
    try:
        locale = Locale.parse((get_language() or "zh-hans").replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse("zh")
    return str(locale.territories.get(two, code))


@cache
def _name_in_china(code: str) -> str:
    for province in _provinces():
        if not code.startswith(province.code):
            continue
        if code == province.code or code[2:] in ("00", "0000"):
            return province.name
        for city in province.below:
            if code in (city.code, f"{city.code}00"):
                return province.name + city.name
            for county in city.below:
                if code == county.code:
                    return province.name + city.name + county.name
    return ""
