"""What the worker does for workplaces: a list of parts, each in the module that knows it."""

from datetime import datetime

from fangxian.workplaces import readiness


def fold(now: datetime) -> int:
    """Run each part once; returns how much they changed."""
    return readiness.check_buildings(now=now)
