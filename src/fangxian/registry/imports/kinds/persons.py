"""Residents and employees: one row a person."""

from dataclasses import dataclass
from datetime import date

from fangxian.registry import identifiers
from fangxian.registry.identifiers import Document, Phone
from fangxian.registry.imports import countries, fields
from fangxian.registry.imports.kinds.cells import Cells, Home, looks_like_a_name, read_home
from fangxian.registry.models import DocumentKind, Sex
from fangxian.registry.refusals import Code
from fangxian.shared.text import name_key, squeeze

FIELDS = (
    fields.NAME, fields.DOCUMENT, fields.PHONE, fields.ADDRESS, fields.COMPOUND, fields.BLOCK, fields.STAIR,
    fields.ROOM,
    fields.SEX, fields.BIRTH_DATE, fields.DOCUMENT_KIND, fields.NATIONALITY, fields.LANGUAGE, fields.NEIGHBOURHOOD,
    fields.RELATION, fields.EMPLOYER, fields.OFFICE, fields.FLOOR, fields.ARRIVED, fields.ORIGIN, fields.NOTE,
)  # fmt: skip

_SEXES = {
    "男": Sex.MALE, "m": Sex.MALE, "male": Sex.MALE, "男性": Sex.MALE, "1": Sex.MALE, "남": Sex.MALE, "先生": Sex.MALE,
    "女": Sex.FEMALE, "f": Sex.FEMALE, "female": Sex.FEMALE, "女性": Sex.FEMALE, "2": Sex.FEMALE, "여": Sex.FEMALE,
    "女士": Sex.FEMALE,
}  # fmt: skip


@dataclass(frozen=True)
class PersonRow:
    name: str
    name_key: str
    sex: str
    birth_date: date | None
    documents: tuple[Document, ...]
    phones: tuple[Phone, ...]
    nationality: str
    language: str
    home: Home
    relation: str
    employer: str
    office: str
    floor: str
    arrived: date | None
    note: str


def read(cells: Cells) -> PersonRow | None:
    """The checked row, or None when `cells.errors` says what is wrong."""
    name = cells.text("name", 80, required=True)
    if name and not looks_like_a_name(name):
        cells.refuse("name", Code.NAME_FORM)
    nationality = cells.country("nationality")
    sex = _sex(cells)
    born = cells.date("birth_date", past=True)
    documents = _documents(cells, nationality)
    nationality = nationality or next((one.country for one in documents if one.country), "")
    phones = cells.phones("phone", nationality)
    sex, born = _agreed(cells, documents, sex, born)
    spoken = cells.text("language", 30)
    language = (countries.language(spoken) if spoken else None) or countries.spoken_in(nationality or "CN")
    arrived = cells.date("arrived")
    home = read_home(cells)
    if cells.errors:
        return None
    return PersonRow(
        name, name_key(name), sex, born, documents, phones, nationality, language, home, cells.text("relation", 40),
        cells.text("employer", 120), cells.text("office", 80), cells.text("floor", 20), arrived, _note(cells),
    )  # fmt: skip


def _sex(cells: Cells) -> str:
    text = squeeze(cells.text("sex", 20)).casefold()
    if not text:
        return ""
    found = _SEXES.get(text)
    if found is None:
        cells.refuse("sex", Code.UNKNOWN_WORD, words="男, 女")
    return found or ""


def _documents(cells: Cells, nationality: str) -> tuple[Document, ...]:
    written = cells.text("document_kind", 40)
    kind = identifiers.document_kind(written) if written else None
    found: list[Document] = []
    for number, (key, value) in enumerate(cells.many("document")):
        one = cells.taken(
            key, identifiers.read_document(value, None if number else kind, nationality, cells.context.today)
        )
        if one is None:
            continue
        if one.kind is DocumentKind.RESIDENT_ID and nationality not in ("", "CN") and not one.verified:
            cells.refuse(key, Code.ID_REGION)
        found.append(one)
    return tuple(found)


def _agreed(cells: Cells, documents: tuple[Document, ...], sex: str, born: date | None) -> tuple[str, date | None]:
    """Sex and birth date as the documents give them; a cell that says otherwise is refused."""
    for one in documents:
        if one.birth_date is not None:
            if born is not None and born != one.birth_date:
                cells.refuse("birth_date", Code.ID_BIRTH_MISMATCH)
            born = one.birth_date
        if one.sex:
            if sex and sex != one.sex:
                cells.refuse("sex", Code.ID_SEX_MISMATCH)
            sex = one.sex
    return sex, born


def _note(cells: Cells) -> str:
    parts = [cells.text("origin", 80), cells.text("note", 110)]
    return "; ".join(part for part in parts if part)
