"""The words and signs of the console's states. A colour never stands alone: each has its sign and its word."""

from collections.abc import Mapping
from dataclasses import dataclass

from babel import Locale
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class BadgeStyle:
    css: str
    sign: str
    word: Promise


BADGES: dict[str, BadgeStyle] = {
    # red: only a gap past its grace, or a red finding
    "gap": BadgeStyle("gap", "!", _("Gap")),
    "due": BadgeStyle("due", "◷", _("Due soon")),
    "unknown": BadgeStyle("unknown", "?", _("Ask again")),
    "ok": BadgeStyle("ok", "✓", _("Covered")),
    "late": BadgeStyle("ok", "✓", _("Done late")),
    "waived": BadgeStyle("unknown", "–", _("Waived")),
    "open": BadgeStyle("info", "○", _("Not yet due")),
    "info": BadgeStyle("info", "i", _("Note")),
    "ended": BadgeStyle("unknown", "■", _("Ended")),
}


def _locale() -> Locale:
    return Locale.parse((get_language() or "zh-hans").replace("-", "_"))


def territories() -> Mapping[str, str]:
    return dict(_locale().territories)


def languages() -> Mapping[str, str]:
    return dict(_locale().languages)


EVENTS: Mapping[str, Promise] = {
    "lapsed": _("The time passed and it was not done"),
    "noticed": _("The system noticed it"),
    "call": _("Called"),
    "note": _("Note"),
    "taken": _("Taken on"),
    "attempt": _("Tried, nobody home"),
    "refused": _("Refused"),
    "reopened": _("Opened again"),
    "observed": _("Done in the field"),
    "received": _("The record reached us"),
    "waived": _("Waived"),
}
