"""Records as a device sends them, turned into LogEntry."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.hygiene.actions.log import LogEntry, LogError
from fangxian.hygiene.models import Channel
from fangxian.shared import clock

# Beyond it a timestamp does not fit a datetime; far before that a clock is wrong.
_LATEST_US = 7_258_118_400_000_000  # 2200-01-01


def entry_from_json(data: Mapping[str, Any]) -> LogEntry:
    """One record of a day pack: `id`, `area_id`, `agent`, `mg_per_l` (null: as it is), `working_ml`, `observed_us`, and
    `photo` (a digest that the server gave out, or nothing). Instants are microseconds UTC, put right by the caller.

    Raises LogError for anything that is not of that shape.
    """
    try:
        mg, volume, observed = data.get("mg_per_l"), data["working_ml"], data["observed_us"]
        whole = [volume, observed, *([] if mg is None else [mg])]
        agent, photo = data["agent"], data.get("photo") or ""
        if any(isinstance(n, bool) or not isinstance(n, int) for n in whole) or not 0 < observed < _LATEST_US:
            raise ValueError
        if not isinstance(agent, str) or not isinstance(photo, str) or not 0 < len(agent) <= 64 or len(photo) > 64:
            raise ValueError
        return LogEntry(
            UUID(data["id"]), UUID(data["area_id"]), agent, mg, volume, clock.from_us(observed), photo=photo,
            offline=True, channel=Channel.PACK,
        )  # fmt: skip
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise LogError(
            _("The record is not complete and could not be read. Nothing was kept. Record it again.")
        ) from error
