"""How documents and telephones are stored: sealed, masked, and found again by keyed indexes."""

from uuid import UUID

from fangxian.registry import identifiers
from fangxian.registry.models import Document, DocumentKind, Phone
from fangxian.shared.crypto import blind, blind_all, seal
from fangxian.shared.ids import new_id

LIFELONG = frozenset({DocumentKind.RESIDENT_ID, DocumentKind.HMT_RESIDENCE})
_DOCUMENT = "document"
_PHONE = "phone"
_LAST4 = "phone-last4"


def _document_text(kind: str, country: str, value: str) -> str:
    return f"{kind}|{country}|{value}"


def document_lookups(one: identifiers.Document) -> list[bytes]:
    """Indexes under which this document may be stored: every live key, with the country or without it. The first is
    the one under which it is stored now."""
    texts = [_document_text(one.kind, one.country, one.value)]
    if one.kind not in LIFELONG and one.country:
        texts.append(_document_text(one.kind, "", one.value))
    return [index for text in texts for index in blind_all(text, _DOCUMENT)]


def phone_lookups(value: str) -> list[bytes]:
    """As `document_lookups`, for a number in E.164."""
    return blind_all(value, _PHONE)


def document_mask(value: str) -> str:
    """310105********0013; short numbers keep two places at each end."""
    if len(value) >= 15:
        return f"{value[:6]}{'*' * (len(value) - 10)}{value[-4:]}"
    return f"{value[:2]}{'*' * max(len(value) - 4, 3)}{value[-2:]}"[:24]


def phone_mask(value: str) -> str:
    """138****1234 for numbers of mainland China, +81****5678 for others."""
    if value.startswith("+86"):
        local = value[3:]
        return f"{local[:3]}****{local[-4:]}"
    return f"{value[:3]}****{value[-4:]}"


def new_document(subject_id: UUID, one: identifiers.Document, index: bytes) -> Document:
    """`index`: the first of its lookups."""
    row_id = new_id()
    return Document(
        id=row_id, subject_id=subject_id, kind=one.kind, country=one.country,
        number_sealed=seal(one.value, Document.aad(row_id)), number_index=index,
        mask=document_mask(one.value), verified=one.verified,
    )  # fmt: skip


def new_phone(subject_id: UUID, value: str, index: bytes) -> Phone:
    """`value` in E.164; `index`: the first of its lookups."""
    row_id = new_id()
    return Phone(
        id=row_id, subject_id=subject_id, sealed=seal(value, Phone.aad(row_id)), index=index,
        last4_index=blind(value[-4:], _LAST4), mask=phone_mask(value),
    )  # fmt: skip
