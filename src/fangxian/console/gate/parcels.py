"""The hand-over point on the tablet: doors behind the gate, what lies on the shelf, and what was done there.

Like checks, records carry ids that the tablet made and may come hours later: each is answered by itself, and one that
cannot be taken is told with its reason, so that it does not wait for ever.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from pydantic import BaseModel, Field, ValidationError

from fangxian.accounts.models import Staff
from fangxian.console.gate.views import device_behind, unknown_device
from fangxian.console.view import open_view
from fangxian.gates.actions import parcels
from fangxian.gates.actions.parcels import NewParcel, ParcelError
from fangxian.gates.models import Compared, Device, Parcel
from fangxian.gates.queries import visits as queries
from fangxian.gates.queries.visits import ParcelLine
from fangxian.places.models import Place
from fangxian.shared import clock

MOST_ITEMS: Final = 200


class Item(BaseModel):
    """`left`: a parcel of this id was put on a shelf. `taken`: the parcel was handed over. `at` in microseconds."""

    id: UUID
    what: Literal["left", "taken"]
    parcel: UUID
    guard: UUID
    at: Annotated[int, Field(ge=0)]
    door: UUID | None = None
    company: Annotated[str, Field(max_length=40)] = ""
    shelf: Annotated[str, Field(max_length=20)] = ""
    code: Annotated[str, Field(max_length=16)] = ""
    to: Annotated[str, Field(max_length=80)] = ""
    compared: Literal["code", "name"] = "name"


class Sent(BaseModel):
    items: Annotated[list[Item], Field(max_length=MOST_ITEMS)]


def _gate(device: Device) -> Place:
    return Place.objects.select_related("parent").get(id=device.gate_id)


@open_view
@require_GET
def doors(request: HttpRequest) -> HttpResponse:
    """Doors behind the gate, so that one is found without the network. No names of people."""
    device = device_behind(request)
    if device is None:
        return unknown_device()
    return JsonResponse({"doors": queries.doors(_gate(device))}, headers={"Cache-Control": "no-store"})


@csrf_exempt
@open_view
@require_POST
def shelf(request: HttpRequest) -> HttpResponse:
    """Take what the tablet recorded, and tell what lies on the shelf now."""
    device = device_behind(request)
    if device is None:
        return unknown_device()
    try:
        sent = Sent.model_validate_json(request.body)
    except ValidationError:
        text = _("What was sent could not be read. Nothing was changed; enter it again.")
        return JsonResponse({"error": text}, status=400)
    now, gate = clock.now(), _gate(device)
    guards = {staff.id: staff.actor for staff in Staff.objects.filter(id__in={item.guard for item in sent.items})}
    results = [_take(item, gate, guards.get(item.guard), now) for item in sent.items]
    lying = [_line(line) for line in queries.parcels_at(gate.id, now)]
    told = {"server_us": clock.to_us(now), "results": results, "parcels": lying}
    return JsonResponse(told, headers={"Cache-Control": "no-store"})


def _take(item: Item, gate: Place, by: str | None, now: datetime) -> dict[str, str]:
    """Who is not on guard any more was when it happened: a record is a fact, whenever it arrives."""
    try:
        if by is None:
            raise ParcelError(_("Nobody of that name works here. Nothing was recorded; sign in again."))
        at = min(clock.from_us(min(item.at, clock.to_us(now))), now)
        first = _leave(item, gate, by, at, now) if item.what == "left" else _hand_over(item, gate, by, at, now)
    except ParcelError as refused:
        return {"id": str(item.id), "status": "refused", "error": str(refused)}
    return {"id": str(item.id), "status": "stored" if first else "known"}


def _leave(item: Item, gate: Place, by: str, at: datetime, now: datetime) -> bool:
    known = Parcel.objects.filter(id=item.parcel).values_list("gate_id", flat=True).first()
    if known is not None and known != gate.id:
        raise ParcelError(_("This parcel lies at another gate. Nothing was recorded."))
    door = None if item.door is None else Place.objects.filter(id=item.door).first()
    parcel = NewParcel(item.parcel, item.shelf, door=door, company=item.company, code=item.code)
    parcels.leave(parcel=parcel, gate=gate, by=by, now=now, at=at)
    return known is None


def _hand_over(item: Item, gate: Place, by: str, at: datetime, now: datetime) -> bool:
    parcel = Parcel.objects.filter(id=item.parcel, gate=gate).first()
    if parcel is None:
        raise ParcelError(_("This parcel is not on the list of this gate. Nothing was recorded."))
    return parcels.hand_over(parcel=parcel, compared=Compared(item.compared), to=item.to, by=by, now=now, at=at)


def _line(line: ParcelLine) -> dict[str, Any]:
    row = line.parcel
    return {
        "id": str(row.id), "where": line.where, "company": row.company, "shelf": row.shelf, "code": row.code,
        "left_us": row.left_us, "until_us": row.until_us,
    }  # fmt: skip
