"""What an empty street still needs before its first round: the checklist of the guided first run."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fangxian.accounts.queries import staff_directory
from fangxian.accounts.roles import Role
from fangxian.duties.actions import playbook_at
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Relation
from fangxian.screening.models import Round


class StepKey(StrEnum):
    """The steps in their order."""

    PLACES = "places"
    DWELLINGS = "dwellings"
    PEOPLE = "people"
    PLAYBOOK = "playbook"
    ACCOUNTS = "accounts"
    ROUND = "round"


@dataclass(frozen=True)
class Step:
    """`have` of `want` is there; `want` is 1 where one is enough. `missing` names the first few that are not."""

    key: StepKey
    have: int
    want: int
    missing: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        return self.have >= self.want


@dataclass(frozen=True)
class FirstRun:
    street: Place
    steps: tuple[Step, ...]

    @property
    def done(self) -> bool:
        return all(step.done for step in self.steps)

    @property
    def next(self) -> Step | None:
        """The first step that is not done."""
        return next((step for step in self.steps if not step.done), None)


NAMED = 5


def first_run(*, street: Place, now: datetime) -> FirstRun:
    """How far the street has come. A neighbourhood counts as having places once it holds a grid and a compound or
    an office building."""
    neighbourhoods = list(
        Place.objects.filter(parent=street, kind=PlaceKind.NEIGHBOURHOOD, closed_on__isnull=True).order_by("code")
    )
    ready = _with_ground(neighbourhoods)
    without = [one.name for one in neighbourhoods if one.id not in ready]
    grants = staff_directory(street, now)
    kept = {grant.place_id for grant in grants if grant.role == Role.COMMITTEE_SECRETARY}
    unkept = [one.name for one in neighbourhoods if one.id not in kept]
    return FirstRun(
        street,
        (
            Step(StepKey.PLACES, len(ready), max(len(neighbourhoods), 1), tuple(without[:NAMED])),
            Step(StepKey.DWELLINGS, _any_dwelling(street), 1),
            Step(StepKey.PEOPLE, _any_resident(street), 1),
            Step(StepKey.PLAYBOOK, int(playbook_at(now) is not None), 1),
            Step(
                StepKey.ACCOUNTS, len(neighbourhoods) - len(unkept), max(len(neighbourhoods), 1), tuple(unkept[:NAMED])
            ),
            Step(StepKey.ROUND, int(Round.objects.exists()), 1),
        ),
    )


def is_empty(street: Place) -> bool:
    """Whether nobody has begun here: no dwelling, no resident, no round. The home page then leads to the guide."""
    return not (_any_dwelling(street) or _any_resident(street) or Round.objects.exists())


def _with_ground(neighbourhoods: list[Place]) -> set[object]:
    rows = Place.objects.filter(
        parent__in=neighbourhoods, kind__in=(PlaceKind.GRID, PlaceKind.COMPOUND, PlaceKind.BUILDING)
    ).values_list("parent_id", "kind")
    kinds: dict[object, set[str]] = {}
    for parent, kind in rows:
        kinds.setdefault(parent, set()).add(kind)
    return {parent for parent, found in kinds.items() if PlaceKind.GRID in found and len(found) > 1}


def _any_dwelling(street: Place) -> int:
    return int(Place.objects.filter(street.subtree, kind=PlaceKind.DWELLING).exists())


def _any_resident(street: Place) -> int:
    return int(
        Attachment.objects.filter(
            relation=Relation.LIVES, until__isnull=True, place__path__gte=street.path, place__path__lt=street.path + "z"
        ).exists()
    )
