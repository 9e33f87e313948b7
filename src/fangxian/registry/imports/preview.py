"""What would become of a list: nothing is written to the register."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from fangxian.registry.imports import commit
from fangxian.registry.imports.kinds.enterprises import EnterpriseRow
from fangxian.registry.imports.kinds.persons import PersonRow
from fangxian.registry.imports.kinds.vehicles import VehicleRow
from fangxian.registry.imports.rows import Checked, Record
from fangxian.registry.imports.taking.pending import Outcome, Pending
from fangxian.registry.models import ImportBatch

QUICK = 1_000
"""So many rows are looked at while somebody waits; the worker counts longer lists."""


class Seen:
    """The rows so far, since the register does not yet hold what an earlier chunk would have made."""

    def __init__(self) -> None:
        self.makers: dict[int, int] = {}

    def outcome(self, one: Checked, row: Pending) -> Outcome:
        """What would become of the row, given that the rows before it were taken in."""
        if row.outcome not in (Outcome.CREATED, Outcome.UPDATED) or one.record is None:
            return row.outcome
        whole = hash(repr(one.record))
        keys = [hash(key) for key in _names(one.record)]
        before = next((self.makers[key] for key in keys if key in self.makers), None)
        for key in keys:
            self.makers[key] = whole
        if before is None:
            return row.outcome
        return Outcome.UNCHANGED if before == whole else Outcome.UPDATED


def _names(record: Record) -> list[tuple[str, ...]]:
    """What a row is known by when it comes a second time. Places are remembered by the tree itself."""
    if isinstance(record, VehicleRow):
        return [("plate", record.plate.value)]
    if isinstance(record, EnterpriseRow):
        return [("uscc", record.uscc)] if record.uscc else [("firm", record.name_key)]
    if isinstance(record, PersonRow):
        if record.documents:
            return [("document", one.kind.value, one.country, one.value) for one in record.documents]
        return [("person", repr(record))]
    return []


def look(checked: Iterator[Checked], batch: ImportBatch, now: datetime) -> Iterator[list[tuple[Checked, Outcome]]]:
    """Chunk by chunk, each row with what would become of it; a refused row carries its reasons."""
    work = commit.Work(batch, commit.run_of(batch, "", now), polite=True, progress=None)
    seen = Seen()
    while chunk := list(islice(checked, commit.CHUNK)):
        pairs = []
        for one, row in commit.prepared(chunk, work):
            one.errors = row.errors or one.errors
            pairs.append((one, seen.outcome(one, row)))
        yield pairs


def count(
    checked: Iterator[Checked], batch: ImportBatch, now: datetime, step: Callable[[dict[str, int]], bool]
) -> dict[str, int]:
    """The counts of the whole list by outcome, with `looked`.

    `step` gets those so far after each chunk; False ends it.
    """
    counts: Counter[str] = Counter({one.value: 0 for one in Outcome})
    counts["looked"] = 0
    for pairs in look(checked, batch, now):
        counts.update(outcome.value for _one, outcome in pairs)
        counts["looked"] += len(pairs)
        if not step(dict(counts)):
            break
    return dict(counts)
