"""Filters of the round pages."""

from collections.abc import Mapping

from django import template

from fangxian.screening.models import DoorDisposition
from fangxian.screening.queries import Tally

register = template.Library()


@register.filter
def of(tallies: Mapping[str, Tally], kind: str) -> Tally:
    """The tally of one kind; an empty one where nothing of it is counted here."""
    return tallies.get(kind, Tally())


@register.filter
def dispositions(found: Mapping[str, int]) -> list[tuple[str, int]]:
    """Counts by disposition, in words and in the order of the form."""
    return [(str(kind.label), found[kind]) for kind in DoorDisposition if kind in found]
