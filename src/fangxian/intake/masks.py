"""Registrations for a round: as JSON, one or many, or as the plain form of a telephone that knows no script.

No device stands behind these: each is authorised by the code on the letter to its door, or is put to a person.
A form has a field for each part of an `Ask`, `want_<variant>` for the pieces, and `back`, the address of its page.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from django.db import connection
from django.utils.http import url_has_allowed_host_and_scheme

from fangxian.intake.answers import Answer, Raw, fault
from fangxian.masks import typed
from fangxian.masks.actions import applications
from fangxian.masks.actions.register import register
from fangxian.masks.actions.register_items import Answer as Registered
from fangxian.masks.actions.register_items import Ask
from fangxian.masks.words import BUSY
from fangxian.shared import clock
from fangxian.shared.group_commit import FullError, NotStoredError
from fangxian.shared.ids import new_id
from fangxian.shared.writer import WriterBusyError

MOST_BYTES: Final = 128 * 1024
MOST_ITEMS: Final = 100
MOST_FIELDS: Final = 40
HOME: Final = "/m/"
FLAGS: Final = ("urgent", "deliver")
_reading: Final = threading.BoundedSemaphore(2)
"""The server has a hundred threads, and each must not keep a connection: addresses are looked up two at a time."""


class Answers(msgspec.Struct, frozen=True, gc=False):
    server_us: int
    items: list[Registered]


_one: Final = msgspec.json.Decoder(Ask)
_many: Final = msgspec.json.Decoder(list[Ask])


def registrations(body: bytes, kind: str, now: datetime) -> Answer:
    """`{...}` or `[{...}, ...]` as JSON; a form is answered with the page to go to."""
    if kind.startswith("application/x-www-form-urlencoded"):
        return _form(body, now)
    asks = _many.decode(body) if body[:1] == b"[" else [_one.decode(body)]
    if len(asks) > MOST_ITEMS:
        return 413, fault("too_many", f"At most {MOST_ITEMS} registrations at a time. Nothing was stored; send fewer.")
    return 200, Answers(clock.to_us(now), _taken(asks, now))


def _taken(asks: Sequence[Ask], now: datetime) -> list[Registered]:
    """One answer for each, in their order."""
    found = [_resolved(ask, now) if ask.address and not ask.door else ask for ask in asks]
    placed = [one for one in found if isinstance(one, Ask)]
    answers = iter(register(placed, now))
    return [next(answers) if isinstance(one, Ask) else one for one in found]


def _resolved(ask: Ask, now: datetime) -> Ask | Registered:
    with _reading:
        had = connection.connection is not None
        try:
            return applications.resolve(ask, now)
        finally:
            if not had:
                connection.close()


def _form(body: bytes, now: datetime) -> Answer:
    fields = _fields(body)
    back = fields.pop("back", "")
    kept = typed.keep(fields, now)
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None) or not back.startswith("/"):
        back = HOME
    try:
        [answer] = _taken([_asked(fields)], now)
    except (msgspec.ValidationError, ValueError):
        return _see(back, kept, code="unreadable")
    except (FullError, NotStoredError, WriterBusyError):
        return _busy()
    if answer.status == "failed":
        return _busy()
    if answer.secret:
        return _see(f"{HOME}{answer.secret}/", typed.forget())
    return _see(back, kept, code=answer.code, standing=answer.standing)


def _fields(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}


def _asked(fields: dict[str, str]) -> Ask:
    """Raises ValidationError. A form without an id is one more registration each time it is sent."""
    values: dict[str, Any] = {name: value for name, value in fields.items() if not name.startswith("want_")}
    values["wants"] = {
        name.removeprefix("want_"): int(value) for name, value in fields.items() if name.startswith("want_") and value
    }
    values.setdefault("id", str(new_id()))
    for flag in FLAGS:
        values[flag] = flag in fields
    values.pop("at", None)
    return msgspec.convert(values, Ask)


def _see(address: str, cookie: str, **told: str) -> Answer:
    query = urlencode({name: value for name, value in told.items() if value})
    if query:
        address += ("&" if "?" in address else "?") + query
    return 303, Raw(b"", (("Location", address), ("Set-Cookie", cookie)))


def _busy() -> Answer:
    said = str(BUSY)
    return 503, Raw(
        said.encode(), (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
    )


ROUTES: Final[dict[str, Callable[[bytes, str, datetime], Answer]]] = {"/intake/v1/mask-registrations": registrations}
"""POST addresses that ask for no device. Handlers get the body, its content type and the instant."""
