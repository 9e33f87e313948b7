"""What the counter's own program asks for: its shell, its list, and the way back for what it handed out."""

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
from fangxian.console.mask_counter import packs
from fangxian.console.mask_counter import sync as syncing
from fangxian.console.mask_counter.reach import round_now
from fangxian.console.offline import Shell
from fangxian.console.sealed import Batch
from fangxian.console.view import Who, open_view, staff_view
from fangxian.masks.counter_words import WORDS
from fangxian.screening.queries import pack_lives
from fangxian.shared import clock

NOWHERE: Final = UUID(int=0)
"""Stands in the address of a list until the page knows whose list it keeps."""
SHELL: Final = Shell(
    "counter",
    entries=("console/js/counter/app.js", "console/css/field.css", "console/css/counter.css"),
    modules=(
        *(f"console/js/counter/{name}.js" for name in ("desk", "find")),
        *(f"console/js/field/{name}.js" for name in ("dom", "keep", "line", "pin", "seal", "vault")),
        *(f"console/js/gate/{name}.js" for name in ("camera", "wedge")),
        "vendor/idb/idb.js", "vendor/qr/decode.js", "vendor/qr/index.js",
    ),
    patience_ms=4_000,
)  # fmt: skip


@open_view
@require_GET
def shell(request: HttpRequest) -> HttpResponse:
    """The page that works alone. It holds no personal data: the device keeps it for whoever opens it next."""
    here = request.get_full_path()
    sign_in = f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': here})}"
    codes = {str(code): [str(title), str(then)] for code, (title, then) in WORDS.items()}
    return render(request, "console/mask_counter/shell.html", {"sign_in": sign_in, "codes": codes, "nowhere": NOWHERE})


@open_view
@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    return SHELL.service_worker(request, reverse("mask-counter:shell"))


@open_view
@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    return offline.manifest(
        name=_("Fangxian: counter"), short_name=_("Counter"), start="mask-counter:shell", scope="mask-counter:shell",
        display="standalone", background="#f3f5f7",
    )  # fmt: skip


@staff_view(Capability.MASK_COUNTER)
@require_GET
def hello(request: HttpRequest, who: Who) -> HttpResponse:
    """Who is signed in, what time it is, and the token for what is sent next."""
    return JsonResponse(
        {
            "server_us": clock.to_us(who.now), "staff": str(who.staff.id), "name": who.staff.name,
            "epoch": who.staff.session_epoch, "token": get_token(request),
        }
    )  # fmt: skip


@staff_view(Capability.MASK_COUNTER)
@require_POST
def take_pack(request: HttpRequest, who: Who) -> HttpResponse:
    """The list of a counter, for one shift. Without a name of one, that of the only pharmacy within reach."""
    try:
        asked = json.loads(request.body or b"{}")
        wanted = UUID(str(asked["at"])) if asked.get("at") else None
    except (ValueError, AttributeError):
        return _fault(_("The request could not be read. Nothing was taken; open the page again."), 400)
    try:
        pack = packs.make_pack(who, wanted)
    except packs.PackError as refused:
        return _fault(str(refused), 409)
    return JsonResponse({"server_us": clock.to_us(who.now), "pack": pack})


@staff_view(Capability.MASK_COUNTER)
@require_GET
def listing(request: HttpRequest, who: Who, pack_id: UUID) -> HttpResponse:
    """The list of a pack anew: what was called, collected and taken elsewhere since. Only for who took the pack, which
    is in the audit, and for as long as it lives."""
    place = packs.place_of(who, pack_id)
    round = round_now(who, place)
    return JsonResponse({"server_us": clock.to_us(who.now), "list": packs.listed(round, place, who.now)})


@open_view
@require_GET
def pack_state(request: HttpRequest, pack_id: UUID) -> HttpResponse:
    """Whether a device may still keep its list: a lost one is asked in vain to sign in, but it still asks this."""
    return JsonResponse({"live": pack_lives(pack_id, clock.now())}, headers={"Cache-Control": "no-store"})


@staff_view(Capability.MASK_COUNTER)
@require_POST
def sync(request: HttpRequest, who: Who) -> HttpResponse:
    """Take an array of sealed hand-overs; the answer is one line for each that was decided."""
    try:
        batch = Batch.model_validate_json(request.body)
    except ValidationError:
        return _fault(_("What was sent could not be read. It is kept here; show it to the administrator."), 400)
    return JsonResponse({"server_us": clock.to_us(who.now), "items": syncing.take_in(batch, who)})


def _fault(text: str, status: int) -> JsonResponse:
    return JsonResponse({"error": text}, status=status)
