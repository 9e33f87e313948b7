"""How a row of the ledger is shown: sign, word, and what follows from it."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from fangxian.gates.models import PassStatus
from fangxian.workplaces.models import StaffState, Verdict
from fangxian.workplaces.queries.returning import Line

FILTERS: Final[dict[str, Promise]] = {
    "": pgettext_lazy("ledger", "all"),
    "now": pgettext_lazy("ledger", "may work"),
    "later": pgettext_lazy("ledger", "under observation"),
    "unknown": pgettext_lazy("ledger", "something is missing"),
    "stopped": pgettext_lazy("ledger", "suspended"),
    "odd": pgettext_lazy("ledger", "to be set right"),
}
BADGE_OF: Final[dict[str, str]] = {
    Verdict.NOW: "ok", Verdict.LATER: "due", Verdict.UNKNOWN: "unknown", StaffState.SUSPENDED: "ended",
    StaffState.POSITIVE: "gap",
}  # fmt: skip
WORDS: Final[dict[str, Promise]] = {
    Verdict.NOW: pgettext_lazy("ledger", "may work"),
    Verdict.LATER: pgettext_lazy("ledger", "under observation"),
    Verdict.UNKNOWN: pgettext_lazy("ledger", "not yet known"),
    StaffState.SUSPENDED: pgettext_lazy("ledger", "suspended"),
    StaffState.POSITIVE: pgettext_lazy("ledger", "tested positive"),
}
PASSES: Final[dict[str, tuple[str, Promise]]] = {
    PassStatus.LIVE: ("ok", pgettext_lazy("pass of staff", "has a pass")),
    PassStatus.SUSPENDED: ("ended", pgettext_lazy("pass of staff", "pass suspended")),
}


@dataclass(frozen=True)
class Act:
    """What may be done with somebody: the button, what follows from it, and what is said when it is done."""

    button: Promise
    follows: Promise
    done: Promise
    danger: bool = False


ACTS: Final[dict[StaffState, Act]] = {
    StaffState.ACTIVE: Act(
        gettext_lazy("Back to work"),
        gettext_lazy("The person may work again if the ledger says so, and their pass is good again."),
        gettext_lazy("Back at work. The pass follows the ledger again."),
    ),
    StaffState.SUSPENDED: Act(
        gettext_lazy("Suspend from work"),
        gettext_lazy("The pass is not good from this moment until the person is set to work again."),
        gettext_lazy("Suspended. The pass is not good any more until you set the person to work again."),
    ),
    StaffState.POSITIVE: Act(
        gettext_lazy("Tested positive"),
        gettext_lazy(
            "The pass is not good from this moment, the gates are told not to let the person pass, and the health "
            "centre and the street are told at once which enterprise and building it is. Only the street can set the "
            "person to work again."
        ),
        gettext_lazy("Reported. The health centre and the street are told; wait for their call."),
        danger=True,
    ),
    StaffState.LEFT: Act(
        gettext_lazy("Left the enterprise"),
        gettext_lazy("The person is taken off the ledger and the pass is revoked for good."),
        gettext_lazy("Taken off the ledger. The pass is revoked."),
        danger=True,
    ),
}


def act_words(state: StaffState) -> str:
    return str(ACTS[state].button)


@dataclass(frozen=True)
class Shown:
    """`note`: until when, or what is missing."""

    line: Line
    badge: str
    word: str
    note: str
    pass_badge: str
    pass_word: str


def shown(line: Line, *, frank: bool = True) -> Shown:
    """`frank`: whether the reader may know that somebody tested positive; others read that they are suspended."""
    standing = line.standing
    if standing == StaffState.POSITIVE and not frank:
        standing = StaffState.SUSPENDED
    note = ""
    if standing == Verdict.LATER and line.until is not None:
        note = _("until %(day)s, then send the evidence") % {"day": line.until.isoformat()}
    elif line.missing:
        note = _("missing: %(what)s") % {"what": _(", ").join(line.missing)}
    pass_badge, pass_word = PASSES.get(line.pass_status, ("", ""))
    return Shown(line, BADGE_OF[standing], str(WORDS[standing]), note, pass_badge, str(pass_word))
