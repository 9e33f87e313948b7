"""The hot path's HTTP: what stands before Django on the same port, for `/intake/` only.

A request is parsed, its device authenticated, its items handed to the group-commit writer, and answered after the
commit. Nothing here loads sessions, middleware or templates. The answer is per item; 503 with Retry-After before memory
grows. Errors say what happened, what was kept, and what to do next.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec
from django.db import close_old_connections

from fangxian.gates.actions import checks
from fangxian.gates.actions.check_items import CheckIn, Instant, Taken
from fangxian.gates.models import Device, DeviceKind
from fangxian.gates.queries.hot import device_of
from fangxian.intake import health, machines, masks
from fangxian.intake.answers import Answer, Raw, fault
from fangxian.masks.actions import register
from fangxian.shared import clock
from fangxian.shared.group_commit import FullError, GroupCommit, NotStoredError
from fangxian.shared.writer import WriterBusyError

logger = logging.getLogger(__name__)

Handler = Callable[[bytes, Device, datetime], Answer]

PREFIX: Final = "/intake/"
MOST_BYTES: Final = 4 * 1024 * 1024
MOST_ITEMS: Final = 2_000
CHECKERS: Final = (DeviceKind.TABLET, DeviceKind.TURNSTILE)
RETRY_SECONDS: Final = 1
STATUS: Final = {
    200: "200 OK", 303: "303 See Other", 400: "400 Bad Request", 401: "401 Unauthorized", 403: "403 Forbidden",
    404: "404 Not Found", 405: "405 Method Not Allowed", 413: "413 Content Too Large", 503: "503 Service Unavailable",
}  # fmt: skip
JSON: Final = (("Content-Type", "application/json"),)
_encode: Final = msgspec.json.Encoder().encode


class Batch(msgspec.Struct, frozen=True, gc=False):
    """An offline queue, or one check, with the device's clock at the moment of sending."""

    items: list[CheckIn]
    device_us: Instant | None = None


class Answers(msgspec.Struct, frozen=True, gc=False):
    server_us: int
    items: list[Taken]


_one: Final = msgspec.json.Decoder(CheckIn)
_many: Final = msgspec.json.Decoder(list[CheckIn])
_batch: Final = msgspec.json.Decoder(Batch)


def gate_checks(body: bytes, device: Device, now: datetime) -> Answer:
    """One check, an array of them, or `{"device_us", "items"}`."""
    if (refused := machines.refusal(device, CHECKERS)) is not None:
        return refused
    device_us = None
    if body[:1] == b"[":
        items = _many.decode(body)
    elif b'"items"' in body[:64] or b'"device_us"' in body[:64]:
        batch = _batch.decode(body)
        items, device_us = batch.items, batch.device_us
    else:
        items = [_one.decode(body)]
    if len(items) > MOST_ITEMS:
        return 413, fault("too_many", f"At most {MOST_ITEMS} checks at a time. Nothing was stored; send fewer.")
    items = machines.with_readings(items, device, now)
    facts = checks.DeviceFacts(device.id, device.gate_id)
    taken = checks.record(items, facts, now, device_us=device_us) if items else []
    return 200, Answers(clock.to_us(now), taken)


ROUTES: Final[dict[str, Handler]] = {"/intake/v1/gate-checks": gate_checks, **machines.ROUTES}
"""POST addresses. Handlers get the body, the authenticated device and the instant; they return status and payload."""


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    try:
        status, payload = _answer(path, environ)
    except msgspec.DecodeError as error:
        # msgspec names the field and the type, never the value
        status, payload = 400, fault("unreadable", f"Nothing was stored. {error}")
    except (FullError, NotStoredError, WriterBusyError):
        status = 503
        payload = fault(
            "busy", "Keep the records and send the same again; what was stored already is not counted twice."
        )
    except Exception:
        logger.exception("intake: %s failed", path if path in ROUTES or path in masks.ROUTES else PREFIX)
        close_old_connections()
        status = 503
        payload = fault("failed", "Keep the records and send the same again.")
    raw = payload if isinstance(payload, Raw) else Raw(_encode(payload), JSON)
    headers = [*raw.headers, ("Content-Length", str(len(raw.body))), ("Cache-Control", "no-store")]
    if status == 503:
        headers.append(("Retry-After", str(RETRY_SECONDS)))
    start_response(STATUS[status], headers)
    return [raw.body]


def _answer(path: str, environ: WSGIEnvironment) -> Answer:
    if path == HEALTH:
        return health.look(clock.to_us(clock.now()))
    if path in LOOKS:
        return 200, LOOKS[path]()
    handler, unasked = ROUTES.get(path), masks.ROUTES.get(path)
    if handler is None and unasked is None:
        return 404, fault("unknown", "There is no such address.")
    if environ["REQUEST_METHOD"] != "POST":
        return 405, fault("method", "This address takes POST.")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    most = MOST_BYTES if unasked is None else masks.MOST_BYTES
    if length > most:
        return 413, fault("too_large", f"At most {most} bytes. Nothing was stored; send fewer records.")
    now = clock.now()
    if unasked is not None:
        return unasked(environ["wsgi.input"].read(length), environ.get("CONTENT_TYPE", ""), now)
    device = _device(environ.get("HTTP_AUTHORIZATION", ""), clock.to_us(now))
    if device is None:
        return 401, fault("device", "This device is not registered, or was revoked. Keep the records; ask the manager.")
    assert handler is not None
    return handler(environ["wsgi.input"].read(length), device, now)


def _device(header: str, now_us: int) -> Device | None:
    scheme, _, token = header.partition(" ")
    if scheme != "Bearer" or not token:
        return None
    return device_of(token.strip(), now_us)


def _metrics() -> object:
    return {"gate_checks": _figures(checks.writer()), "mask_registrations": _figures(register.writer())}


def _figures(writer: GroupCommit[Any, Any]) -> dict[str, int]:
    return {
        "taken": writer.taken, "batches": writer.batches, "waiting": writer.waiting, "refused": writer.refused,
    }  # fmt: skip


HEALTH: Final = "/intake/health"
LOOKS: Final[dict[str, Callable[[], object]]] = {"/intake/metrics": _metrics}
