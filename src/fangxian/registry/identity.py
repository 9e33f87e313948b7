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


def document_index(one: identifiers.Document) -> bytes:
    return blind(_document_text(one.kind, one.country, one.value), _DOCUMENT)


def document_lookups(one: identifiers.Document) -> list[bytes]:
    """Indexes under which this document may be stored: every live key, with the country or without it."""
    texts = {_document_text(one.kind, one.country, one.value), _document_text(one.kind, "", one.value)}
    return [index for text in sorted(texts, reverse=True) for index in blind_all(text, _DOCUMENT)]


def phone_lookups(value: str) -> list[bytes]:
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


def new_document(subject_id: UUID, one: identifiers.Document) -> Document:
    row_id = new_id()
    return Document(
        id=row_id, subject_id=subject_id, kind=one.kind, country=one.country,
        number_sealed=seal(one.value, Document.aad(row_id)), number_index=document_index(one),
        mask=document_mask(one.value), verified=one.verified,
    )  # fmt: skip


def new_phone(subject_id: UUID, value: str) -> Phone:
    """`value` in E.164."""
    row_id = new_id()
    return Phone(
        id=row_id, subject_id=subject_id, sealed=seal(value, Phone.aad(row_id)), index=blind(value, _PHONE),
        last4_index=blind(value[-4:], _LAST4), mask=phone_mask(value),
    )  # fmt: skip
