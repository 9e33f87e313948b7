"""What a gate's tablet asks for: its program, what it holds for a shift without the network, and who the guard is.

The tablet itself is known by its token, the guard by an ordinary sign-in, which is asked for once on each tablet.
"""

from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fangxian.accounts.access import NotAllowedError
from fangxian.accounts.roles import Capability
from fangxian.console import offline
from fangxian.console.offline import Shell
from fangxian.console.view import Who, open_view, staff_view
from fangxian.gates.models import Device, DeviceKind
from fangxian.gates.queries import board
from fangxian.gates.queries import bundle as bundles
from fangxian.gates.queries.hot import device_of
from fangxian.gates.words import WORDS
from fangxian.places.models import Place
from fangxian.shared import clock

BEARER: Final = "Bearer "
SHELL: Final = Shell(
    "gate",
    entries=("console/js/gate/tablet.js", "console/css/gate.css"),
    modules=(
        *(f"console/js/gate/{name}.js" for name in (
            "answer", "camera", "cose", "decide", "engine", "enrol", "ledger", "main", "parcels", "shelf", "sound",
            "store", "visitor", "wedge", "photo",
        )),
        *(f"console/js/field/{name}.js" for name in ("dom", "seal", "vault")),
        "vendor/idb/idb.js", "vendor/qr/decode.js", "vendor/qr/index.js",
    ),
    patience_ms=4_000,
)  # fmt: skip


@open_view
@require_GET
def shell(request: HttpRequest) -> HttpResponse:
    """The page that works alone. It holds no personal data: a lost tablet keeps only what anybody may read."""
    sign_in = f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': reverse('gate:shell') + '?guard=1'})}"
    codes = {str(code): [str(title), str(step)] for code, (title, step) in WORDS.items()}
    return render(request, "console/gate/shell.html", {"sign_in": sign_in, "codes": codes})


@open_view
@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    return SHELL.service_worker(request, reverse("gate:shell"))


@open_view
@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    return offline.manifest(
        name=_("Fangxian: gate"), short_name=_("Gate"), start="gate:shell", scope="gate:shell", display="fullscreen",
        background="#ffffff",
    )  # fmt: skip


def device_behind(request: HttpRequest) -> Device | None:
    """The tablet whose token the request carries, if it is known and not revoked."""
    said = request.headers.get("Authorization", "")
    if not said.startswith(BEARER):
        return None
    found = device_of(said.removeprefix(BEARER).strip(), clock.to_us(clock.now()))
    return found if found is not None and found.kind == DeviceKind.TABLET else None


def unknown_device() -> JsonResponse:
    text = _("This tablet is not registered, or was revoked. What waits on it is kept; ask for a new code.")
    return JsonResponse({"error": text}, status=401, headers={"Cache-Control": "no-store"})


@open_view
@require_GET
def bundle(request: HttpRequest) -> HttpResponse:
    """What a registered tablet holds for work without the network. 401 tells it to throw away what it holds."""
    device = device_behind(request)
    if device is None:
        return unknown_device()
    now = clock.now()
    queue = board.queue_at(device.gate_id, now)
    made = {
        "server_us": clock.to_us(now), "bundle": bundles.bundle(device, now),
        "queue": {"waiting": queue.waiting, "minutes": queue.minutes} if queue else None,
    }  # fmt: skip
    return JsonResponse(made, headers={"Cache-Control": "no-store"})


@open_view
@require_GET
def cards(request: HttpRequest) -> HttpResponse:
    """Numbers and plates as keyed hashes, for what is typed without the network."""
    device = device_behind(request)
    if device is None:
        return unknown_device()
    return JsonResponse({"cards": bundles.cards(device, clock.now())}, headers={"Cache-Control": "no-store"})


@staff_view(Capability.GATE)
@require_GET
def hello(request: HttpRequest, who: Who) -> HttpResponse:
    """Who is signed in, for a tablet that binds the guard to a PIN. Only for a gate that the guard reaches."""
    device = device_behind(request)
    if device is not None and not Place.objects.filter(who.held.places(), id=device.gate_id).exists():
        raise NotAllowedError
    return JsonResponse(
        {
            "server_us": clock.to_us(who.now), "staff": who.staff.id.hex, "name": who.staff.name,
            "token": get_token(request),
        }
    )  # fmt: skip
