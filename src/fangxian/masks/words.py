"""What is said about each outcome of a registration: what happened, and what to do next."""

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from fangxian.masks.rules import Code, Phase

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

WORDS: Final[dict[Code, tuple["StrOrPromise", "StrOrPromise"]]] = {
    Code.OK: (_("Registered"), _("Keep the number. The committee tells you when it is called.")),
    Code.UNPLACED: (
        _("Received; the address is being looked up"),
        _("Somebody at the committee finds the address and registers it. Keep this page; nothing more is to be done."),
    ),
    Code.NOT_YET: (_("Registration has not begun"), _("Come back when it opens. Nothing was kept.")),
    Code.CLOSED: (
        _("Registration is closed"),
        _("Nothing was kept. Ask the committee about the next round, or about urgent need."),
    ),
    Code.CANCELLED: (_("This round was cancelled"), _("Nothing was kept. Ask the committee about the next round.")),
    Code.STAFF_LATER: (
        _("Those who run the round register after the residents"),
        _("Nothing was kept. Register from the time that the round names for staff and volunteers."),
    ),
    Code.TAKEN: (
        _("This address is registered already"),
        _("One registration for each address in a round. If it was not your home that registered, raise a dispute."),
    ),
    Code.TOO_MANY: (_("More than one address may have"), _("Nothing was kept. Choose no more than the round allows.")),
    Code.NOTHING: (_("Nothing was chosen"), _("Nothing was kept. Choose how many you need.")),
    Code.UNKNOWN_DOOR: (
        _("This address is not known"),
        _("Nothing was kept. Use the code on the letter to your door, or ask the committee."),
    ),
    Code.BAD_DOCUMENT: (
        _("The document's number is not right"),
        _("Nothing was kept. Compare it with the document and enter it again."),
    ),
    Code.BAD_PHONE: (
        _("The telephone number is not right"),
        _("Nothing was kept. Enter it again, or leave it empty and ask the committee for your number."),
    ),
}

BUSY: Final["StrOrPromise"] = _("Very many are registering just now. Go back and send it again: it counts once.")

PHASES: Final[dict[Phase, "StrOrPromise"]] = {
    Phase.DRAFT: _("being prepared"),
    Phase.ANNOUNCED: _("announced"),
    Phase.REGISTERING: _("registration is open"),
    Phase.BOTH: _("registration is open, numbers are being called"),
    Phase.BETWEEN: _("registration is closed, sale has not begun"),
    Phase.SELLING: _("numbers are being called"),
    Phase.OVER: _("over"),
    Phase.CANCELLED: _("cancelled"),
}
