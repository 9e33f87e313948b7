"""Who holds a role where."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from fangxian.accounts.models import RoleGrant
from fangxian.places.models import Place, parent_paths


@dataclass(frozen=True)
class Holder:
    staff_id: UUID
    name: str
    phone: str
    role: str
    place_id: UUID
    place_name: str


class Posts:
    """The role holders at or above a set of places, read once and asked many times.

    A gap is asked for with its own place and with the node that counts it, since a grid lies over the tree and not in
    the line above a door. "Nearest" is the deepest place of either line; a shift is a grant for its hours.
    """

    def __init__(self, places: Iterable[Place], now: datetime) -> None:
        self._paths = {place.id: place.path for place in places}
        above = {path for own in self._paths.values() for path in parent_paths(own)}
        self._read(Q(place__path__in=above), now)

    @classmethod
    def everywhere(cls, now: datetime) -> "Posts":
        """All posts of the street in one query, for a page that asks about several lists; `know` their places first."""
        posts = cls.__new__(cls)
        posts._paths = {}
        posts._read(Q(place__isnull=False), now)
        return posts

    def know(self, places: Iterable[Place]) -> None:
        self._paths.update({place.id: place.path for place in places})

    def person(self, staff_id: UUID) -> Holder | None:
        """Somebody by id, if they hold a post that was read."""
        return self._people.get(staff_id)

    def _read(self, where: Q, now: datetime) -> None:
        period = Q(until__isnull=True) | Q(until__gt=now)
        rows = (
            RoleGrant.objects.filter(period, where, since__lte=now, staff__is_active=True)
            .select_related("staff", "place")
            .order_by("since")
        )
        self._held: dict[tuple[str, str], list[Holder]] = {}
        self._people: dict[UUID, Holder] = {}
        for row in rows:
            if row.place is None:
                continue
            holder = Holder(
                row.staff_id, row.staff.name, row.staff.phone, row.role, row.place.id, row.place.name
            )  # fmt: skip
            self._held.setdefault((row.place.path, row.role), []).append(holder)
            self._people[row.staff_id] = holder

    def nearest(self, role: str, *places: UUID) -> list[Holder]:
        """Holders of `role` at the nearest place at or above any of `places`; empty when nobody holds it."""
        line = {path for place in places for path in parent_paths(self._paths.get(place, ""))}
        for path in sorted(line, key=len, reverse=True):
            held = self._held.get((path, role))
            if held:
                return held
        return []


def staff_directory(place: Place, now: datetime) -> list[RoleGrant]:
    """Live grants at and below a place, for the accounts page."""
    period = Q(until__isnull=True) | Q(until__gt=now)
    where = Q(place__path__gte=place.path, place__path__lt=place.path + "z")
    return list(
        RoleGrant.objects.filter(period, where, since__lte=now)
        .select_related("staff", "place")
        .order_by("place__path", "role", "staff__name")
    )
