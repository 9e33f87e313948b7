"""Whose photo may be shown where."""

from datetime import datetime
from uuid import UUID

from fangxian.files.models import StoredFile
from fangxian.gates.models import Pass, PassStatus
from fangxian.places.models import Place, parent_paths
from fangxian.shared import clock


def is_kept(permit: Pass) -> bool:
    """Whether there is a photo to show: a digest stays on the pass when the file's term has ended."""
    return bool(permit.photo) and StoredFile.objects.filter(digest=permit.photo).exists()


def at_gate(gate: Place, *, pass_id: UUID | None, number: str | None, now: datetime) -> Pass | None:
    """A pass in force for the place that this gate belongs to; by which of its gates is for the check to say."""
    now_us = clock.to_us(now)
    rows = Pass.objects.filter(
        place__path__in=parent_paths(gate.path), status=PassStatus.LIVE, from_us__lte=now_us, until_us__gt=now_us
    )
    if pass_id is not None:
        return rows.filter(id=pass_id).first()
    return rows.filter(number=number).first() if number else None
