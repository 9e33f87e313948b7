"""What is said about each outcome at a counter: what happened, and what to do next."""

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from fangxian.masks.counter import Code, Warn

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

WORDS: Final[dict[Code, tuple["StrOrPromise", "StrOrPromise"]]] = {
    Code.OK: (_("Handed out"), _("Take the money shown.")),
    Code.UNKNOWN: (
        _("This number is not known"),
        _("Nothing was kept. Read the voucher again; if it is right, ask the committee whose name is on it."),
    ),
    Code.WRONG_CODE: (
        _("This code does not belong to the number"),
        _("Nothing was kept. Do not hand out. Type the number, compare the document, and report it in the channel."),
    ),
    Code.NOT_CALLED: (
        _("This number is not called yet"),
        _("Nothing was kept. The committee tells the household when it is."),
    ),
    Code.WHICH: (_("More than one kind is called for this number"), _("Nothing was kept. Choose the kind.")),
    Code.VOID: (
        _("This call does not hold any more"),
        _("Nothing was kept. The committee can say why, and what is called instead."),
    ),
    Code.DOUBLE: (
        _("This number was collected already"),
        _("Nothing was kept. Compare time and place; if it was somebody else, report an incident in the channel."),
    ),
    Code.LAPSED: (
        _("The time to collect has passed"),
        _("Nothing was kept. The goods went to the next numbers; the committee can ask for the number again."),
    ),
    Code.WRONG_PHARMACY: (
        _("This number is called at another pharmacy"),
        _("Nothing was kept. Send the household to the pharmacy shown."),
    ),
    Code.NO_IDENTITY: (
        _("The document was not compared"),
        _("Nothing was kept. Compare the document with the name, then hand out."),
    ),
    Code.NOTHING: (_("No quantity was entered"), _("Nothing was kept. Enter how many were handed out.")),
    Code.TOO_MANY: (
        _("More than this number was called for"),
        _("Nothing was kept. Hand out no more than the quantity shown."),
    ),
    Code.NO_STOCK: (
        _("The book has no such goods left here"),
        _("Nothing was kept. Record the arrival first, or count the shelf."),
    ),
}

WARNINGS: Final[dict[Warn, "StrOrPromise"]] = {
    Warn.EARLY: _("Before its slot: ask people to come in theirs, so that nobody stands in a crowd."),
    Warn.UNTRAINED: _("Your training for this round is not signed off yet. Ask for it today."),
    Warn.AFTER_CLOSE: _("This day was counted and closed already. Count and close it again."),
}
