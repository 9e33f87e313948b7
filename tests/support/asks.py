"""Registrations as they come in, with sensible defaults."""

from typing import Any

from fangxian.masks.actions.register_items import Ask
from fangxian.masks.doors import door_token
from fangxian.masks.models import Round
from fangxian.places.models import Place
from fangxian.shared.ids import new_id


def ask(round_: Round, home: Place | None = None, **changes: object) -> Ask:
    """By the code on the letter to `home`; five for adults. No home is for what is written by hand."""
    values: dict[str, Any] = {"id": new_id(), "round": round_.id.hex, "wants": {"adult": 5}, "applicant": "陈小明"}
    if home is not None:
        values["door"] = door_token(round_.id, home.id)
    return Ask(**(values | changes))
