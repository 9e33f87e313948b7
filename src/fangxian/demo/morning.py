"""What happened in the street since yesterday noon, as it will be told to the program. Pure: a seed and a clock in,
records in the order of their arrival out.

Most doors are opened, most corners wiped in time. Some are late, a few are forgotten, some people refuse, some cars are
nobody's; and for an hour yesterday the channel of the field was down, so that phones kept their records back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from fangxian.duties.plan_schema import Every, Windows
from fangxian.duties.schedules import daily_windows
from fangxian.shared import clock

DAY_BEGINS = time(7, 0)
DAY_ENDS = time(20, 30)
# everything starts yesterday at noon
BEGINS, ROUND_OPENS = time(12, 0), time(13, 0)
OUTAGE = (time(15, 10), time(16, 5))
STEPS_TODAY = 3
# the evening's windows end at 20:00, and the longest grace is an hour
AFTER_THE_LAST_DEADLINE = time(21, 5)
# hours in which one may knock: mornings, afternoons, and evenings for those who work
KNOCKING = ((time(9, 0), time(12, 0)), (time(13, 30), time(17, 0)), (time(18, 0), time(20, 15)))

# phones send when their owners notice that the channel is up again; the sweep has run by then
SWEPT_BEFORE_ARRIVAL, KEPT_ARRIVE, TAKEN_IN = time(16, 30), time(16, 40), time(16, 45)

DONE_IN_TIME, DONE_LATE = 0.955, 0.025
LATE_UP_TO = timedelta(minutes=90)
AGAIN_AFTER = timedelta(hours=4)

MET, NOBODY_HOME, LET, REFUSED, VACANT = "met", "nobody_home", "let", "refused", "vacant"
DOORS = ((MET, 0.835), (NOBODY_HOME, 0.135), (LET, 0.022), (REFUSED, 0.008))
PRESENT, AWAY, GONE, NOT_MET = "present", "away", "gone", ""
PRESENCES = ((PRESENT, 0.87), (AWAY, 0.105), (GONE, 0.002), (NOT_MET, 0.023))
NO_TRAVEL, ELSEWHERE, KEY_REGION = "none", "elsewhere", "key_region"
TRAVELS = ((NO_TRAVEL, 0.94), (ELSEWHERE, 0.058), (KEY_REGION, 0.002))
UNKNOWN_PERSON_SHARE = 0.0015
UNKNOWN_VEHICLES_PER_HUNDRED = 0.8
VISITORS_PER_HUNDRED = 2.0


@dataclass(frozen=True)
class Shares:
    """How much of a round was done yesterday and how much is done by the end of today."""

    yesterday: float
    today: float


# the follow-up of the first round was due last night; what it left open is the oldest on the board
FIRST_ROUND = Shares(0.955, 0.015)
SECOND_ROUND_YESTERDAY = 0.1
SECOND_ROUND_AN_HOUR, SECOND_ROUND_MOST = 0.07, 0.14


@dataclass(frozen=True)
class Timeline:
    """`yesterday` and `today` are the two days that are replayed; `end` is the moment at which the street stands."""

    yesterday: date
    today: date
    end: datetime

    @property
    def begin(self) -> datetime:
        return clock.at(self.yesterday, BEGINS)

    @property
    def round_opens(self) -> datetime:
        return clock.at(self.yesterday, ROUND_OPENS)

    @property
    def first_round_due(self) -> datetime:
        return clock.at(self.yesterday, time(20, 0))

    @property
    def round_due(self) -> datetime:
        return clock.at(self.today + timedelta(days=1), time(20, 0))

    @property
    def outage(self) -> tuple[datetime, datetime]:
        return clock.at(self.yesterday, OUTAGE[0]), clock.at(self.yesterday, OUTAGE[1])

    def arrival(self, observed: datetime) -> datetime:
        """When a record reaches the program: at once, or after the channel was down."""
        start, end = self.outage
        return clock.at(self.yesterday, KEPT_ARRIVE) if start <= observed < end else observed

    def steps(self) -> list[datetime]:
        """The moments at which what has arrived is taken in and the sweep runs, the last of them `end`. They are few,
        because a batch costs less than its parts: a gap is stamped with its lapse, whenever the sweep notices it."""
        moments = [clock.at(self.yesterday, at) for at in (SWEPT_BEFORE_ARRIVAL, TAKEN_IN, AFTER_THE_LAST_DEADLINE)]
        start, stop = clock.at(self.today, DAY_BEGINS), min(clock.at(self.today, DAY_ENDS), self.end)
        moments += [start + (stop - start) * part / STEPS_TODAY for part in range(1, STEPS_TODAY + 1) if stop > start]
        moments.append(clock.at(self.today, AFTER_THE_LAST_DEADLINE))
        return sorted({*(moment for moment in moments if moment < self.end), self.end})

    def second_round(self) -> Shares:
        """A street in the middle of its work, whatever the hour: the doors of today grow with it, but never to all."""
        begun = clock.at(self.today, KNOCKING[0][0])
        hours = max((min(self.end, clock.at(self.today, DAY_ENDS)) - begun).total_seconds() / 3_600, 0)
        return Shares(SECOND_ROUND_YESTERDAY, min(SECOND_ROUND_AN_HOUR * hours, SECOND_ROUND_MOST))


def timeline(now: datetime) -> Timeline:
    """The two days that end at `now`. Before the day has begun, "today" is the day that ended last night."""
    local = clock.local(now)
    today = local.date() if local.time() >= DAY_BEGINS else local.date() - timedelta(days=1)
    return Timeline(today - timedelta(days=1), today, now)


@dataclass(frozen=True)
class Corner:
    """A public area and when it is to be disinfected. `team` groups what one worker reports together."""

    area_id: UUID
    team: UUID
    schedule: Windows | Every


@dataclass(frozen=True)
class Wiped:
    area_id: UUID
    team: UUID
    observed: datetime
    arrives: datetime


def corners(rng: Random, areas: Sequence[Corner], when: Timeline) -> list[Wiped]:
    """Records of disinfection, by arrival."""
    found = []
    for area in areas:
        for day in (when.yesterday, when.today):
            for start, due in daily_windows(area.schedule):
                observed = _wiped(rng, max(clock.at(day, start), when.begin), clock.at(day, due))
                if observed is None or not when.begin <= observed <= when.end:
                    continue
                found.append(Wiped(area.area_id, area.team, observed, min(when.arrival(observed), when.end)))
    return sorted(found, key=lambda one: one.arrives)


def _wiped(rng: Random, start: datetime, due: datetime) -> datetime | None:
    luck = rng.random()
    if luck < DONE_IN_TIME:
        # people start early in a window: half of it has passed when most is done
        return start + (due - start) * rng.betavariate(1.6, 2.6)
    if luck < DONE_IN_TIME + DONE_LATE:
        return due + LATE_UP_TO * rng.uniform(0.4, 1.0)
    return None


@dataclass(frozen=True)
class Door:
    """A dwelling and who is registered behind it."""

    dwelling_id: UUID
    team: UUID
    people: tuple[UUID, ...]


@dataclass(frozen=True)
class Answer:
    subject_id: UUID | None
    presence: str
    travel: str


@dataclass(frozen=True)
class Knock:
    dwelling_id: UUID
    team: UUID
    disposition: str
    people: tuple[Answer, ...]
    observed: datetime
    arrives: datetime


def doors(rng: Random, homes: Sequence[Door], when: Timeline, shares: Shares) -> list[Knock]:
    """Door visits of the round, by arrival. Teams are not equally fast."""
    pace = {team: rng.uniform(0.75, 1.1) for team in dict.fromkeys(home.team for home in homes)}
    found = []
    for home in homes:
        observed = _visited(rng, when, shares, pace[home.team])
        if observed is None:
            continue
        knock = _knock(rng, home, observed, when)
        found.append(knock)
        again = observed + AGAIN_AFTER
        if knock.disposition == NOBODY_HOME and _may_knock(again) and again <= when.end and rng.random() < 0.6:
            found.append(_knock(rng, home, again, when))
    return sorted(found, key=lambda one: one.arrives)


def _visited(rng: Random, when: Timeline, shares: Shares, pace: float = 1.0) -> datetime | None:
    luck = rng.random() / pace
    if luck < shares.yesterday:
        return _working_moment(rng, when.yesterday, when.begin, when.end)
    if luck < shares.yesterday + shares.today:
        return _working_moment(rng, when.today, when.begin, when.end)
    return None


def _working_moment(rng: Random, day: date, begin: datetime, end_of_all: datetime) -> datetime | None:
    """A moment of that day at which one may knock, within the two bounds; None where there is none."""
    spans = [
        (max(clock.at(day, start), begin), min(clock.at(day, end), end_of_all))
        for start, end in KNOCKING
        if clock.at(day, end) > begin and clock.at(day, start) < end_of_all
    ]
    if not spans:
        return None
    at = rng.random() * sum((end - start).total_seconds() for start, end in spans)
    for start, end in spans:
        length = (end - start).total_seconds()
        if at < length:
            return start + timedelta(seconds=int(at))
        at -= length
    return spans[-1][1]


def _may_knock(moment: datetime) -> bool:
    local = clock.local(moment).time()
    return any(start <= local <= end for start, end in KNOCKING)


def _knock(rng: Random, home: Door, observed: datetime, when: Timeline) -> Knock:
    disposition = _drawn(rng, DOORS) if home.people else VACANT
    answers: list[Answer] = []
    if disposition == MET:
        for person in home.people:
            presence = _drawn(rng, PRESENCES)
            if presence:
                answers.append(Answer(person, presence, _drawn(rng, TRAVELS) if presence != GONE else NO_TRAVEL))
        if rng.random() < UNKNOWN_PERSON_SHARE:
            answers.append(Answer(None, PRESENT, NO_TRAVEL))
    return Knock(
        home.dwelling_id, home.team, disposition, tuple(answers), observed, min(when.arrival(observed), when.end)
    )


@dataclass(frozen=True)
class Parked:
    """A registered vehicle and where it parks."""

    plate: str
    place_id: UUID
    team: UUID


@dataclass(frozen=True)
class Sight:
    """A vehicle that was seen. `known`: it is in the register; `host`: a visitor's door is to be found for it."""

    plate: str
    place_id: UUID
    team: UUID
    disposition: str
    travel: str
    observed: datetime
    arrives: datetime


def vehicles(
    rng: Random, parked: Sequence[Parked], strange_plates: Iterator[str], when: Timeline, shares: Shares
) -> list[Sight]:
    """Sightings of the round, by arrival. `strange_plates` gives plates that no register holds."""
    found = []
    for one in parked:
        observed = _visited(rng, when, shares)
        if observed is None:
            continue
        found.append(_sight(one.plate, one, "resident", "", observed, when))
        chance = rng.random() * 100
        if chance < UNKNOWN_VEHICLES_PER_HUNDRED:
            found.append(_sight(next(strange_plates), one, "unknown", "", observed, when))
        elif chance < UNKNOWN_VEHICLES_PER_HUNDRED + VISITORS_PER_HUNDRED:
            found.append(_sight(next(strange_plates), one, "visitor", NO_TRAVEL, observed, when))
    return sorted(found, key=lambda one: one.arrives)


def _sight(plate: str, near: Parked, disposition: str, travel: str, observed: datetime, when: Timeline) -> Sight:
    arrives = min(when.arrival(observed), when.end)
    return Sight(plate, near.place_id, near.team, disposition, travel, observed, arrives)


def _drawn(rng: Random, choices: Sequence[tuple[str, float]]) -> str:
    luck = rng.random()
    for choice, share in choices:
        if luck < share:
            return choice
        luck -= share
    return choices[0][0]
