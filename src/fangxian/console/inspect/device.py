"""What the inspector's own program asks for: its shell, its places for a shift, the way back for what it recorded."""

import json
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from pydantic import ValidationError

from fangxian.accounts.roles import Capability
from fangxian.console import offline
from fangxian.console.inspect import packs, pictures
from fangxian.console.inspect import sync as syncing
from fangxian.console.inspect.sent import PhotoBatch, WalkBatch
from fangxian.console.offline import Shell
from fangxian.console.view import Who, open_view, staff_view
from fangxian.inspections.actions.photos import MOST
from fangxian.screening.queries import pack_lives
from fangxian.shared import clock

NOWHERE: Final = UUID(int=0)
"""Stands in the address of a list until the page knows whose list it keeps."""
SHELL: Final = Shell(
    "inspect",
    entries=("console/js/inspect/app.js", "console/css/field.css", "console/css/inspect.css"),
    modules=(
        *(f"console/js/inspect/{name}.js" for name in ("pictures", "shrink", "sign", "walk")),
        *(f"console/js/field/{name}.js" for name in ("dom", "keep", "line", "pin", "seal", "vault")),
        "vendor/idb/idb.js",
    ),
    patience_ms=4_000,
)  # fmt: skip


@open_view
@require_GET
def shell(request: HttpRequest) -> HttpResponse:
    """The page that works alone. It holds no personal data: the phone keeps it for whoever opens it next."""
    sign_in = f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}"
    context = {"sign_in": sign_in, "nowhere": NOWHERE, "most_photos": MOST}
    return render(request, "console/inspect/shell.html", context)


@open_view
@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    return SHELL.service_worker(request, reverse("inspect:shell"))


@open_view
@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    return offline.manifest(
        name=_("Fangxian: inspections"), short_name=_("Inspections"), start="inspect:shell", scope="inspect:shell",
        display="standalone", background="#f3f5f7",
    )  # fmt: skip


@staff_view(Capability.INSPECT)
@require_GET
def hello(request: HttpRequest, who: Who) -> HttpResponse:
    """Who is signed in, what time it is, which checklists hold now, and the token for what is sent next."""
    return JsonResponse(
        {
            "server_us": clock.to_us(who.now), "staff": str(who.staff.id), "name": who.staff.name,
            "epoch": who.staff.session_epoch, "token": get_token(request), "lists": packs.current_lists(who.now),
        }
    )  # fmt: skip


@staff_view(Capability.INSPECT)
@require_POST
def take_pack(request: HttpRequest, who: Who) -> HttpResponse:
    """Today's places; with the name of one, that one as well."""
    try:
        asked = json.loads(request.body or b"{}")
        wanted = UUID(str(asked["at"])) if asked.get("at") else None
    except (ValueError, AttributeError):
        return _fault(_("The request could not be read. Nothing was taken; open the page again."), 400)
    return JsonResponse({"server_us": clock.to_us(who.now), "pack": packs.make_pack(who, wanted)})


@staff_view(Capability.INSPECT)
@require_GET
def listing(request: HttpRequest, who: Who, pack_id: UUID) -> HttpResponse:
    """The places of a live pack anew, with what was assigned since. Only for who took it."""
    return JsonResponse({"server_us": clock.to_us(who.now), "list": packs.listed_again(who, pack_id)})


@open_view
@require_GET
def pack_state(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """Whether a phone may still keep its places: a lost one is asked in vain to sign in, but it still asks this."""
    return JsonResponse({"live": pack_lives(pack_id, clock.now())}, headers={"Cache-Control": "no-store"})


@staff_view(Capability.INSPECT)
@require_POST
def photo(request: HttpRequest, who: Who) -> HttpResponse:
    """Take one sealed photo; the answer's token stands for it in the record that is sent after it."""
    try:
        batch = PhotoBatch.model_validate_json(request.body)
    except RequestDataTooBig:
        return _fault(_("This photo is too large to be taken in. It is kept on the phone; take a smaller one."), 400)
    except ValidationError:
        return _unread()
    return JsonResponse({"server_us": clock.to_us(who.now), "items": [pictures.take_in(i, who) for i in batch.items]})


@staff_view(Capability.INSPECT)
@require_POST
def sync(request: HttpRequest, who: Who) -> HttpResponse:
    """Take an array of sealed records; the answer is one line for each."""
    try:
        batch = WalkBatch.model_validate_json(request.body)
    except (RequestDataTooBig, ValidationError):
        return _unread()
    return JsonResponse({"server_us": clock.to_us(who.now), "items": syncing.take_in(batch, who)})


def _unread() -> JsonResponse:
    return _fault(_("What was sent could not be read. It is kept on the phone; show it to the administrator."), 400)


def _fault(text: str, status: int) -> JsonResponse:
    return JsonResponse({"error": text}, status=status)
