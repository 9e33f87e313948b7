"""The words of gates and rounds as a resident reads them, in the four languages of these pages."""

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from fangxian.gates.models import PassKind, PassStatus, Zone
from fangxian.masks.models import Policy
from fangxian.masks.rules import Code, Phase
from fangxian.registry.models import DocumentKind

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

KINDS: "Final[dict[str, StrOrPromise]]" = {
    PassKind.RESIDENT: _("Resident permit"),
    PassKind.EMPLOYEE: _("Employee pass"),
    PassKind.VISITOR: _("Visitor pass"),
    PassKind.COURIER: _("Courier pass"),
    PassKind.VEHICLE: _("Vehicle pass"),
}
ZONES: "Final[dict[str, StrOrPromise]]" = {
    Zone.RED: _("Red zone"),
    Zone.YELLOW: _("Yellow zone"),
    Zone.BLUE: _("Blue zone"),
}
OVER, EARLY = "over", "early"
STATES: "Final[dict[str, StrOrPromise]]" = {
    PassStatus.LIVE: _("In force"),
    PassStatus.SUSPENDED: _("Suspended"),
    PassStatus.REVOKED: _("Revoked"),
    OVER: _("Expired"),
    EARLY: _("Not in force yet"),
}
NEXT_STEPS: "Final[dict[str, StrOrPromise]]" = {
    PassStatus.LIVE: "",
    PassStatus.SUSPENDED: _("You cannot enter with it for now. Ask your neighbourhood committee or your employer."),
    PassStatus.REVOKED: _("It is no longer good. If you have a newer pass, open that one; if not, ask for one."),
    OVER: _("Ask your neighbourhood committee or your employer for a new pass."),
    EARLY: _("Show it again once its time begins."),
}

PHASES: "Final[dict[Phase, StrOrPromise]]" = {
    Phase.DRAFT: _("Being prepared"),
    Phase.ANNOUNCED: _("Registration has not opened yet"),
    Phase.REGISTERING: _("Registration is open"),
    Phase.BOTH: _("Registration is open, and numbers are being called"),
    Phase.BETWEEN: _("Registration is closed, sale has not begun"),
    Phase.SELLING: _("Registration is closed, numbers are being called"),
    Phase.OVER: _("The round is over"),
    Phase.CANCELLED: _("The round was cancelled"),
}
POLICIES: "Final[dict[str, StrOrPromise]]" = {
    Policy.QUEUE: _("In the order of registering, with the same chance for each committee."),
    Policy.LOTTERY: _(
        "By lot, once registration has closed. Whether one registers early or late makes no difference, and anybody "
        "can work the draw out again."
    ),
    Policy.ODD_EVEN: _(
        "In the order of registering, by the last digit of the document: odd on Monday, Wednesday and Friday, even on "
        "Tuesday, Thursday and Saturday, everybody on Sunday."
    ),
    Policy.BIRTH_YEAR: _(
        "In the order of registering, by the last digit of the birth year: 1 and 6 on Monday, 2 and 7 on Tuesday, 3 "
        "and 8 on Wednesday, 4 and 9 on Thursday, 5 and 0 on Friday, everybody at the weekend."
    ),
}
_COME_BACK = _("Nothing was kept. Come back when it opens; the code on the letter stays good.")
REFUSALS: "Final[dict[str, tuple[StrOrPromise, StrOrPromise]]]" = {
    Code.NOT_YET: (_("Registration has not opened yet"), _COME_BACK),
    Code.CLOSED: (_("Registration is closed"), _("Nothing was kept. Ask your committee about the next round.")),
    Code.CANCELLED: (_("The round was cancelled"), _("Nothing was kept. Ask your committee about the next round.")),
    Code.STAFF_LATER: (
        _("Those who run the round register after the residents"), _("Nothing was kept. Try again on a later day."),
    ),
    Code.TAKEN: (
        _("This home is registered already"),
        _("One registration for each address in a round. If it was not your home that registered, say so below."),
    ),
    Code.TOO_MANY: (_("More than one home may have"), _("Nothing was kept. Choose fewer.")),
    Code.NOTHING: (_("Nothing was chosen"), _("Nothing was kept. Choose how many you need.")),
    Code.UNKNOWN_DOOR: (_("This code is not known"), _("Nothing was kept. Ask your committee.")),
    Code.BAD_DOCUMENT: (
        _("The number of the document is not right"), _("Nothing was kept. Compare it with the document."),
    ),
    Code.BAD_PHONE: (
        _("The telephone number is not right"), _("Nothing was kept. Enter it again, or leave it empty."),
    ),
    "unreadable": (_("Something was not filled in as it should be"), _("Nothing was kept. Look at each line again.")),
}  # fmt: skip
DOCUMENTS: "Final[tuple[tuple[str, StrOrPromise], ...]]" = (
    (DocumentKind.RESIDENT_ID, _("Resident identity card")),
    (DocumentKind.PASSPORT, _("Passport")),
    (DocumentKind.HMT_RESIDENCE, _("Residence permit of Hong Kong, Macau and Taiwan residents")),
    (DocumentKind.HK_MACAU_PERMIT, _("Mainland travel permit of Hong Kong and Macau residents")),
    (DocumentKind.TAIWAN_PERMIT, _("Mainland travel permit of Taiwan residents")),
    (DocumentKind.FOREIGN_PR, _("Foreign permanent resident card")),
    (DocumentKind.OTHER, _("Another document")),
)
