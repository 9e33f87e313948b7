"""Every write to the tree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.places import rules
from fangxian.places.models import Label, Place, PlaceKind, PlaceMove, subtree
from fangxian.shared.ids import NIL, new_id
from fangxian.shared.text import address_key

BATCH = 1_000


class PlaceError(Exception):
    """The tree cannot take this change; the message says why, for the person who asked."""


@dataclass(frozen=True)
class NewPlace:
    """A place to be made. `parent` and `grid` must exist, or stand earlier in the same call."""

    kind: PlaceKind
    name: str
    parent: UUID | None
    id: UUID = field(default_factory=new_id)
    code: str | None = None
    name_en: str = ""
    grid: UUID | None = None
    address: str = ""
    area_type: str = ""
    profile: dict[str, Any] = field(default_factory=dict)
    geometry: dict[str, Any] | None = None


def _take_labels(count: int) -> int:
    """Reserve `count` labels and return the first. Holds the counter row until the transaction ends."""
    Label.objects.get_or_create(id=1)
    Label.objects.filter(id=1).update(last=F("last") + count)
    return Label.objects.get(id=1).last - count + 1


@transaction.atomic
def add(*, places: Sequence[NewPlace], by: str, now: datetime) -> list[Place]:
    """Make places, parents before children. Raises PlaceError for a parent of the wrong kind."""
    known: dict[UUID, tuple[PlaceKind | None, str, UUID | None]] = {
        place.id: (PlaceKind(place.kind), place.path, place.grid_id)
        for place in Place.objects.filter(id__in={p.parent for p in places if p.parent}).only(
            "id", "kind", "path", "grid_id"
        )
    }
    first = _take_labels(len(places))
    rows = []
    for number, new in enumerate(places, start=first):
        parent_kind, parent_path, parent_grid = known.get(new.parent or NIL, (None, "", None))
        if (new.parent and new.parent not in known) or not rules.may_stand_under(new.kind, parent_kind):
            raise PlaceError(
                _("%(name)s cannot stand there: a %(kind)s has another kind of place above it.")
                % {"name": new.name, "kind": new.kind.label}
            )
        row = Place(
            id=new.id, kind=new.kind, code=new.code, name=new.name, name_en=new.name_en, parent_id=new.parent,
            grid_id=new.grid or parent_grid, path=parent_path + rules.label(number), address=new.address,
            address_key=address_key(new.address or new.name), area_type=new.area_type, profile=new.profile,
            geometry=new.geometry,
        )  # fmt: skip
        known[new.id] = (new.kind, row.path, row.grid_id)
        rows.append(row)
    Place.objects.bulk_create(rows, batch_size=BATCH)
    audit.record(by=by, act="places.added", now=now, detail={"count": len(rows)})
    return rows


@transaction.atomic
def move(*, place: Place, to_parent: Place, by: str, now: datetime, reason: str) -> PlaceMove:
    """Put a subtree under another parent. Paths of all below change; the move itself stays readable."""
    if not rules.may_stand_under(PlaceKind(place.kind), PlaceKind(to_parent.kind)):
        raise PlaceError(_("%(name)s cannot stand under %(parent)s.") % {"name": place, "parent": to_parent})
    if to_parent.path.startswith(place.path):
        raise PlaceError(_("%(name)s cannot stand under itself.") % {"name": place})
    old = place.path
    new = to_parent.path + old[-len(rules.label(0)) :]
    step = PlaceMove.objects.create(
        place=place, from_parent_id=place.parent_id, to_parent=to_parent, from_path=old, to_path=new,
        from_grid_id=place.grid_id, to_grid_id=place.grid_id, at=now, by=by, reason=reason,
    )  # fmt: skip
    Place.objects.filter(subtree("path", old)).update(path=Concat(Value(new), Substr("path", len(old) + 1)))
    Place.objects.filter(id=place.id).update(parent=to_parent)
    place.refresh_from_db()
    audit.record(by=by, act="places.moved", now=now, target=f"place:{place.id}", place=to_parent.id)
    return step


@transaction.atomic
def lay_grid(*, places: Iterable[Place], grid: Place, by: str, now: datetime, reason: str) -> int:
    """Lay `grid` over these places and everything below them. Returns how many places it now covers anew."""
    changed = 0
    for place in places:
        PlaceMove.objects.create(
            place=place, from_parent_id=place.parent_id, to_parent_id=place.parent_id, from_path=place.path,
            to_path=place.path, from_grid_id=place.grid_id, to_grid=grid, at=now, by=by, reason=reason,
        )  # fmt: skip
        changed += Place.objects.filter(place.subtree).exclude(grid=grid).update(grid=grid)
    audit.record(by=by, act="places.grid_laid", now=now, target=f"place:{grid.id}", detail={"count": changed})
    return changed


@transaction.atomic
def set_profile(*, place: Place, profile: dict[str, Any], by: str, now: datetime) -> None:
    place.profile = profile
    place.save(update_fields=["profile"])
    audit.record(by=by, act="places.profile_set", now=now, target=f"place:{place.id}")


@transaction.atomic
def close(*, place: Place, on: date, by: str, now: datetime) -> None:
    """The place is no longer there from that day on; what was recorded there stays."""
    Place.objects.filter(place.subtree, closed_on__isnull=True).update(closed_on=on)
    audit.record(by=by, act="places.closed", now=now, target=f"place:{place.id}")
