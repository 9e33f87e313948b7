"""Taking many records at once: read what they are judged by, then write in chunks, then answer each."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from django.db import IntegrityError

from fangxian.screening.actions.items import Recorded, Sighting, Visit
from fangxian.shared.writer import Pace, in_chunks

READ_AHEAD: Final = 2_000
Item = TypeVar("Item", Visit, Sighting)
Known = TypeVar("Known")


def record_in_batches(
    items: Sequence[Item],
    *,
    read: Callable[[Sequence[Item], datetime], Known],
    record: Callable[[Sequence[Item], Known], Mapping[UUID, Recorded]],
    now: datetime,
    pace: Pace | None,
    polite: bool,
) -> list[Recorded]:
    """One answer an item, in their order; recorded in the order in which they were observed.

    `read` looks up what a batch is judged by before the writer's lock is taken; `record` writes one chunk of it.
    """
    answers: dict[UUID, Recorded] = {}
    ordered = sorted(items, key=lambda item: item.observed_at)
    pace = pace or (Pace.for_database() if polite else Pace.alone())

    def take(part: Sequence[Item]) -> None:
        known = read(part, now)

        def write(chunk: Sequence[Item]) -> None:
            answers.update(record(chunk, known))

        in_chunks(part, write, pace=pace, polite=polite and len(items) > 1)

    for start in range(0, len(ordered), READ_AHEAD):
        part = ordered[start : start + READ_AHEAD]
        try:
            take(part)
        except IntegrityError:
            # the same records, or the same finding, came in twice at the same moment: now the other one is to be seen
            take(part)
    return [answers[item.id] for item in items]
