"""What a handler of the hot path answers: a status, and a payload that becomes JSON."""

from msgspec import Struct

Answer = tuple[int, object]


def fault(code: str, text: str) -> dict[str, str]:
    """What was refused and why: what happened, what was kept, what to do next."""
    return {"error": code, "text": text}


class Raw(Struct, frozen=True):
    """An answer that is no JSON: for a plain form, whose sender is a browser."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
