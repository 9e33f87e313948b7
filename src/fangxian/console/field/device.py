"""What the phone's own program asks for: its shell, its day pack, and the way back for what it recorded."""

import json
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from pydantic import ValidationError

from fangxian.accounts.roles import Capability
from fangxian.console import offline
from fangxian.console.field import packs
from fangxian.console.field import sync as syncing
from fangxian.console.offline import Shell
from fangxian.console.sealed import Batch
from fangxian.console.view import Who, open_view, staff_view
from fangxian.screening.queries import pack_lives
from fangxian.shared import clock

SHELL: Final = Shell(
    "field",
    entries=("console/js/field/app.js", "console/css/field.css"),
    modules=(
        *(f"console/js/field/{name}.js" for name in (
            "dom", "doors", "keep", "line", "others", "pin", "seal", "store", "sync", "vault",
        )),
        "vendor/idb/idb.js",
    ),
)  # fmt: skip


@open_view
@require_GET
def shell(request: HttpRequest) -> HttpResponse:
    """The page that works alone. It holds no personal data: the phone keeps it for whoever opens it next."""
    sign_in = f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': reverse('field:shell')})}"
    return render(request, "console/field/shell.html", {"sign_in": sign_in})


@open_view
@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    return SHELL.service_worker(request, reverse("field:shell"))


@open_view
@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    return offline.manifest(
        name=_("Fangxian: rounds"), short_name=_("Rounds"), start="field:shell", scope="field:today",
        display="standalone", background="#f3f5f7",
    )  # fmt: skip


@staff_view(Capability.RECORD)
@require_GET
def hello(request: HttpRequest, who: Who) -> HttpResponse:
    """Who is signed in, what time it is, and the token for what is sent next."""
    return JsonResponse(
        {
            "server_us": clock.to_us(who.now), "staff": str(who.staff.id), "name": who.staff.name,
            "epoch": who.staff.session_epoch, "token": get_token(request),
        }
    )  # fmt: skip


@staff_view(Capability.RECORD)
@require_POST
def take_pack(request: HttpRequest, who: Who) -> HttpResponse:
    try:
        asked = json.loads(request.body or b"{}")
        grounds = [UUID(str(ground)) for ground in asked.get("grounds", [])]
    except (ValueError, AttributeError):
        return _fault(_("The request could not be read. Nothing was taken; open the page again."), 400)
    try:
        pack = packs.make_pack(who, grounds)
    except packs.TooMuchError:
        return _fault(
            _("A phone takes along at most %(most)d grids. Open a round, and choose your grid there.")
            % {"most": packs.MOST_GROUNDS}, 409,
        )  # fmt: skip
    return JsonResponse({"server_us": clock.to_us(who.now), "pack": pack})


@open_view
@require_GET
def pack_state(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """Whether a phone may still keep its pack: a lost one is asked in vain to sign in, but it still asks this."""
    return JsonResponse({"live": pack_lives(pack_id, clock.now())}, headers={"Cache-Control": "no-store"})


@staff_view(Capability.RECORD)
@require_POST
def sync(request: HttpRequest, who: Who) -> HttpResponse:
    """Take an array of sealed records; the answer is one line for each."""
    try:
        batch = Batch.model_validate_json(request.body)
    except ValidationError:
        return _fault(_("What was sent could not be read. It is kept on the phone; show it to the administrator."), 400)
    answers = syncing.take_in(batch, who)
    return JsonResponse({"server_us": clock.to_us(who.now), "items": [answer.as_json() for answer in answers]})


def _fault(text: str, status: int) -> JsonResponse:
    return JsonResponse({"error": text}, status=status)
