"""What is said about filings and ledgers: what is missing, and where it is written."""

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fangxian.workplaces.models import FilingAct, FilingStatus
from fangxian.workplaces.rules import Actor, Lack

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Part(StrEnum):
    """The parts of a filing, one a screen, in their order."""

    CHARGE = "charge"
    PEOPLE = "people"
    PLAN = "plan"
    ISOLATION = "isolation"
    SUPPLIES = "supplies"
    POSTS = "posts"
    WISHES = "wishes"
    SIGN = "sign"


PARTS: Final[dict[Part, "StrOrPromise"]] = {
    Part.CHARGE: _("Who is in charge"),
    Part.PEOPLE: _("People and first day"),
    Part.PLAN: _("Plan of prevention"),
    Part.ISOLATION: _("Where somebody with a fever waits"),
    Part.SUPPLIES: _("Supplies"),
    Part.POSTS: _("Posts"),
    Part.WISHES: _("Arrival and work from home"),
    Part.SIGN: _("The commitment"),
}

LACKS: Final[dict[Lack, "StrOrPromise"]] = {
    Lack.IN_CHARGE: _("Nobody is named who is in charge of epidemic control."),
    Lack.PHONE: _("There is no telephone number of the person in charge."),
    Lack.START: _("The first day of work is not stated."),
    Lack.TOO_EARLY: _("The first day of work is earlier than the city allows."),
    Lack.PAST: _("The first day of work is over already. Write the day on which work will begin."),
    Lack.PEOPLE: _("How many people come back is not stated."),
    Lack.PLAN: _("The plan of prevention is too short to be a plan."),
    Lack.ISOLATION: _("No place is named where somebody with a fever waits."),
    Lack.COMMITMENT: _("The commitment is not signed."),
    Lack.ROSTER: _("The ledger of returning staff is empty."),
    Lack.SUPPLIES: _("Supplies are not counted, or do not last long enough."),
    Lack.POSTS: _("Not every post has a name."),
    Lack.LEFT_SHANGHAI: _("Whether the person left Shanghai is not stated."),
    Lack.ORIGIN: _("Where the person came from is not stated."),
    Lack.ARRIVED_ON: _("The day of arrival in Shanghai is not stated."),
    Lack.TRANSPORT: _("How the person travelled is not stated."),
    Lack.KEY_REGION: _("Whether the person was in a key region is not stated."),
    Lack.EVIDENCE: _("The evidence that observation ended is missing."),
    Lack.DOCUMENT: _("The document number is missing."),
}

PART_OF: Final[dict[Lack, Part]] = {
    Lack.IN_CHARGE: Part.CHARGE,
    Lack.PHONE: Part.CHARGE,
    Lack.START: Part.PEOPLE,
    Lack.TOO_EARLY: Part.PEOPLE,
    Lack.PAST: Part.PEOPLE,
    Lack.PEOPLE: Part.PEOPLE,
    Lack.PLAN: Part.PLAN,
    Lack.ISOLATION: Part.ISOLATION,
    Lack.SUPPLIES: Part.SUPPLIES,
    Lack.POSTS: Part.POSTS,
    Lack.COMMITMENT: Part.SIGN,
}
"""Where each lack of a filing is mended; the ledger has pages of its own."""

NEXT: Final[dict[FilingStatus, "StrOrPromise"]] = {
    FilingStatus.DRAFT: _("Fill in what is missing, then send it."),
    FilingStatus.SUBMITTED: _("The building worker checks it. You need do nothing."),
    FilingStatus.ENDORSED: _("The street decides. You need do nothing."),
    FilingStatus.RETURNED: _("Mend what is named, then send it again."),
    FilingStatus.ACCEPTED: _("People whom the ledger lets through have their passes. Report each day."),
    FilingStatus.SUSPENDED: _("Nobody may come to work until the street lifts this."),
    FilingStatus.ENDED: _("This filing is closed. Begin a new one to come back."),
}

ACTORS: Final[dict[Actor, "StrOrPromise"]] = {
    Actor.FIRM: pgettext_lazy("acts on a filing", "the enterprise"),
    Actor.WORKER: pgettext_lazy("acts on a filing", "the building worker"),
    Actor.STREET: pgettext_lazy("acts on a filing", "the street"),
}

ACTS_DONE: Final[dict[FilingAct, "StrOrPromise"]] = {
    FilingAct.SUBMIT: pgettext_lazy("filing", "sent in"),
    FilingAct.ENDORSE: pgettext_lazy("filing", "endorsed"),
    FilingAct.RETURN: pgettext_lazy("filing", "returned with reasons"),
    FilingAct.ACCEPT: pgettext_lazy("filing", "accepted"),
    FilingAct.SUSPEND: pgettext_lazy("filing", "suspended"),
    FilingAct.RESUME: pgettext_lazy("filing", "resumed"),
    FilingAct.END: pgettext_lazy("filing", "ended"),
}
