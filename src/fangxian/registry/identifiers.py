"""Numbers that name a person, a firm, a telephone or a vehicle: read, checked, made uniform.

Pure: each reader returns the identifier, or a Refusal that says what is wrong and how to mend it.
Where a well-kept library knows the rule it decides (resident ID, credit code, telephone); the other rules
are those of the issuing notices, and what has no check digit is marked `verified=False`.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import phonenumbers
import stdnum.exceptions
from stdnum.cn import ric, uscc
from stdnum.iso7064 import mod_11_2

from fangxian.registry.models import DocumentKind, Sex, VehicleClass
from fangxian.registry.refusals import Code, Refusal
from fangxian.shared.text import fold, squeeze


@dataclass(frozen=True)
class Document:
    """A document number in the one form that is stored and indexed. `country` is ISO 3166 alpha-2 where known."""

    kind: DocumentKind
    value: str
    country: str = ""
    birth_date: date | None = None
    sex: str = ""
    verified: bool = True


@dataclass(frozen=True)
class Phone:
    """E.164 with the plus; `extension` as digits; `mobile` where the numbering plan says so."""

    value: str
    country: str
    mobile: bool
    extension: str = ""


@dataclass(frozen=True)
class Plate:
    value: str
    kind: VehicleClass
    verified: bool = True


@dataclass(frozen=True)
class CreditCode:
    value: str


_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?e\+?\d+", re.IGNORECASE)
_REGION_PERMITS = {"810000": "HK", "820000": "MO", "830000": "TW"}
_KIND_WORDS: dict[DocumentKind, tuple[str, ...]] = {
    DocumentKind.HMT_RESIDENCE: ("港澳台居民居住证", "居住证(港澳台)", "港澳台居住证"),
    DocumentKind.FOREIGN_PR: ("永久居留", "永居", "permanentresident", "prcard", "greencard"),
    DocumentKind.HK_MACAU_PERMIT: ("回乡证", "港澳居民来往内地", "港澳通行证", "来往内地通行证", "港澳", "homereturn"),
    DocumentKind.TAIWAN_PERMIT: ("台胞证", "台湾居民来往大陆", "台湾", "大陆通行证", "taiwan"),
    DocumentKind.PASSPORT: ("护照", "passport", "パスポート", "여권"),
    DocumentKind.RESIDENT_ID: ("身份证", "居民身份", "idcard", "residentid", "户口簿", "户口本"),
    DocumentKind.OTHER: ("其他", "其它", "other"),
}


@lru_cache(maxsize=256)
def document_kind(word: str) -> DocumentKind | None:
    """The kind that a document-type cell means (身份证, 护照, Passport, 回乡证 …)."""
    text = squeeze(word).casefold()
    if text in DocumentKind.values:
        return DocumentKind(text)
    for kind, words in _KIND_WORDS.items():
        if any(part in text for part in words):
            return kind
    return DocumentKind.RESIDENT_ID if text in ("id", "二代证") else None


def is_mangled(value: object) -> bool:
    """Whether a spreadsheet has already destroyed the number: it keeps 15 significant digits."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return abs(value) >= 1e15
    return isinstance(value, str) and _SCIENTIFIC.fullmatch(squeeze(value)) is not None


def as_text(value: object) -> str:
    """A cell that holds a number as the digits one sees: 13800138000.0 → 13800138000."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return fold(str(value)) if value is not None else ""


def read_document(
    value: object, kind: DocumentKind | None = None, country: str = "", today: date | None = None
) -> Document | Refusal:
    """Read a document number; without `kind` it is told from the number's own form where that is unambiguous."""
    if is_mangled(value):
        return Refusal(Code.NUMBER_MANGLED)
    text = re.sub(r"[\s\-.·'’]", "", as_text(value)).upper()
    if not text:
        return Refusal(Code.REQUIRED)
    kind = kind or _kind_of(text, country)
    if kind is None:
        return Refusal(Code.DOCUMENT_KIND)
    if kind in (DocumentKind.RESIDENT_ID, DocumentKind.HMT_RESIDENCE):
        return _resident_id(text, today)
    if kind is DocumentKind.FOREIGN_PR:
        return _pr_card(text)
    if kind in (DocumentKind.HK_MACAU_PERMIT, DocumentKind.TAIWAN_PERMIT):
        return _permit(text, kind)
    if kind is DocumentKind.PASSPORT:
        return _passport(text, country)
    if len(text) > 30:
        return Refusal(Code.TOO_LONG, {"most": "30"})
    return Document(DocumentKind.OTHER, text, country, verified=False)


def _kind_of(text: str, country: str) -> DocumentKind | None:
    if re.fullmatch(r"9\d{17}", text) or re.fullmatch(r"[A-Z]{3}\d{12}", text):
        return DocumentKind.FOREIGN_PR
    if re.fullmatch(r"[HM]\d{8}(?:\d{2})?", text):
        return DocumentKind.HK_MACAU_PERMIT
    if re.fullmatch(r"\d{14,}[\dX]?", text):
        return DocumentKind.RESIDENT_ID
    if country == "TW" and re.fullmatch(r"\d{8}(?:\d{2})?", text):
        return DocumentKind.TAIWAN_PERMIT
    foreign_digits = country not in ("", "CN", "HK", "MO", "TW") and re.fullmatch(r"\d{7,9}", text)
    if foreign_digits or re.fullmatch(r"(?=[A-Z0-9]*[A-Z])(?=[A-Z0-9]*\d)[A-Z0-9]{6,9}", text):
        return DocumentKind.PASSPORT
    return None


def _resident_id(text: str, today: date | None) -> Document | Refusal:
    """GB 11643. stdnum checks digit, day and region; the 15-digit form of before 1999 is completed first."""
    if len(text) == 15 and text.isdigit():
        text = f"{text[:6]}19{text[6:]}"
        text += mod_11_2.calc_check_digit(text)
    if len(text) != 18:
        return Refusal(Code.ID_LENGTH, {"length": str(len(text))})
    if not re.fullmatch(r"[0-9]{17}[0-9X]", text):
        return Refusal(Code.ID_LETTERS)
    if not mod_11_2.is_valid(text):
        return Refusal(Code.NUMBER_MANGLED if text.endswith("000") else Code.ID_CHECK)
    born = _day(text[6:14])
    if born is None or born.year < 1880 or (today is not None and born > today):
        return Refusal(Code.ID_BIRTH_DATE)
    sex = Sex.MALE if int(text[16]) % 2 else Sex.FEMALE
    region = _REGION_PERMITS.get(text[:6])
    if region:
        return Document(DocumentKind.HMT_RESIDENCE, text, region, born, sex)
    if not _region_known(text[:6], born.year):
        if not _known_province(text[:2]):
            return Refusal(Code.ID_REGION)
        # a county that was renamed or is missing from the table is no reason to refuse a person
        return Document(DocumentKind.RESIDENT_ID, text, "CN", born, sex, verified=False)
    return Document(DocumentKind.RESIDENT_ID, text, "CN", born, sex)


@lru_cache(maxsize=16384)
def _region_known(region: str, year: int) -> bool:
    """Whether the six digits were a region in that year; asked once for all who were born there then."""
    try:
        ric.get_birth_place(f"{region}{year}0101")
    except stdnum.exceptions.ValidationError:
        return False
    return True


def _known_province(digits: str) -> bool:
    return digits in {
        "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43",
        "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65",
    }  # fmt: skip


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def _pr_card(text: str) -> Document | Refusal:
    """Cards to November 2023: country alpha-3 and 12 digits; from December 2023: 18 digits, MOD 11-2."""
    if re.fullmatch(r"[A-Z]{3}\d{12}", text):
        return Document(DocumentKind.FOREIGN_PR, text, verified=False)
    if not re.fullmatch(r"9\d{16}[\dX]", text):
        return Refusal(Code.PR_CARD_FORM)
    if not mod_11_2.is_valid(text):
        return Refusal(Code.NUMBER_MANGLED if text.endswith("000") else Code.PR_CARD_CHECK)
    born = _day(text[6:14])
    if born is None:
        return Refusal(Code.PR_CARD_CHECK)
    return Document(DocumentKind.FOREIGN_PR, text, "", born, Sex.MALE if int(text[16]) % 2 else Sex.FEMALE)


def _permit(text: str, kind: DocumentKind) -> Document | Refusal:
    """The last two digits count the reissues and are left out: the first nine (eight) stay for life."""
    if kind is DocumentKind.HK_MACAU_PERMIT:
        match = re.fullmatch(r"([HM]\d{8})(?:\d{2})?", text)
        country = {"H": "HK", "M": "MO"}.get(text[:1], "")
    else:
        match = re.fullmatch(r"(\d{8})(?:\d{2})?(?:\([A-Z]\))?", text)
        country = "TW"
    return Document(kind, match[1], country, verified=False) if match else Refusal(Code.PERMIT_FORM)


def _passport(text: str, country: str) -> Document | Refusal:
    if not re.fullmatch(r"[A-Z0-9]{5,9}", text) or not any(char.isdigit() for char in text):
        return Refusal(Code.PASSPORT_FORM)
    return Document(DocumentKind.PASSPORT, text, country, verified=False)


def read_credit_code(value: object) -> CreditCode | Refusal:
    """Unified social credit code, GB 32100."""
    if is_mangled(value):
        return Refusal(Code.NUMBER_MANGLED)
    text = uscc.compact(as_text(value))
    if not text:
        return Refusal(Code.REQUIRED)
    if len(text) != 18:
        return Refusal(Code.USCC_LENGTH, {"length": str(len(text))})
    try:
        return CreditCode(uscc.validate(text))
    except stdnum.exceptions.InvalidChecksum:
        return Refusal(Code.NUMBER_MANGLED if text.endswith("000") and text.isdigit() else Code.USCC_CHECK)
    except stdnum.exceptions.ValidationError:
        return Refusal(Code.USCC_FORM)


_EXTENSION = re.compile(r"(?:转|ext\.?|#|[-–]{1,2}|\s[xX])\s*(\d{1,6})$", re.IGNORECASE)
_MOBILE = re.compile(r"1[3-9]\d{9}")
_TRUNK_MOBILE = re.compile(r"0[1-9]\d{8,10}")


def read_phone(value: object, country: str = "CN", area_code: str = "21") -> Phone | Refusal:
    """A telephone number. `country` is tried where the number is none of mainland China (a Japanese resident's
    090…); `area_code` is that of local eight-digit numbers."""
    if is_mangled(value):
        return Refusal(Code.NUMBER_MANGLED)
    text = as_text(value)
    if not text:
        return Refusal(Code.REQUIRED)
    digits = re.sub(r"[\s\-()]", "", text)
    if _MOBILE.fullmatch(digits):
        return Phone(f"+86{digits}", "CN", True) if _mobile_in_use(digits[:7]) else Refusal(Code.PHONE_FORM)
    if re.fullmatch(r"[2-8]\d{7}", digits):
        return _parsed(f"0{area_code}{digits}", "CN") or Refusal(Code.PHONE_FORM)
    foreign = country not in ("", "CN") and (_parsed(text, country) if _TRUNK_MOBILE.fullmatch(digits) else None)
    found = foreign or _parsed(text, "CN") or _with_extension(text, area_code)
    if not found and country not in ("", "CN"):
        found = _parsed(text, country)
    if found:
        return found
    return Refusal(Code.PHONE_COUNTRY if len(digits) in (8, 9, 10, 11) and digits.isdigit() else Code.PHONE_FORM)


@lru_cache(maxsize=16384)
def _mobile_in_use(prefix: str) -> bool:
    """Whether mobile numbers of mainland China begin so: the plan looks at no digit behind the seventh."""
    found = _parsed(f"{prefix}0000", "CN")
    return found is not None and found.mobile


def _with_extension(text: str, area_code: str) -> Phone | None:
    match = _EXTENSION.search(text)
    found = read_phone(text[: match.start()], "CN", area_code) if match else None
    if match is None or not isinstance(found, Phone) or found.extension:
        return None
    return Phone(found.value, found.country, found.mobile, match[1])


def _parsed(text: str, country: str) -> Phone | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if number.country_code is None or not phonenumbers.is_valid_number(number):
        return None
    kind = phonenumbers.number_type(number)
    mobile = kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    region = phonenumbers.region_code_for_number(number) or ""
    value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(value, region, mobile, number.extension or "")


_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_SERIAL = "A-HJ-NP-Z0-9"
_PLATES: tuple[tuple[VehicleClass, re.Pattern[str]], ...] = (
    (
        VehicleClass.NEW_ENERGY,
        re.compile(rf"[{_PROVINCES}][A-HJ-NP-Z](?:[A-HJK][{_SERIAL}]\d{{4}}|\d{{5}}[A-HJK])"),
    ),
    (VehicleClass.SPECIAL, re.compile(rf"[{_PROVINCES}][A-HJ-NP-Z][{_SERIAL}]{{4}}[学警]")),
    (VehicleClass.SPECIAL, re.compile(rf"粤Z[{_SERIAL}]{{4}}[港澳]")),
    (VehicleClass.TRAILER, re.compile(rf"[{_PROVINCES}][A-HJ-NP-Z][{_SERIAL}]{{4}}挂")),
    (VehicleClass.CONSULAR, re.compile(rf"[{_PROVINCES}][A-HJ-NP-Z]?[{_SERIAL}]{{4,5}}领")),
    (VehicleClass.CONSULAR, re.compile(r"(?:使\d{6}|\d{6}使|使[A-Z]?\d{5})")),
    (VehicleClass.ORDINARY, re.compile(rf"[{_PROVINCES}][A-HJ-NP-Z][{_SERIAL}]{{5}}")),
)
_MILITARY = re.compile(rf"(?:WJ[{_PROVINCES}]?\d{{4,5}}[A-Z0-9]?|[A-Z]{{2}}\d{{5}}|[A-Z][A-Z]\d{{4}}[A-Z0-9])")


def read_plate(value: object) -> Plate | Refusal:
    """A plate without its dot and spaces. WJ and military forms are taken as written and marked unverified."""
    if is_mangled(value):
        return Refusal(Code.NUMBER_MANGLED)
    text = re.sub(r"[\s\-·•・.．_]", "", as_text(value)).upper()
    if not text:
        return Refusal(Code.REQUIRED)
    for kind, pattern in _PLATES:
        if pattern.fullmatch(text):
            return Plate(text, kind, verified=kind is not VehicleClass.CONSULAR)
    if _MILITARY.fullmatch(text):
        return Plate(text, VehicleClass.OTHER, verified=False)
    swapped = text.replace("O", "0").replace("I", "1")
    if swapped != text and any(pattern.fullmatch(swapped) for _kind, pattern in _PLATES):
        return Refusal(Code.PLATE_LETTERS)
    return Refusal(Code.PLATE_FORM)
