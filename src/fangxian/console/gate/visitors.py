"""Visitors and couriers at the tablet: the host is found by the door, asked, and the guard's call is answered here.

The tablet is known by its token and sends no cookie, so these need no token against forged forms. The guard whose id it
gives must be one who works at that gate now.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Annotated, Concatenate, Literal, ParamSpec
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from pydantic import BaseModel, Field, ValidationError

from fangxian.accounts import access
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Capability
from fangxian.console.gate.views import device_behind, unknown_device
from fangxian.console.view import open_view
from fangxian.gates.actions import visits
from fangxian.gates.actions.visits import VisitError
from fangxian.gates.models import PassKind, VisitRequest
from fangxian.gates.queries import visits as queries
from fangxian.places.models import Place
from fangxian.shared import clock

P = ParamSpec("P")
Short = Annotated[str, Field(max_length=80)]


class Asked(BaseModel):
    """What any of these requests may carry."""

    guard: UUID
    text: Short = ""
    host: UUID | None = None
    kind: Literal["visitor", "courier"] = "visitor"
    name: Short = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    agree: bool | None = None


@dataclass(frozen=True)
class AtGate:
    gate: Place
    by: str
    asked: Asked
    now: datetime


GateView = Callable[Concatenate[AtGate, P], HttpResponse]


def works_here(guard: UUID, gate: Place, now: datetime) -> Staff | None:
    """The guard whose id a tablet gives, if that one is active and works at this gate now."""
    staff = Staff.objects.filter(id=guard, is_active=True).first()
    if staff is None:
        return None
    held = access.reach_of(tuple(access.live_grants(staff, now)), Capability.GATE)
    return staff if Place.objects.filter(held.places(), id=gate.id).exists() else None


def _gate_view(view: GateView[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A page for a registered tablet with a guard; a VisitError becomes its text."""

    @wraps(view)
    def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        device = device_behind(request)
        if device is None:
            return unknown_device()
        now = clock.now()
        try:
            asked = Asked.model_validate_json(request.body)
        except ValidationError:
            return _fault(_("What was sent could not be read. Nothing was changed; enter it again."), 400)
        gate = Place.objects.select_related("parent").get(id=device.gate_id)
        guard = works_here(asked.guard, gate, now)
        if guard is None:
            return _fault(_("Your roles do not reach this gate. Ask the person in charge."), 403)
        try:
            return view(AtGate(gate, guard.actor, asked, now), *args, **kwargs)
        except VisitError as refused:
            return _fault(str(refused), 409)

    return csrf_exempt(open_view(require_POST(page)))


def _fault(text: str, status: int) -> JsonResponse:
    return JsonResponse({"error": text}, status=status)


@_gate_view
def find_hosts(here: AtGate) -> HttpResponse:
    """Doors behind this gate that the text fits; no names."""
    found = queries.hosts(here.gate, here.asked.text)
    return JsonResponse({"hosts": [{"id": str(host.id), "where": host.where} for host in found]})


@_gate_view
def ask(here: AtGate) -> HttpResponse:
    host = None if here.asked.host is None else queries.host(here.gate, here.asked.host)
    if host is None:
        raise VisitError(_("This door is not behind this gate. Nothing was sent; search again."))
    row = visits.ask(
        gate=here.gate, kind=PassKind(here.asked.kind), host=host, name=here.asked.name, phone=here.asked.phone,
        by=here.by, now=here.now,
    )  # fmt: skip
    return JsonResponse({"id": str(row.id), "status": row.status})


@_gate_view
def visit(here: AtGate, visit_id: UUID) -> HttpResponse:
    """How it stands; with `agree`, what the host said on the telephone."""
    row = VisitRequest.objects.filter(id=visit_id, gate=here.gate).select_related("granted").first()
    if row is None:
        return _fault(_("This question is not of this gate."), 404)
    if here.asked.agree is not None:
        row = visits.answer(request=row, agree=here.asked.agree, channel="call", by=here.by, now=here.now)
    return JsonResponse({"id": str(row.id), "status": row.status, "number": row.granted.number if row.granted else ""})
