"""Pure decisions about inspections and findings."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from fangxian.duties.sections import ChecklistItem, SeverityTerm
from fangxian.inspections.models import FindingAct, FindingStatus, Result, Severity
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US


class Actor(StrEnum):
    """As whom somebody acts on a finding."""

    RESPONSIBLE = "responsible"
    """The property manager, or the committee of a compound."""
    INSPECTOR = "inspector"
    """Somebody who inspects, and is not of the place itself."""
    LEADER = "leader"
    """Section head or leader of the street."""


_S = FindingStatus
_A = FindingAct
_MENDERS: Final = frozenset({Actor.RESPONSIBLE, Actor.LEADER})
_JUDGES: Final = frozenset({Actor.INSPECTOR, Actor.LEADER})
_ALL: Final = frozenset(Actor)
_STANDING: Final = (_S.OPEN, _S.PLANNED, _S.REOPENED)

TRANSITIONS: Final[Mapping[tuple[FindingStatus, FindingAct], tuple[FindingStatus, frozenset[Actor]]]] = {
    **{(status, _A.PLAN): (_S.PLANNED, _ALL) for status in _STANDING},
    **{(status, _A.MEND): (_S.MENDED, _MENDERS) for status in _STANDING},
    (_S.MENDED, _A.PASS): (_S.CLOSED, _JUDGES),
    (_S.MENDED, _A.FAIL): (_S.REOPENED, _JUDGES),
    # found again before it was re-inspected: it had not been put right
    (_S.MENDED, _A.AGAIN): (_S.REOPENED, _JUDGES),
    (_S.OPEN, _A.AGAIN): (_S.OPEN, _JUDGES),
    (_S.PLANNED, _A.AGAIN): (_S.PLANNED, _JUDGES),
    (_S.REOPENED, _A.AGAIN): (_S.REOPENED, _JUDGES),
    **{(status, _A.ANNUL): (_S.VOID, frozenset({Actor.LEADER})) for status in (*_STANDING, _S.MENDED)},
}
"""From a state by an act to a state, and as whom. What is not here cannot be done."""


def after(status: str, act: str, actor: Actor) -> FindingStatus | None:
    """The state that follows; None where this act is not open to this actor in this state."""
    found = TRANSITIONS.get((FindingStatus(status), FindingAct(act)))
    return found[0] if found is not None and actor in found[1] else None


def acts_open(status: str, actors: Iterable[Actor]) -> tuple[FindingAct, ...]:
    """What somebody may do now, for the buttons of a page. Found again is not a button: inspections say it."""
    held = frozenset(actors)
    found = [
        act for (before, act), (_after, who) in TRANSITIONS.items()
        if before == status and who & held and act != FindingAct.AGAIN
    ]  # fmt: skip
    return tuple(sorted(found, key=list(FindingAct).index))


def due_us(term: SeverityTerm | None, seen_us: int) -> int:
    """By when it must be put right: so many minutes on, or the end of the day after so many days. Without a term in
    the plan, the end of the same day."""
    if term is not None and term.within_minutes is not None:
        return seen_us + term.within_minutes * MINUTE_US
    days = term.within_days if term is not None and term.within_days is not None else 0
    day = clock.local_day(clock.from_us(seen_us)) + timedelta(days=days + 1)
    return clock.day_start_us(day)


def score(results: Iterable[str]) -> tuple[int, int]:
    """In order, and applicable."""
    counted = [result for result in results if result != Result.NONE]
    return sum(result == Result.OK for result in counted), len(counted)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose passes are not good: of one zone, or of the whole place (`zone` empty)."""

    zone: str


def suspends(item: ChecklistItem | None, severity: str, zone: str) -> Scope | None:
    """What an open finding suspends. Only red ones do, and only where the plan says so for the item; a zone's item
    whose zone is not known suspends nothing beyond what is known to be wrong, and so the whole building."""
    if item is None or item.suspends is None or severity != Severity.RED:
        return None
    return Scope(zone if item.suspends == "zone" else "")


def is_own_place(place_path: str, grant_paths: Iterable[str]) -> bool:
    """Whether somebody belongs to the place itself: holds a role at it or below it. A role above it (the street's, the
    committee's) does not make it their own."""
    return any(path.startswith(place_path) for path in grant_paths)


def told_us(seen_us: int, received_us: int, *, signed: bool) -> int:
    """From when the time to put it right runs: from when it was seen where the property manager stood beside and
    signed, else from when it came in and he could be told."""
    return seen_us if signed else max(seen_us, received_us)


def is_new_sight(status: str, seen_us: int, mended_us: int | None) -> bool:
    """Whether finding it again says something new: what was seen before it was put right does not open it again."""
    return status != FindingStatus.MENDED or mended_us is None or seen_us > mended_us


def unanswered(items: Iterable[ChecklistItem], answered: Iterable[str]) -> tuple[str, ...]:
    """Keys of the items that have no answer, in the order of the list."""
    have = set(answered)
    return tuple(item.key for item in items if item.key not in have)


def wider(first: str, second: str) -> str:
    """The zone that holds both: all of the place (empty) unless they are one."""
    return first if first == second else ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may inspect. `paths`: the places where they hold a role. `planned`: is given places day by day."""

    id: UUID
    paths: tuple[str, ...]
    planned: bool = True


def share_out(
    places: Iterable[tuple[UUID, str]], candidates: Sequence[Candidate], *, day: date, today: Mapping[UUID, int],
    before: Mapping[tuple[UUID, UUID], int],
) -> dict[UUID, UUID]:  # fmt: skip
    """Who inspects which of `places` (id and path) on `day`. A place that nobody may inspect is left out.

    Nobody gets their own place. Who has least to do that day (`today`: what they have already) goes first, then who was
    at this place least often lately (`before`, by inspector and place), then who was out least often at all; what is
    still equal is drawn by the day, so that the same plan made twice is the same.
    """
    load = Counter(dict(today))
    lately = Counter[UUID]()
    for (inspector, _place), times in before.items():
        lately[inspector] += times
    eligible = {
        (place, path): [one for one in candidates if not is_own_place(path, one.paths)] for place, path in places
    }
    found: dict[UUID, UUID] = {}
    for place, path in sorted(eligible, key=lambda pair: (len(eligible[pair]), _lot(day, pair[0]))):
        chosen = min(
            eligible[place, path],
            key=lambda one: (load[one.id], before.get((one.id, place), 0), lately[one.id], _lot(day, place, one.id)),
            default=None,
        )
        if chosen is not None:
            found[place] = chosen.id
            load[chosen.id] += 1
            lately[chosen.id] += 1
    return found


def its_turn(position: int, day: date, every_days: int) -> bool:
    """Whether the place at this position of the list is inspected on this day, when each is once in so many days. The
    days are counted from the calendar, as those of the plan's duties are."""
    return position % every_days == day.toordinal() % every_days


def draw(places: Collection[UUID], count: int, day: date, salt: bytes) -> list[UUID]:
    """So many places that cannot be foreseen without the salt."""
    return sorted(places, key=lambda place: hashlib.sha256(salt + _lot(day, place)).digest())[: max(count, 0)]


def _lot(day: date, *ids: UUID) -> bytes:
    return hashlib.sha256(day.isoformat().encode() + b"".join(ident.bytes for ident in ids)).digest()
