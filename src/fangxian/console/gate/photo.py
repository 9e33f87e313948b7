"""The holder's photo on the guard's screen: for a registered tablet, a guard of its gate, and a pass of its place.

It is asked for by POST and never kept: neither by a cache, nor by the service worker, nor in the tablet's database.
"""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from pydantic import BaseModel, Field, ValidationError

from fangxian.console.gate.views import device_behind, unknown_device
from fangxian.console.gate.visitors import works_here
from fangxian.console.view import open_view
from fangxian.files.actions import FileGoneError
from fangxian.gates.actions import photos
from fangxian.gates.actions.passes import read_number
from fangxian.gates.queries.photos import at_gate
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.writer import WriterBusyError

KEPT_NOWHERE = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}


class Wanted(BaseModel):
    """A pass by its id, as a scanned code gives it, or by the number that was typed."""

    guard: UUID
    id: UUID | None = None
    number: Annotated[str, Field(max_length=20)] = ""


@csrf_exempt
@open_view
@require_POST
def photo(request: HttpRequest) -> HttpResponse:
    """A JPEG; 204 where the pass has no photo, is not in force or is not of this gate's place: one answer for all."""
    device = device_behind(request)
    if device is None:
        return unknown_device()
    try:
        wanted = Wanted.model_validate_json(request.body)
    except ValidationError:
        text = _("What was sent could not be read. Nothing was changed; enter it again.")
        return JsonResponse({"error": text}, status=400, headers=KEPT_NOWHERE)
    now = clock.now()
    gate = Place.objects.get(id=device.gate_id)
    guard = works_here(wanted.guard, gate, now)
    if guard is None:
        text = _("Your roles do not reach this gate. Ask the person in charge.")
        return JsonResponse({"error": text}, status=403, headers=KEPT_NOWHERE)
    permit = at_gate(gate, pass_id=wanted.id, number=read_number(wanted.number), now=now)
    none = HttpResponse(status=204, headers=KEPT_NOWHERE)
    if permit is None or not permit.photo:
        return none
    try:
        media_type, content = photos.show_at_gate(permit=permit, gate=gate, by=guard.actor, now=now)
    except (FileGoneError, WriterBusyError):
        return none
    return HttpResponse(content, content_type=media_type, headers=KEPT_NOWHERE)
