"""A form field that chooses a place among those that a person reaches."""

from collections.abc import Iterable
from typing import Any

from django import forms

from fangxian.places.models import Place, PlaceKind

_DEEPER = frozenset(
    {
        PlaceKind.GRID, PlaceKind.COMPOUND, PlaceKind.BUILDING, PlaceKind.PHARMACY, PlaceKind.HEALTH_CENTRE,
        PlaceKind.BLOCK, PlaceKind.FLOOR,
    }
)  # fmt: skip


class PlaceField(forms.ChoiceField):
    """Its clean value is the Place, or None where the field may be left empty."""

    offered: dict[str, Place]

    def offer(self, places: Iterable[Place]) -> None:
        """Say among which places; without this none can be chosen."""
        self.offered = {str(place.id): place for place in places}
        self.choices = [("", "—"), *((key, _label(place)) for key, place in self.offered.items())]

    def clean(self, value: Any) -> Any:  # noqa: ANN401 - the signature of forms.Field
        return self.offered.get(str(super().clean(value)))


def _label(place: Place) -> str:
    kind = PlaceKind(place.kind)
    return f"{'　　' if kind in _DEEPER else ''}{place.name} ({kind.label})"


def offer(form: forms.Form, field: str, places: Iterable[Place]) -> None:
    choice = form.fields[field]
    assert isinstance(choice, PlaceField)
    choice.offer(places)
