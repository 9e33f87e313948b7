"""A plan on its way from the comparison to its application.

The plan travels in the page, signed, instead of in a row: nothing is kept of what nobody applied, and what is
applied is exactly what was compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import update_wrapper
from typing import ParamSpec

from django.core import signing
from django.http import HttpRequest, HttpResponse

from fangxian.accounts.access import NotAllowedError
from fangxian.accounts.roles import Capability
from fangxian.console.view import Page, StaffView, Who, staff_view
from fangxian.duties.plan_schema import Plan
from fangxian.places.models import Place, PlaceKind

P = ParamSpec("P")
_SALT = "fangxian.playbook.proposal"
_HOURS = 4


class ProposalGoneError(Exception):
    """The proposal is too old, or was not made by this program."""


@dataclass(frozen=True)
class Proposal:
    """``base`` is the version that it was compared with. An edit by form has decided ``at`` and ``reason`` already."""

    plan: Plan
    base: int | None
    at: datetime | None = None
    reason: str = ""

    @property
    def by_form(self) -> bool:
        return bool(self.reason)

    def sealed(self) -> str:
        at = self.at.isoformat() if self.at else None
        value = {"plan": self.plan.to_json(), "base": self.base, "at": at, "reason": self.reason}
        return signing.dumps(value, salt=_SALT, compress=True)


def opened(sealed: str) -> Proposal:
    """Raises ProposalGoneError."""
    try:
        value = signing.loads(sealed, salt=_SALT, max_age=_HOURS * 3600)
    except signing.BadSignature as gone:
        raise ProposalGoneError from gone
    at = datetime.fromisoformat(value["at"]) if value["at"] else None
    return Proposal(Plan.from_json(value["plan"]), value["base"], at, value["reason"])


def plan_view(view: StaffView[P]) -> Page[P]:
    """A page for those who may change the plan: it holds for the whole street, so their reach must hold it too."""

    def guarded(request: HttpRequest, who: Who, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        street = Place.objects.filter(kind=PlaceKind.STREET).order_by("path").first()
        if street is not None and not who.held.holds(street):
            raise NotAllowedError
        return view(request, who, *args, **kwargs)

    update_wrapper(guarded, view)
    return staff_view(Capability.PLAYBOOK)(guarded)
