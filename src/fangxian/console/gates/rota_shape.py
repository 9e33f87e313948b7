"""A day of the rota of one gate, as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import CAPABILITIES, Capability, Role
from fangxian.console.view import Who
from fangxian.places.models import Place
from fangxian.rota import queries
from fangxian.rota.actions import GATE_TRAINING
from fangxian.rota.models import Pattern, Post
from fangxian.rota.queries import Coming, PatternLine, SlotLine
from fangxian.shared import clock

STANDING = tuple(role.value for role in Role if Capability.GATE in CAPABILITIES[role])
"""Roles whose holders may stand at a gate."""


@dataclass(frozen=True)
class Repeats:
    """Slots that come back every week, in words."""

    pattern: Pattern
    days: str
    names: str
    coming: int


@dataclass(frozen=True)
class Rota:
    day: date
    post: Post | None
    slots: Sequence[SlotLine]
    people: Sequence[Staff]
    trained: set[UUID]
    patterns: Sequence[Repeats] = ()
    coming: Coming | None = None
    closed: Post | None = None
    """The post that was closed last, where none is open."""

    @property
    def before(self) -> date:
        return self.day - timedelta(days=1)

    @property
    def after(self) -> date:
        return self.day + timedelta(days=1)

    @property
    def choices(self) -> list[tuple[UUID, str]]:
        """Slots that somebody can still be planned for."""
        return [(slot.id, span(slot)) for slot in self.slots if not slot.over]

    @property
    def untrained(self) -> list[Staff]:
        return [one for one in self.people if one.id not in self.trained]


def span(slot: SlotLine) -> str:
    start, end = (clock.local(clock.from_us(us)) for us in (slot.from_us, slot.until_us))
    return f"{start:%m-%d %H:%M}–{end:%H:%M}"


def _day(text: str, who: Who) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return clock.local_day(who.now)


def rota_of(place: Place, who: Who, day: str) -> Rota:
    """The day that is asked for, else today. Without a post there are no slots."""
    post, wanted = queries.post_of(place.id), _day(day, who)
    may_plan = who.reach(Capability.DEVICES).holds(place)
    people = queries.candidates(place.path, who.now, STANDING) if may_plan else []
    topic = post.training if post else GATE_TRAINING
    trained = queries.trained_of([one.id for one in people], topic)
    if post is None:
        return Rota(wanted, None, [], people, trained, closed=queries.last_closed(place.id))
    slots = queries.slots_of_day(post, wanted, who.now)
    if not may_plan:
        return Rota(wanted, post, slots, people, trained)
    repeats = [_repeats(line) for line in queries.patterns_of(post, who.now)]
    return Rota(wanted, post, slots, people, trained, repeats, queries.coming(post, who.now))


def _repeats(line: PatternLine) -> Repeats:
    words = [str(WEEKDAYS_ABBR[day - 1]) for day in line.weekdays]
    days = _("every day") if len(words) == len(WEEKDAYS_ABBR) else " ".join(words)
    return Repeats(line.pattern, days, ", ".join(line.names), line.coming)
