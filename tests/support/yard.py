"""One small yard: a neighbourhood with a grid, a compound with public areas, and an office building beside it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fangxian.accounts import actions as accounts
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.duties.actions import apply_playbook
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support import playbooks

# Monday 17 February 2020, 09:00 in Shanghai.
MORNING = datetime(2020, 2, 17, 1, 0, tzinfo=UTC)
NIGHT_BEFORE = datetime(2020, 2, 16, 16, 30, tzinfo=UTC)


@dataclass
class Yard:
    """Places by a short name; `areas` are the public areas, by their type."""

    places: dict[str, Place] = field(default_factory=dict)
    areas: dict[str, Place] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Place:
        return self.places[name]


def make_yard(now: datetime = NIGHT_BEFORE) -> Yard:
    ids: dict[str, UUID] = {}

    def new(short: str, kind: PlaceKind, parent: str | None, **more: object) -> NewPlace:
        ids[short] = new_id()
        up = ids[parent] if parent else None
        name = str(more.pop("name", short))
        return NewPlace(kind, name, up, id=ids[short], **more)  # type: ignore[arg-type]  # the keys are NewPlace's own

    made = [
        new("上海市", PlaceKind.CITY, None),
        new("长宁区", PlaceKind.DISTRICT, "上海市"),
        new("虹桥街道", PlaceKind.STREET, "长宁区"),
        new("何家角", PlaceKind.NEIGHBOURHOOD, "虹桥街道"),
        new("虹储", PlaceKind.NEIGHBOURHOOD, "虹桥街道"),
        new("网格03", PlaceKind.GRID, "何家角"),
        new("中华新村", PlaceKind.COMPOUND, "何家角"),
    ]
    made.append(new("1号楼", PlaceKind.BLOCK, "中华新村", grid=ids["网格03"]))
    for area_type in ("lift-buttons", "lift-cabin", "lobby", "stairs"):
        made.append(new(area_type, PlaceKind.AREA, "1号楼", area_type=area_type, grid=ids["网格03"]))
    made.append(new("海螺大厦", PlaceKind.BUILDING, "虹储"))
    made.append(new("office-lobby", PlaceKind.AREA, "海螺大厦", area_type="office-lobby"))
    rows = places.add(places=made, by="test", now=now)
    yard = Yard({row.name: row for row in rows})
    yard.areas = {row.area_type: row for row in rows if row.area_type}
    return yard


def apply_covid(now: datetime = NIGHT_BEFORE) -> None:
    apply_playbook(plan=playbooks.plan(), effective_at=now, by="test", now=now)


def staff(role: Role, place: Place, username: str = "", now: datetime = NIGHT_BEFORE) -> Staff:
    """王建国 unless named otherwise; signs in with a password of no interest."""
    name = username or f"{role}-{place.name}"[:40]
    person = accounts.create_staff(username=name, name="王建国", password="a-long-enough-secret", by="test", now=now)
    accounts.grant(staff=person, role=role, place=place, by="test", now=now)
    return person


def at(hour: int, minute: int = 0, days: int = 0) -> datetime:
    """That wall-clock time on 17 February 2020, or so many days later."""
    return clock.at((MORNING + timedelta(days=days)).date(), datetime(2020, 1, 1, hour, minute).time())  # noqa: DTZ001 - only its clock time is taken
