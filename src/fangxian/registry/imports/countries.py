"""Countries and languages by the names that lists use for them."""

from functools import cache

from babel import Locale

from fangxian.shared.text import simplify, squeeze

_ALIASES = {
    "中华人民共和国": "CN", "大陆": "CN", "中国大陆": "CN", "prc": "CN", "内地": "CN", "汉": "CN", "港": "HK",
    "澳": "MO", "台": "TW", "中国香港": "HK", "中国澳门": "MO", "中国台湾": "TW", "台湾省": "TW",
    "香港特别行政区": "HK", "澳门特别行政区": "MO", "日": "JP", "日本国": "JP", "韩": "KR", "大韩民国": "KR",
    "南韩": "KR", "korea": "KR", "republicofkorea": "KR", "美": "US", "usa": "US", "u.s.a.": "US", "us": "US",
    "america": "US", "美利坚合众国": "US", "英": "GB", "uk": "GB", "england": "GB", "法": "FR", "德": "DE",
    "朝鲜": "KP", "俄国": "RU", "新嘉坡": "SG", "台胞": "TW", "港澳": "HK", "hongkong": "HK", "macau": "MO",
    "taiwan": "TW", "jpn": "JP", "kor": "KR", "chn": "CN", "gbr": "GB", "deu": "DE", "fra": "FR", "sgp": "SG",
}  # fmt: skip
_LANGUAGES = {
    "zh": ("中文", "汉语", "普通话", "国语", "华语", "chinese", "mandarin", "zh", "上海话", "粤语"),
    "ja": ("日语", "日文", "日本语", "japanese", "ja", "jp"),
    "ko": ("韩语", "韩文", "朝鲜语", "korean", "ko", "kr"),
    "en": ("英语", "英文", "english", "en"),
    "fr": ("法语", "法文", "french", "fr"),
    "de": ("德语", "德文", "german", "de"),
    "es": ("西班牙语", "spanish", "es"),
    "ru": ("俄语", "俄文", "russian", "ru"),
}
_SPOKEN = {"JP": "ja", "KR": "ko", "KP": "ko", "CN": "zh", "HK": "zh", "MO": "zh", "TW": "zh"}


def _key(word: str) -> str:
    return simplify(squeeze(word)).casefold().removesuffix("籍").removesuffix("人")


@cache
def _countries() -> dict[str, str]:
    known: dict[str, str] = {}
    for language in ("ko", "ja", "zh_Hant", "en", "zh"):
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha():
                known[_key(name)] = code
                known[code.casefold()] = code
    return known | _ALIASES


def country(word: str) -> str | None:
    """ISO 3166-1 alpha-2 of a country's or region's usual name; None where it is not known."""
    key = _key(word)
    return _countries().get(key) or _countries().get(key.removesuffix("国"))


def language(word: str) -> str | None:
    """BCP 47 of a language's usual name."""
    key = simplify(squeeze(word)).casefold()
    return next((code for code, words in _LANGUAGES.items() if key in words), None)


def spoken_in(country_code: str) -> str:
    """The language in which somebody of this nationality is first spoken to, until they say otherwise."""
    return _SPOKEN.get(country_code, "en")
