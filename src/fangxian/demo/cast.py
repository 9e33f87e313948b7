"""Who holds the line in the demonstration: an account for each role, and a holder for every post on the ground."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random

from django.contrib.auth.hashers import make_password
from django.db import transaction

from fangxian.accounts import actions
from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.demo import names
from fangxian.demo.street import Street
from fangxian.demo.tree import Ground
from fangxian.places.models import Place
from fangxian.registry.models import Enterprise

# for a program that listens on this machine alone; `load_demo --password` sets another
PASSWORD = "Shou-Hao-Fang-Xian"
# the committee whose secretary, workers and grid worker have accounts: the account's first visit was there
HOME_COMMITTEE = "002"
# this residential grid has nobody, so that the empty post itself shows as a gap
EMPTY_POST_COMMITTEE = "012"


@dataclass(frozen=True)
class Account:
    username: str
    name: str
    role: Role
    place: str


@dataclass(frozen=True)
class Post:
    role: Role
    places: tuple[Place, ...]


Where = Callable[[Street, Ground], Place]


def _committee(street: Street, ground: Ground) -> Place:
    return ground[f"{street.code}{HOME_COMMITTEE}"]


def _first_grid(street: Street, ground: Ground) -> Place:
    return ground[f"{street.code}{HOME_COMMITTEE}01"]


def _first_special_grid(street: Street, ground: Ground) -> Place:
    return ground[street.buildings[0].grid]


def _second_special_grid(street: Street, ground: Ground) -> Place:
    """Whoever inspects the first building is of another."""
    return ground[street.buildings[1].grid]


def _street(street: Street, ground: Ground) -> Place:
    return ground.street


def _district(street: Street, ground: Ground) -> Place:
    assert ground.street.parent is not None
    return ground.street.parent


def _pharmacy(street: Street, ground: Ground) -> Place:
    return next(place for place in ground.by_code.values() if place.kind == "pharmacy")


ACCOUNTS: tuple[tuple[str, Role, Where], ...] = (
    ("leader", Role.STREET_LEADER, _street),
    ("section", Role.SECTION_HEAD, _street),
    ("secretary", Role.COMMITTEE_SECRETARY, _committee),
    ("worker", Role.COMMITTEE_WORKER, _committee),
    ("grid", Role.GRID_WORKER, _first_grid),
    ("volunteer", Role.VOLUNTEER, _first_grid),
    ("police", Role.COMMUNITY_POLICE, _committee),
    ("guard", Role.SPECIAL_GUARD, _committee),
    ("district", Role.DISTRICT_LEADER, _district),
    ("building", Role.BUILDING_PARTY_WORKER, _first_special_grid),
    ("inspector", Role.BUILDING_PARTY_WORKER, _second_special_grid),
    ("property", Role.PROPERTY_MANAGER, _first_special_grid),
    ("pharmacy", Role.PHARMACY, _pharmacy),
    ("health", Role.HEALTH_STAFF, _street),
    ("gate", Role.GATE_GUARD, _first_special_grid),
    ("auditor", Role.AUDITOR, _street),
    ("admin", Role.ADMINISTRATOR, _street),
)


@transaction.atomic
def open_accounts(*, street: Street, ground: Ground, password: str, by: str, now: datetime) -> list[Account]:
    """The accounts, all with `password`. Raises ValidationError for a password that is too weak."""
    rng = Random(street.seed + 1)
    made = []
    for username, role, where in ACCOUNTS:
        place = where(street, ground)
        name = names.chinese(rng, rng.choice(("male", "female")), 1980).full
        staff = actions.create_staff(username=username, name=name, password=password, by=by, now=now, phone=_desk(rng))
        actions.grant(staff=staff, role=role, place=place, by=by, now=now)
        made.append(Account(username, name, role, place.name))
    return made


@transaction.atomic
def open_hr_account(*, street: Street, password: str, by: str, now: datetime) -> Account | None:
    """The HR of an enterprise, once the enterprises are in the register."""
    employer = max(street.enterprises, key=lambda firm: firm.headcount)
    found = Enterprise.objects.filter(uscc=employer.uscc).first()
    if found is None:
        return None
    staff = actions.create_staff(username="hr", name=employer.contact, password=password, by=by, now=now)
    actions.grant(staff=staff, role=Role.ENTERPRISE_HR, subject=found.subject_id, by=by, now=now)
    return Account("hr", employer.contact, Role.ENTERPRISE_HR, found.name)


@transaction.atomic
def fill_posts(*, street: Street, ground: Ground, by: str, now: datetime) -> int:
    """A holder for each post, so that every gap finds its owner. They have no password and cannot sign in."""
    rng = Random(street.seed + 2)
    closed = make_password(None)
    staff, grants = [], []
    for number, post in enumerate(_posts(street, ground), start=1):
        person = Staff(
            username=f"{post.role.value.replace('_', '-')}-{number:03d}", password=closed, created_at=now,
            name=names.chinese(rng, rng.choice(("male", "female")), 1975).full, phone=_desk(rng),
        )  # fmt: skip
        staff.append(person)
        grants += [
            RoleGrant(staff=person, role=post.role, place=place, since=now, granted_by=by) for place in post.places
        ]
    Staff.objects.bulk_create(staff, batch_size=500)
    RoleGrant.objects.bulk_create(grants, batch_size=500)
    audit.record(by=by, act="accounts.posts.filled", now=now, place=ground.street.id, detail={"count": len(staff)})
    return len(staff)


def _posts(street: Street, ground: Ground) -> Iterator[Post]:
    committees = [ground[one.code] for one in street.neighbourhoods]
    for place in committees:
        yield Post(Role.COMMITTEE_SECRETARY, (place,))
        yield Post(Role.COMMITTEE_WORKER, (place,))
        yield Post(Role.VOLUNTEER, (place,))
    for start in range(0, len(committees), 4):
        yield Post(Role.COMMUNITY_POLICE, tuple(committees[start : start + 4]))
        yield Post(Role.SPECIAL_GUARD, tuple(committees[start : start + 4]))
    for grid in street.grids:
        if grid.building:
            yield Post(Role.BUILDING_PARTY_WORKER, (ground[grid.code],))
            yield Post(Role.PROPERTY_MANAGER, (ground[grid.code],))
        elif grid.code != f"{street.code}{EMPTY_POST_COMMITTEE}01":
            yield Post(Role.GRID_WORKER, (ground[grid.code],))
    yield Post(Role.HEALTH_STAFF, (ground.street,))


def _desk(rng: Random) -> str:
    """A work number nobody has: 021-0000 and four digits."""
    return f"021-0000{rng.randrange(10_000):04d}"
