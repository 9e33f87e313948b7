"""Whether this server can take records: it reaches its database, and its writers get on."""

import logging
from collections.abc import Sequence
from typing import Any, Final

from django.db import Error, connection

from fangxian.gates.actions import checks
from fangxian.gates.models import Device
from fangxian.gates.queries.hot import Kept
from fangxian.intake.answers import Answer
from fangxian.masks.actions import register
from fangxian.shared.clock import SECOND_US
from fangxian.shared.group_commit import GroupCommit

logger = logging.getLogger(__name__)

STUCK_US: Final = 10 * SECOND_US


class Watch:
    """Whether a writer gets on. It does not where something has waited for ten seconds and nothing was written."""

    def __init__(self) -> None:
        self._seen: tuple[int, int] | None = None

    def gets_on(self, writer: GroupCommit[Any, Any], now_us: int) -> bool:
        if writer.waiting == 0:
            self._seen = None
            return True
        if self._seen is None or self._seen[0] != writer.batches:
            self._seen = (writer.batches, now_us)
        return now_us - self._seen[1] < STUCK_US


def _reached(_key: None, _now_us: int) -> bool:
    try:
        Device.objects.exists()
    except Error:
        logger.exception("intake: the database is not reached")
        connection.close()
        return False
    return True


_database: Final = Kept(_reached, SECOND_US)
_watches: Final[Sequence[Watch]] = (Watch(), Watch())


def look(now_us: int) -> Answer:
    """200, or 503 with what is wrong. The database is asked once a second at most, however many ask this."""
    writers: tuple[GroupCommit[Any, Any], ...] = (checks.writer(), register.writer())
    moving = [watch.gets_on(writer, now_us) for watch, writer in zip(_watches, writers, strict=True)]
    database = _database.at(None, now_us)
    found = {"ok": database and all(moving), "database": database, "writer": all(moving)}
    return 200 if found["ok"] else 503, found
