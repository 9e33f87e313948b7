"""What a handler of the hot path answers: a status, and a payload that becomes JSON."""

Answer = tuple[int, object]


def fault(code: str, text: str) -> dict[str, str]:
    """What was refused and why: what happened, what was kept, what to do next."""
    return {"error": code, "text": text}
