from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from fangxian.registry import identifiers
from fangxian.registry.identifiers import CreditCode, Document, Phone, Plate
from fangxian.registry.models import DocumentKind, Sex, VehicleClass
from fangxian.registry.refusals import TEXTS, Code, Refusal

TODAY = date(2020, 2, 17)


@pytest.mark.parametrize(
    ("written", "kind", "value", "country", "born", "sex"),
    [
        ("11010519491231002X", DocumentKind.RESIDENT_ID, "11010519491231002X", "CN", date(1949, 12, 31), Sex.FEMALE),
        ("11010519491231002x", DocumentKind.RESIDENT_ID, "11010519491231002X", "CN", date(1949, 12, 31), Sex.FEMALE),
        ("１１０１０５ 19491231 002X", DocumentKind.RESIDENT_ID, "11010519491231002X", "CN", date(1949, 12, 31), "f"),
        ("110105491231002", DocumentKind.RESIDENT_ID, "11010519491231002X", "CN", date(1949, 12, 31), Sex.FEMALE),
        (110105491231002.0, DocumentKind.RESIDENT_ID, "11010519491231002X", "CN", date(1949, 12, 31), Sex.FEMALE),
        ("H12345678", DocumentKind.HK_MACAU_PERMIT, "H12345678", "HK", None, ""),
        ("M1234567801", DocumentKind.HK_MACAU_PERMIT, "M12345678", "MO", None, ""),
        ("USA123456789012", DocumentKind.FOREIGN_PR, "USA123456789012", "", None, ""),
        ("931392198502030015", DocumentKind.FOREIGN_PR, "931392198502030015", "", date(1985, 2, 3), Sex.MALE),
        ("TK1234567", DocumentKind.PASSPORT, "TK1234567", "", None, ""),
    ],
)
def test_it_reads_a_document_and_tells_its_kind(
    written: object, kind: DocumentKind, value: str, country: str, born: date | None, sex: str
) -> None:
    found = identifiers.read_document(written)
    assert isinstance(found, Document)
    assert (found.kind, found.value, found.country, found.birth_date, found.sex) == (kind, value, country, born, sex)


@pytest.mark.parametrize(("prefix", "country"), [("810000", "HK"), ("820000", "MO"), ("830000", "TW")])
def test_it_reads_residence_permits_of_hong_kong_macau_and_taiwan(prefix: str, country: str) -> None:
    body = f"{prefix}19900101001"
    found = identifiers.read_document(body + mod_11_2.calc_check_digit(body))
    assert isinstance(found, Document)
    assert (found.kind, found.country) == (DocumentKind.HMT_RESIDENCE, country)


@pytest.mark.parametrize(
    ("written", "kind", "country", "value"),
    [
        ("123456789", DocumentKind.PASSPORT, "US", "123456789"),
        (123456789.0, DocumentKind.PASSPORT, "US", "123456789"),
        ("12345678", DocumentKind.TAIWAN_PERMIT, "TW", "12345678"),
        ("1234567801", DocumentKind.TAIWAN_PERMIT, "TW", "12345678"),
        ("EA1234567", DocumentKind.PASSPORT, "CN", "EA1234567"),
    ],
)
def test_it_uses_the_nationality_where_the_number_alone_says_little(
    written: object, kind: DocumentKind, country: str, value: str
) -> None:
    found = identifiers.read_document(written, country=country)
    assert isinstance(found, Document)
    assert (found.kind, found.value) == (kind, value)


@pytest.mark.parametrize(
    ("written", "kind", "code"),
    [
        (1.10105194912310e17, None, Code.NUMBER_MANGLED),
        ("1.10105E+17", None, Code.NUMBER_MANGLED),
        (110105194912310000, None, Code.NUMBER_MANGLED),
        ("310105194912319000", None, Code.NUMBER_MANGLED),
        ("110105194912310021", None, Code.ID_CHECK),
        ("1101051949123100", None, Code.ID_LENGTH),
        ("11010519491231O02X", DocumentKind.RESIDENT_ID, Code.ID_LETTERS),
        ("", None, Code.REQUIRED),
        (None, None, Code.REQUIRED),
        ("1234567", None, Code.DOCUMENT_KIND),
        ("H1234567", DocumentKind.HK_MACAU_PERMIT, Code.PERMIT_FORM),
        ("1234567", DocumentKind.TAIWAN_PERMIT, Code.PERMIT_FORM),
        ("ABCDEFG", DocumentKind.PASSPORT, Code.PASSPORT_FORM),
        ("E1234567890", DocumentKind.PASSPORT, Code.PASSPORT_FORM),
        ("931392198502030016", None, Code.PR_CARD_CHECK),
        ("US1234", DocumentKind.FOREIGN_PR, Code.PR_CARD_FORM),
    ],
)
def test_it_refuses_a_document_with_its_reason(written: object, kind: DocumentKind | None, code: Code) -> None:
    found = identifiers.read_document(written, kind)
    assert isinstance(found, Refusal)
    assert found.code is code


def test_it_refuses_a_person_born_tomorrow() -> None:
    body = "31010520200218001"
    found = identifiers.read_document(body + mod_11_2.calc_check_digit(body), today=TODAY)
    assert isinstance(found, Refusal)
    assert found.code is Code.ID_BIRTH_DATE


@pytest.mark.parametrize(
    ("body", "code"),
    [("31010519900230001", Code.ID_BIRTH_DATE), ("99010519900228001", Code.PR_CARD_CHECK)],
)
def test_it_sees_through_a_right_check_digit(body: str, code: Code) -> None:
    found = identifiers.read_document(body + mod_11_2.calc_check_digit(body), DocumentKind.RESIDENT_ID)
    assert isinstance(found, Refusal)
    assert found.code in (code, Code.ID_REGION)


@given(st.dates(date(1900, 1, 1), date(2019, 12, 31)), st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_it_finds_any_single_wrong_digit(born: date, order: int, at: int, by: int) -> None:
    body = f"310105{born:%Y%m%d}{order:03d}"
    number = body + mod_11_2.calc_check_digit(body)
    assert isinstance(identifiers.read_document(number), Document)
    wrong = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    assert isinstance(identifiers.read_document(wrong, DocumentKind.RESIDENT_ID), Refusal)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("居民身份证", DocumentKind.RESIDENT_ID), ("身份证", DocumentKind.RESIDENT_ID), ("护照", DocumentKind.PASSPORT),
        ("Passport", DocumentKind.PASSPORT), ("回乡证", DocumentKind.HK_MACAU_PERMIT),
        ("港澳居民来往内地通行证", DocumentKind.HK_MACAU_PERMIT), ("台胞证", DocumentKind.TAIWAN_PERMIT),
        ("港澳台居民居住证", DocumentKind.HMT_RESIDENCE), ("外国人永久居留身份证", DocumentKind.FOREIGN_PR),
        ("其他", DocumentKind.OTHER), ("驾驶证", None),
    ],
)  # fmt: skip
def test_it_knows_the_usual_words_for_a_document(word: str, kind: DocumentKind | None) -> None:
    assert identifiers.document_kind(word) is kind


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("91350100M000100Y43", None), ("91350100m000100y43", None), ("9135 0100 M000 100Y 43", None),
        ("91350100M000100Y4Z", Code.USCC_FORM), ("91350100M000100Y44", Code.USCC_CHECK),
        ("91350100M000100Y4", Code.USCC_LENGTH), (9.1310105e17, Code.NUMBER_MANGLED), ("", Code.REQUIRED),
    ],
)  # fmt: skip
def test_it_checks_credit_codes(written: object, code: Code | None) -> None:
    found = identifiers.read_credit_code(written)
    if code is None:
        assert found == CreditCode("91350100M000100Y43")
    else:
        assert isinstance(found, Refusal)
        assert found.code is code


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9))
def test_it_takes_every_code_with_its_own_check_character(organisation: str) -> None:
    body = f"91310105{organisation}"
    assert isinstance(identifiers.read_credit_code(body + uscc.calc_check_digit(body)), CreditCode)


@pytest.mark.parametrize(
    ("written", "country", "phone"),
    [
        (13800138000.0, "CN", Phone("+8613800138000", "CN", True)),
        (13800138000, "CN", Phone("+8613800138000", "CN", True)),
        ("138-0013-8000", "CN", Phone("+8613800138000", "CN", True)),
        ("８６ 13800138000", "CN", Phone("+8613800138000", "CN", True)),
        ("0086 138 0013 8000", "CN", Phone("+8613800138000", "CN", True)),
        ("19912345678", "JP", Phone("+8619912345678", "CN", True)),
        ("021-62758888", "CN", Phone("+862162758888", "CN", False)),
        ("62758888", "CN", Phone("+862162758888", "CN", False)),
        ("(021)62758888-123", "CN", Phone("+862162758888", "CN", False, "123")),
        ("62758888转8", "CN", Phone("+862162758888", "CN", False, "8")),
        ("090-1234-5678", "JP", Phone("+819012345678", "JP", True)),
        ("+81 90-1234-5678", "CN", Phone("+819012345678", "JP", True)),
        ("010-1234-5678", "KR", Phone("+821012345678", "KR", True)),
        ("+82 10 1234 5678", "CN", Phone("+821012345678", "KR", True)),
    ],
)
def test_it_reads_telephone_numbers_of_many_countries(written: object, country: str, phone: Phone) -> None:
    assert identifiers.read_phone(written, country) == phone


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1380013800", Code.PHONE_COUNTRY), ("12345678901", Code.PHONE_COUNTRY), ("无", Code.PHONE_FORM),
        ("85291234567", Code.PHONE_COUNTRY), (1.38e20, Code.NUMBER_MANGLED), ("", Code.REQUIRED),
        ("13800138000138001380", Code.PHONE_FORM),
    ],
)  # fmt: skip
def test_it_refuses_numbers_that_cannot_be_called(written: object, code: Code) -> None:
    found = identifiers.read_phone(written)
    assert isinstance(found, Refusal)
    assert found.code is code


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("沪A12345", VehicleClass.ORDINARY), ("沪A·12345", VehicleClass.ORDINARY), ("沪a 1234b", VehicleClass.ORDINARY),
        ("沪AD12345", VehicleClass.NEW_ENERGY), ("沪AF12345", VehicleClass.NEW_ENERGY),
        ("沪A12345D", VehicleClass.NEW_ENERGY), ("沪ADA1234", VehicleClass.NEW_ENERGY),
        ("沪A1234学", VehicleClass.SPECIAL), ("沪A1234警", VehicleClass.SPECIAL), ("粤Z1234港", VehicleClass.SPECIAL),
        ("沪A1234挂", VehicleClass.TRAILER), ("沪A1234领", VehicleClass.CONSULAR), ("使123456", VehicleClass.CONSULAR),
        ("WJ沪12345", VehicleClass.OTHER),
    ],
)  # fmt: skip
def test_it_knows_the_plates_of_china(written: str, kind: VehicleClass) -> None:
    found = identifiers.read_plate(written)
    assert isinstance(found, Plate)
    assert found.kind is kind
    assert "·" not in found.value


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("沪A1234", Code.PLATE_FORM), ("12345", Code.PLATE_FORM), ("沪AI2345", Code.PLATE_LETTERS),
        ("沪A1O345", Code.PLATE_LETTERS), ("海A12345", Code.PLATE_FORM), ("", Code.REQUIRED),
    ],
)  # fmt: skip
def test_it_refuses_what_is_no_plate(written: str, code: Code) -> None:
    found = identifiers.read_plate(written)
    assert isinstance(found, Refusal)
    assert found.code is code


@given(st.one_of(st.text(max_size=25), st.floats(allow_nan=True), st.integers()))
def test_it_reads_or_refuses_anything(value: object) -> None:
    assert isinstance(identifiers.read_document(value), Document | Refusal)
    assert isinstance(identifiers.read_credit_code(value), CreditCode | Refusal)
    assert isinstance(identifiers.read_phone(value), Phone | Refusal)
    assert isinstance(identifiers.read_plate(value), Plate | Refusal)


def test_it_has_a_message_and_a_mend_for_every_reason() -> None:
    params = {"most": "1", "length": "1", "words": "a", "place": "a", "names": "a"}
    for code in Code:
        refusal = Refusal(code, params)
        assert code in TEXTS
        assert refusal.message
        assert refusal.mend
        assert Refusal.from_json(refusal.as_json()) == refusal
