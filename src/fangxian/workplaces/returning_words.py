"""What is said about rows of the ledger of returning staff."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fangxian.workplaces.returning import Fault, Mark
from fangxian.workplaces.rules import Lack

FAULTS: Final[dict[Fault, Promise]] = {
    Fault.PERSON: _("This person is not in the register. Add the person first."),
    Fault.FUTURE: _("The day of arrival lies in the future. State it when the person has arrived."),
    Fault.RELEASED_FUTURE: _("The end of observation lies in the future. State it when it has ended."),
    Fault.RELEASED_EARLY: _("The end of observation lies before the arrival. Check both days."),
    Fault.STAYED_AND_CAME: _("It says both that the person did not leave Shanghai and when they came back."),
    Fault.ORIGIN: _("This place of origin is not known. Write the province and city, or the country."),
    Fault.TRANSPORT: _("This means of transport is not known. Choose one of the list."),
    Fault.TWICE: _("The same person stands in the list twice and differently. Keep one row."),
}
MISSING: Final[dict[Lack, Promise]] = {
    Lack.DOCUMENT: _("number of an identity document"),
    Lack.LEFT_SHANGHAI: _("whether they left Shanghai"),
    Lack.ORIGIN: _("where they came from"),
    Lack.ARRIVED_ON: _("day of arrival in Shanghai"),
    Lack.TRANSPORT: _("means of transport"),
    Lack.KEY_REGION: _("whether they were in a key region"),
    Lack.EVIDENCE: _("evidence that observation ended"),
}
MARKS: Final[dict[Mark, Promise]] = {
    Mark.TWO_EMPLOYERS: _("also on another enterprise's ledger"),
    Mark.ENTERED: _("came in although not cleared for work"),
    Mark.HEALTH: _("suspended by a daily report"),
}


def missing(codes: str) -> list[str]:
    """What must still be known, in words, in the order of the form."""
    return [str(MISSING[Lack(code)]) for code in codes.split(",") if code]


def marks(codes: str) -> list[str]:
    return [str(MARKS[Mark(code)]) for code in codes.split(",") if code in list(Mark)]
