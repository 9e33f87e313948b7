"""Whoever writes for an enterprise: the enterprise, and which of its buildings the page is about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from fangxian.accounts.roles import Capability
from fangxian.console.view import Who, staff_view
from fangxian.places.models import Place
from fangxian.registry.models import Enterprise
from fangxian.workplaces.queries import firms

P = ParamSpec("P")


@dataclass(frozen=True)
class Desk:
    """`ids`: every record of the enterprise, those that were merged into it too."""

    who: Who
    enterprise: Enterprise
    ids: frozenset[UUID]
    place: Place

    @property
    def now(self) -> datetime:
        return self.who.now

    @property
    def by(self) -> str:
        return self.who.staff.actor

    @property
    def args(self) -> tuple[UUID, UUID]:
        """What every address of this desk begins with."""
        return self.enterprise.subject_id, self.place.id


DeskView = Callable[Concatenate[HttpRequest, Desk, P], HttpResponse]


def at_firm(view: DeskView[P]) -> Callable[..., HttpResponse]:
    """A page of one enterprise in one building; somebody else's enterprise does not exist here."""

    def page(
        request: HttpRequest, who: Who, /, enterprise_id: UUID, place_id: UUID, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:  # fmt: skip
        seat = firms.seat(who.held, enterprise_id, place_id)
        return view(request, Desk(who, seat.enterprise, seat.ids, seat.place), *args, **kwargs)

    return wraps(view)(staff_view(Capability.FIRM)(page))
