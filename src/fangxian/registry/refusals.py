"""Why a value is not taken, and what the sender can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Code(StrEnum):
    """Stable names of the reasons: kept with a refused row, so that its message follows the reader's language."""

    REQUIRED = "required"
    TOO_LONG = "too_long"
    NUMBER_MANGLED = "number_mangled"
    FORMULA_ERROR = "formula_error"
    UNKNOWN_WORD = "unknown_word"
    ID_LENGTH = "id_length"
    ID_LETTERS = "id_letters"
    ID_CHECK = "id_check"
    ID_BIRTH_DATE = "id_birth_date"
    ID_REGION = "id_region"
    ID_BIRTH_MISMATCH = "id_birth_mismatch"
    ID_SEX_MISMATCH = "id_sex_mismatch"
    PASSPORT_FORM = "passport_form"
    PERMIT_FORM = "permit_form"
    PR_CARD_FORM = "pr_card_form"
    PR_CARD_CHECK = "pr_card_check"
    DOCUMENT_KIND = "document_kind"
    USCC_LENGTH = "uscc_length"
    USCC_FORM = "uscc_form"
    USCC_CHECK = "uscc_check"
    PHONE_FORM = "phone_form"
    PHONE_COUNTRY = "phone_country"
    PLATE_FORM = "plate_form"
    PLATE_LETTERS = "plate_letters"
    DATE_UNREADABLE = "date_unreadable"
    DATE_NO_YEAR = "date_no_year"
    DATE_NO_DAY = "date_no_day"
    DATE_NO_SUCH_DAY = "date_no_such_day"
    DATE_YEAR_LAST = "date_year_last"
    DATE_SHORT_YEAR = "date_short_year"
    DATE_NUMBER = "date_number"
    DATE_FUTURE = "date_future"
    DATE_TOO_OLD = "date_too_old"
    COUNTRY = "country"
    NUMBER = "number"
    NAME_FORM = "name_form"
    ADDRESS_UNREADABLE = "address_unreadable"
    ADDRESS_NO_COMPOUND = "address_no_compound"
    ADDRESS_SEVERAL = "address_several"
    ADDRESS_NO_ROOM = "address_no_room"
    BUILDING_UNKNOWN = "building_unknown"
    BUILDING_SEVERAL = "building_several"
    GRID_UNKNOWN = "grid_unknown"
    AREA_TYPE = "area_type"
    NO_PLACE_GIVEN = "no_place_given"
    DOCUMENTS_CONFLICT = "documents_conflict"
    NAME_CONFLICT = "name_conflict"
    OUTSIDE_REACH = "outside_reach"


_L = gettext_lazy

# what is wrong, and what to do next
TEXTS: dict[Code, tuple[Promise, Promise]] = {
    Code.REQUIRED: (_L("This cell is empty."), _L("Fill it in.")),
    Code.TOO_LONG: (_L("The text is too long (more than %(most)s characters)."), _L("Shorten it.")),
    Code.NUMBER_MANGLED: (
        _L("The spreadsheet has changed this number: it keeps 15 digits and turns the rest into zeros."),
        _L("Set the column's format to Text and type the number again from the document."),
    ),
    Code.FORMULA_ERROR: (_L("The cell holds a formula's error."), _L("Replace it with the value itself.")),
    Code.UNKNOWN_WORD: (_L("This word is not known here."), _L("Write one of: %(words)s.")),
    Code.ID_LENGTH: (
        _L("A resident identity number has 18 characters; this one has %(length)s."),
        _L("Compare it with the card and type it again."),
    ),
    Code.ID_LETTERS: (
        _L("A resident identity number is made of digits; only its last place may be an X."),
        _L("Compare it with the card and type it again."),
    ),
    Code.ID_CHECK: (
        _L("The identity number contradicts its own check digit: at least one digit is wrong."),
        _L("Compare it with the card and type it again."),
    ),
    Code.ID_BIRTH_DATE: (
        _L("Places 7 to 14 of the identity number are no day of birth."),
        _L("Compare it with the card and type it again."),
    ),
    Code.ID_REGION: (
        _L("The first six digits of the identity number are no region of China."),
        _L("Compare it with the card and type it again."),
    ),
    Code.ID_BIRTH_MISMATCH: (
        _L("The date of birth differs from the one in the identity number."),
        _L("Correct one of the two, or leave the date empty."),
    ),
    Code.ID_SEX_MISMATCH: (
        _L("The sex differs from the one in the identity number."),
        _L("Correct one of the two, or leave the sex empty."),
    ),
    Code.PASSPORT_FORM: (
        _L("A passport number has 5 to 9 letters and digits."),
        _L("Type it as it stands in the passport, without the name of the country."),
    ),
    Code.PERMIT_FORM: (
        _L("This is no number of such a permit."),
        _L("Home-return permits: H or M and 8 digits. Permits of Taiwan residents: 8 digits."),
    ),
    Code.PR_CARD_FORM: (
        _L("This is no number of a permanent resident card."),
        _L("Old cards: 3 letters and 12 digits. New cards: 18 digits that begin with 9."),
    ),
    Code.PR_CARD_CHECK: (
        _L("The number of the permanent resident card contradicts its own check digit."),
        _L("Compare it with the card and type it again."),
    ),
    Code.DOCUMENT_KIND: (
        _L("It cannot be told what kind of document this is."),
        _L("Say in the document type column: resident ID, passport, home-return permit, Taiwan permit, other."),
    ),
    Code.USCC_LENGTH: (
        _L("A unified social credit code has 18 characters; this one has %(length)s."),
        _L("Copy it from the business licence."),
    ),
    Code.USCC_FORM: (
        _L("A unified social credit code has digits and capital letters, never I, O, S, V or Z."),
        _L("Copy it from the business licence; the look-alikes are 1, 0, 5, U and 2."),
    ),
    Code.USCC_CHECK: (
        _L("The credit code contradicts its own check character: at least one place is wrong."),
        _L("Copy it from the business licence."),
    ),
    Code.PHONE_FORM: (
        _L("This is no telephone number in use."),
        _L("Mobile: 11 digits. Landline: with its area code, for instance 021-62750000."),
    ),
    Code.PHONE_COUNTRY: (
        _L("This number is none of mainland China."),
        _L("Write it with its country code, for instance +81 90 1234 5678."),
    ),
    Code.PLATE_FORM: (
        _L("This is no number plate."),
        _L("Write the province, the letter and 5 or 6 characters, for instance 沪A12345."),
    ),
    Code.PLATE_LETTERS: (
        _L("A number plate never has the letters I and O."),
        _L("They are the digits 1 and 0: correct them."),
    ),
    Code.DATE_UNREADABLE: (_L("This is no date."), _L("Write it as 2020-02-03.")),
    Code.DATE_NO_YEAR: (_L("The date has no year."), _L("Write it as 2020-02-03.")),
    Code.DATE_NO_DAY: (_L("The date has no day."), _L("Write it as 2020-02-03.")),
    Code.DATE_NO_SUCH_DAY: (_L("There is no such day in the calendar."), _L("Correct the day or the month.")),
    Code.DATE_YEAR_LAST: (
        _L("It cannot be told which number is the day and which the month."),
        _L("Write the year first: 2020-02-03."),
    ),
    Code.DATE_SHORT_YEAR: (_L("The year has only two digits."), _L("Write all four: 2020-02-03.")),
    Code.DATE_NUMBER: (
        _L("The spreadsheet holds a plain number here, not a date (2.1 may be 1 or 10 February)."),
        _L("Write it as 2020-02-03."),
    ),
    Code.DATE_FUTURE: (_L("This day is still to come."), _L("Correct the date.")),
    Code.DATE_TOO_OLD: (_L("This day is more than 130 years ago."), _L("Correct the year.")),
    Code.COUNTRY: (
        _L("This country or region is not known here."),
        _L("Write its usual Chinese or English name, for instance 日本 or Japan."),
    ),
    Code.NUMBER: (_L("This is no whole number."), _L("Write digits only, without a unit.")),
    Code.NAME_FORM: (_L("This is no name: it has no letter or character."), _L("Write the full name.")),
    Code.ADDRESS_UNREADABLE: (
        _L("The address cannot be read."),
        _L("Write lane, house number and room, for instance 虹桥路1000弄12号501室."),
    ),
    Code.ADDRESS_NO_COMPOUND: (
        _L("No compound with this name or lane is known within %(place)s."),
        _L("Correct the name or the lane, or ask the committee to add the compound first."),
    ),
    Code.ADDRESS_SEVERAL: (
        _L("Several compounds fit: %(names)s."),
        _L("Write the road and the lane, or the full name of the compound."),
    ),
    Code.ADDRESS_NO_ROOM: (_L("The address names no room."), _L("Add the house number and the room.")),
    Code.BUILDING_UNKNOWN: (
        _L("No office building with this name is known within %(place)s."),
        _L("Write the building's usual name, or ask the street to add it first."),
    ),
    Code.BUILDING_SEVERAL: (_L("Several buildings fit: %(names)s."), _L("Write the building's full name.")),
    Code.GRID_UNKNOWN: (
        _L("No grid with this name or code is known within %(place)s."),
        _L("Write the grid's name as on the board, or leave the cell empty."),
    ),
    Code.AREA_TYPE: (
        _L("This type of public area is not in the playbook."),
        _L("Write one of: %(words)s."),
    ),
    Code.NO_PLACE_GIVEN: (
        _L("The row does not say where, and the list is not for one single place."),
        _L("Add the compound or building to the row."),
    ),
    Code.DOCUMENTS_CONFLICT: (
        _L("The documents of this row belong to two different persons in the register."),
        _L("Compare both documents with the person, and send the right one."),
    ),
    Code.NAME_CONFLICT: (
        _L("This document number is registered under another name."),
        _L("Compare name and number with the document. If the name has changed, ask the committee to change it."),
    ),
    Code.OUTSIDE_REACH: (
        _L("This is registered at a place that you are not responsible for."),
        _L("Ask the neighbourhood that it belongs to."),
    ),
}


@dataclass(frozen=True)
class Refusal:
    """A value that was not taken. `params` fill the message and never hold the value itself."""

    code: Code
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return str(TEXTS[self.code][0]) % self.params

    @property
    def mend(self) -> str:
        return str(TEXTS[self.code][1]) % self.params

    @property
    def text(self) -> str:
        """Both sentences, in the reader's language."""
        return _("%(message)s %(mend)s") % {"message": self.message, "mend": self.mend}

    def as_json(self) -> dict[str, object]:
        return {"code": self.code.value, "params": dict(self.params)}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Refusal":
        params = stored.get("params")
        return cls(Code(str(stored["code"])), dict(params) if isinstance(params, Mapping) else {})
