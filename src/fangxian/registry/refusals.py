"""Why a value is not taken, and what the sender can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


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
    OTHER_FIRM = "other_firm"


# what is wrong, and what to do next
TEXTS: dict[Code, tuple[Promise, Promise]] = {
    Code.REQUIRED: (_("This cell is empty."), _("Fill it in.")),
    Code.TOO_LONG: (_("The text is too long (more than %(most)s characters)."), _("Shorten it.")),
    Code.NUMBER_MANGLED: (
        _("The spreadsheet has changed this number: it keeps 15 digits and turns the rest into zeros."),
        _("Set the column's format to Text and type the number again from the document."),
    ),
    Code.FORMULA_ERROR: (_("The cell holds a formula's error."), _("Replace it with the value itself.")),
    Code.UNKNOWN_WORD: (_("This word is not known here."), _("Write one of: %(words)s.")),
    Code.ID_LENGTH: (
        _("A resident identity number has 18 characters; this one has %(length)s."),
        _("Compare it with the card and type it again."),
    ),
    Code.ID_LETTERS: (
        _("A resident identity number is made of digits; only its last place may be an X."),
        _("Compare it with the card and type it again."),
    ),
    Code.ID_CHECK: (
        _("The identity number contradicts its own check digit: at least one digit is wrong."),
        _("Compare it with the card and type it again."),
    ),
    Code.ID_BIRTH_DATE: (
        _("Places 7 to 14 of the identity number are no day of birth."),
        _("Compare it with the card and type it again."),
    ),
    Code.ID_REGION: (
        _("The first six digits of the identity number are no region of China."),
        _("Compare it with the card and type it again."),
    ),
    Code.ID_BIRTH_MISMATCH: (
        _("The date of birth differs from the one in the identity number."),
        _("Correct one of the two, or leave the date empty."),
    ),
    Code.ID_SEX_MISMATCH: (
        _("The sex differs from the one in the identity number."),
        _("Correct one of the two, or leave the sex empty."),
    ),
    Code.PASSPORT_FORM: (
        _("A passport number has 5 to 9 letters and digits."),
        _("Type it as it stands in the passport, without the name of the country."),
    ),
    Code.PERMIT_FORM: (
        _("This is no number of such a permit."),
        _("Home-return permits: H or M and 8 digits. Permits of Taiwan residents: 8 digits."),
    ),
    Code.PR_CARD_FORM: (
        _("This is no number of a permanent resident card."),
        _("Old cards: 3 letters and 12 digits. New cards: 18 digits that begin with 9."),
    ),
    Code.PR_CARD_CHECK: (
        _("The number of the permanent resident card contradicts its own check digit."),
        _("Compare it with the card and type it again."),
    ),
    Code.DOCUMENT_KIND: (
        _("It cannot be told what kind of document this is."),
        _("Say in the document type column: resident ID, passport, home-return permit, Taiwan permit, other."),
    ),
    Code.USCC_LENGTH: (
        _("A unified social credit code has 18 characters; this one has %(length)s."),
        _("Copy it from the business licence."),
    ),
    Code.USCC_FORM: (
        _("A unified social credit code has digits and capital letters, never I, O, S, V or Z."),
        _("Copy it from the business licence; the look-alikes are 1, 0, 5, U and 2."),
    ),
    Code.USCC_CHECK: (
        _("The credit code contradicts its own check character: at least one place is wrong."),
        _("Copy it from the business licence."),
    ),
    Code.PHONE_FORM: (
        _("This is no telephone number in use."),
        _("Mobile: 11 digits. Landline: with its area code, for instance 021-62750000."),
    ),
    Code.PHONE_COUNTRY: (
        _("This number is none of mainland China."),
        _("Write it with its country code, for instance +81 90 1234 5678."),
    ),
    Code.PLATE_FORM: (
        _("This is no number plate."),
        _("Write the province, the letter and 5 or 6 characters, for instance 沪A12345."),
    ),
    Code.PLATE_LETTERS: (
        _("A number plate never has the letters I and O."),
        _("They are the digits 1 and 0: correct them."),
    ),
    Code.DATE_UNREADABLE: (_("This is no date."), _("Write it as 2020-02-03.")),
    Code.DATE_NO_YEAR: (_("The date has no year."), _("Write it as 2020-02-03.")),
    Code.DATE_NO_DAY: (_("The date has no day."), _("Write it as 2020-02-03.")),
    Code.DATE_NO_SUCH_DAY: (_("There is no such day in the calendar."), _("Correct the day or the month.")),
    Code.DATE_YEAR_LAST: (
        _("It cannot be told which number is the day and which the month."),
        _("Write the year first: 2020-02-03."),
    ),
    Code.DATE_SHORT_YEAR: (_("The year has only two digits."), _("Write all four: 2020-02-03.")),
    Code.DATE_NUMBER: (
        _("The spreadsheet holds a plain number here, not a date (2.1 may be 1 or 10 February)."),
        _("Write it as 2020-02-03."),
    ),
    Code.DATE_FUTURE: (_("This day is still to come."), _("Correct the date.")),
    Code.DATE_TOO_OLD: (_("This day is more than 130 years ago."), _("Correct the year.")),
    Code.COUNTRY: (
        _("This country or region is not known here."),
        _("Write its usual Chinese or English name, for instance 日本 or Japan."),
    ),
    Code.NUMBER: (_("This is no whole number."), _("Write digits only, without a unit.")),
    Code.NAME_FORM: (_("This is no name: it has no letter or character."), _("Write the full name.")),
    Code.ADDRESS_UNREADABLE: (
        _("The address cannot be read."),
        _("Write lane, house number and room, for instance 虹桥路1000弄12号501室."),
    ),
    Code.ADDRESS_NO_COMPOUND: (
        _("No compound with this name or lane is known within %(place)s."),
        _("Correct the name or the lane, or ask the committee to add the compound first."),
    ),
    Code.ADDRESS_SEVERAL: (
        _("Several compounds fit: %(names)s."),
        _("Write the road and the lane, or the full name of the compound."),
    ),
    Code.ADDRESS_NO_ROOM: (_("The address names no room."), _("Add the house number and the room.")),
    Code.BUILDING_UNKNOWN: (
        _("No office building with this name is known within %(place)s."),
        _("Write the building's usual name, or ask the street to add it first."),
    ),
    Code.BUILDING_SEVERAL: (_("Several buildings fit: %(names)s."), _("Write the building's full name.")),
    Code.GRID_UNKNOWN: (
        _("No grid with this name or code is known within %(place)s."),
        _("Write the grid's name as on the board, or leave the cell empty."),
    ),
    Code.AREA_TYPE: (
        _("This type of public area is not in the playbook."),
        _("Write one of: %(words)s."),
    ),
    Code.NO_PLACE_GIVEN: (
        _("The row does not say where, and the list is not for one single place."),
        _("Add the compound or building to the row."),
    ),
    Code.DOCUMENTS_CONFLICT: (
        _("The documents of this row belong to two different persons in the register."),
        _("Compare both documents with the person, and send the right one."),
    ),
    Code.NAME_CONFLICT: (
        _("This document number is registered under another name."),
        _("Compare name and number with the document. If the name has changed, ask the committee to change it."),
    ),
    Code.OTHER_FIRM: (
        _("You send lists for %(names)s only; this row does not say that the person works there."),
        _("Take the row out, or write that enterprise as the employer."),
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
        return gettext("%(message)s %(mend)s") % {"message": self.message, "mend": self.mend}

    def as_json(self) -> dict[str, object]:
        return {"code": self.code.value, "params": dict(self.params)}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Refusal":
        params = stored.get("params")
        return cls(Code(str(stored["code"])), dict(params) if isinstance(params, Mapping) else {})
