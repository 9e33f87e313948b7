"""What the phone's own program asks for: its shell, its day pack, and the way back for what it recorded."""

import hashlib
import json
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from pydantic import ValidationError

from fangxian.accounts.roles import Capability
from fangxian.console.field import packs
from fangxian.console.field import sync as syncing
from fangxian.console.view import Who, open_view, staff_view
from fangxian.screening.queries import pack_lives
from fangxian.shared import clock

# Everything that the shell shows and runs. Modules are asked for by the plain names that their imports use.
ENTRIES: Final = ("console/js/field/app.js", "console/css/tokens.css", "console/css/base.css",
                  "console/css/components.css", "console/css/field.css", "console/icon.svg")  # fmt: skip
MODULES: Final = (
    "console/js/field/dom.js", "console/js/field/doors.js", "console/js/field/others.js", "console/js/field/seal.js",
    "console/js/field/store.js", "console/js/field/sync.js", "console/js/field/vault.js", "vendor/idb/idb.js",
)  # fmt: skip


@open_view
@require_GET
def shell(request: HttpRequest) -> HttpResponse:
    """The page that works alone. It holds no personal data: the phone keeps it for whoever opens it next."""
    sign_in = f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': reverse('field:shell')})}"
    return render(request, "console/field/shell.html", {"sign_in": sign_in})


@lru_cache(maxsize=1)
def _version() -> str:
    """Changes when any file of the shell changes, so that phones fetch it anew."""
    digest = hashlib.sha256()
    for name in (*ENTRIES, *MODULES):
        found = finders.find(name)
        if isinstance(found, str):
            with open(found, "rb") as file:
                digest.update(file.read())
    return digest.hexdigest()[:16]


@open_view
@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """Served below /field/, which is all that it may serve in turn."""
    plain = static("console/").removesuffix("console/")
    files = [*(static(name) for name in ENTRIES), *(plain + name for name in MODULES)]
    context = {
        "version": f"{_version()}-{get_language()}",
        "shell": reverse("field:shell"),
        "files": json.dumps(sorted(set(files))),
    }
    return render(request, "console/field/worker.js", context, content_type="text/javascript; charset=utf-8")


@open_view
@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    content = {
        "name": _("Fangxian: rounds"), "short_name": _("Rounds"), "start_url": reverse("field:shell"),
        "scope": reverse("field:today"), "display": "standalone", "background_color": "#f3f5f7",
        "theme_color": "#1a56a0", "lang": get_language(),
        "icons": [{"src": static("console/icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }  # fmt: skip
    return JsonResponse(content, content_type="application/manifest+json")


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
        batch = syncing.Batch.model_validate_json(request.body)
    except ValidationError:
        return _fault(_("What was sent could not be read. It is kept on the phone; show it to the administrator."), 400)
    answers = syncing.take_in(batch, who)
    return JsonResponse({"server_us": clock.to_us(who.now), "items": [answer.as_json() for answer in answers]})


def _fault(text: str, status: int) -> JsonResponse:
    return JsonResponse({"error": text}, status=status)
