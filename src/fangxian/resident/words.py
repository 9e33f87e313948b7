"""The words of gates as a resident reads them, in the four languages of these pages."""

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from fangxian.gates.models import PassKind, PassStatus, Zone

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
