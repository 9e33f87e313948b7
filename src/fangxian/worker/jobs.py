"""The folds and queues that the worker drives: it lists them, their packages own what they do."""

from datetime import datetime

from fangxian.registry.imports import actions as imports
from fangxian.screening import folds as screening


def fold_register(now: datetime) -> int:
    """Changes of the register, and rounds that were announced, taken into open rounds."""
    return screening.fold_register(now=now) + screening.enrol_announced(now=now)


def fold_places(now: datetime) -> int:
    """Doors that were built or closed, taken into open rounds."""
    return screening.fold_places(now=now)


def take_imports(now: datetime) -> int:
    """The next uploaded list that was confirmed."""
    return imports.commit_next(now=now)
