"""Telling the program what happened since yesterday, through the same actions as a worker's phone."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from fangxian.accounts.models import RoleGrant
from fangxian.accounts.roles import Role
from fangxian.demo import morning
from fangxian.demo.morning import Corner, Door, Knock, Parked, Sight, Timeline, Wiped
from fangxian.demo.street import Street
from fangxian.demo.tree import Ground
from fangxian.duties import actions as duties
from fangxian.duties.models import Gap, GapNote, GapStatus
from fangxian.duties.plan_schema import Every, Plan, Windows
from fangxian.hygiene import actions as hygiene
from fangxian.hygiene.actions import LogEntry
from fangxian.hygiene.playbook import AreaType, HygieneSection
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Relation
from fangxian.screening import actions as screening
from fangxian.screening.actions import PersonAnswer, Sighting, Visit
from fangxian.screening.models import Round, RoundKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import Pace, write_lock
from fangxian.stock import actions as stock
from fangxian.stock.models import Item

Say = Callable[[str], None]

FIRST_ROUND_GRIDS = 4
ON_FOOT = (RoundKind.DOORS, RoundKind.PEOPLE)
WAIVED_GAPS, CALLED_GAPS = 12, 30
# a neighbourhood whose store runs out, so that the shortage shows
SHORT_COMMITTEE = "007"
STORE_ML, SHORT_STORE_ML, STORE_TABLETS = 400_000, 4_000, 2_000
WAIVE_REASONS = ("大楼停业封闭，物业已出具证明", "电梯检修停用，恢复后补消", "住户在外地，已电话核实并登记返沪日期")
CALL_WORDS = ("已电话联系网格员，正在赶去", "物业答复半小时内完成", "住户电话未接，晚上再上门")
UNKNOWN_NAMES = ("借住亲戚", "新来保姆", "合租室友", "暂住朋友")


@dataclass
class Told:
    """How many records the replay sent, and what the sweep made of the rest."""

    corners: int = 0
    doors: int = 0
    vehicles: int = 0
    lapsed: int = 0
    unknown: int = 0


@dataclass
class Teams:
    """Who reports what: for each team its people, taken in turn."""

    actors: dict[UUID, list[str]] = field(default_factory=lambda: defaultdict(list))
    of_grid: dict[UUID, UUID] = field(default_factory=dict)

    def actor(self, team: UUID, step: int) -> str:
        people = self.actors[team]
        return people[step % len(people)]


def teams(street: Street, ground: Ground) -> Teams:
    """The grid workers of a neighbourhood report together, and so do the managers of its office buildings."""
    found = Teams()
    offices: dict[str, UUID] = {}
    for grid in street.grids:
        team = ground[grid.neighbourhood].id
        if grid.building:
            team = offices.setdefault(grid.neighbourhood, ground[grid.code].id)
        found.of_grid[ground[grid.code].id] = team
    grants = RoleGrant.objects.filter(
        role__in=(Role.GRID_WORKER, Role.PROPERTY_MANAGER), place__in=list(found.of_grid)
    ).select_related("staff")
    for grant in grants.order_by("staff__username"):
        assert grant.place_id is not None
        found.actors[found.of_grid[grant.place_id]].append(grant.staff.actor)
    for team in set(found.of_grid.values()):
        # a team whose only post is empty is stood in for by the committee
        found.actors[team] = found.actors[team] or [grant.staff.actor for grant in grants[:1]]
    return found


@dataclass
class Replay:
    street: Street
    ground: Ground
    plan: Plan
    when: Timeline
    say: Say
    by: str = "demonstration"
    also: Sequence[Callable[[datetime], None]] = ()
    """What else has happened by a step, told before the sweep."""
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.rng = Random(self.street.seed + 3)
        self.teams = teams(self.street, self.ground)
        self.pace = Pace(400, 1.0, 400, pause=False)

    def run(self) -> Told:
        """Open the rounds, enrol the corners, and go through the two days step by step."""
        self._stores()
        self._beats()
        begin = self.when.begin
        areas = list(Place.objects.filter(self.ground.street.subtree, kind=PlaceKind.AREA).order_by("path"))
        enrolled = hygiene.enrol_areas(places=areas, by=self.by, now=begin, polite=False)
        self.say(_("%(count)d corners enrolled") % {"count": enrolled.enrolled})
        first = []
        for grid in self._first_round_grids():
            assert grid.parent is not None
            first.append(self._round(f"第一轮补漏（{grid.name}）", grid, ON_FOOT, self.when.first_round_due))
            title = f"第一轮车辆补查（{grid.parent.name}）"
            first.append(self._round(title, grid.parent, (RoundKind.VEHICLES,), self.when.first_round_due))
        second = self._round("第二轮排摸", self.ground.street, tuple(RoundKind), self.when.round_due)
        self.say(_("rounds opened, every door, person and vehicle enrolled"))
        wiped = morning.corners(self.rng, list(self._corners(areas)), self.when)
        knocks, sights = self._round_records(first, second)
        self._steps(wiped, knocks, sights)
        self._afterwards()
        return self.told

    def _stores(self) -> None:
        """Agents in the neighbourhoods' stores, so that a log draws them down."""
        hygiene.list_agents(by=self.by, now=self.when.begin)
        items = {item.key: item for item in Item.objects.all()}
        section = self.plan.section(HygieneSection.section)
        assert isinstance(section, HygieneSection)
        for one in self.street.neighbourhoods:
            place = self.ground[one.code]
            short = one.code.endswith(SHORT_COMMITTEE)
            for agent in section.agents:
                full = STORE_TABLETS if agent.form == "tablet" else STORE_ML
                stock.receive(
                    id=uuid5(place.id, agent.key), item=items[agent.key], place=place, by=self.by, now=self.when.begin,
                    quantity=SHORT_STORE_ML if short and agent.form == "solution" else full, batch="2020-02",
                )  # fmt: skip

    def _beats(self) -> None:
        """A heartbeat a minute of every channel, but for the field's outage."""
        start, end = self.when.outage
        for channel in sorted({rule.channel for rule in self.plan.rules}):
            with write_lock():
                moment = self.when.begin
                while moment <= self.when.end:
                    if channel != "field" or not start <= moment < end:
                        duties.beat(channel=channel, now=moment)
                    moment += timedelta(minutes=1)

    def _first_round_grids(self) -> list[Place]:
        """One grid in each of some neighbourhoods."""
        homes = {grid.neighbourhood: grid.code for grid in reversed(self.street.grids) if not grid.building}
        return [self.ground[homes[code]] for code in sorted(homes)[1 :: max(1, len(homes) // FIRST_ROUND_GRIDS)]]

    def _round(self, title: str, place: Place, kinds: Sequence[RoundKind], due_at: datetime) -> Round:
        return screening.open_round(
            title=title, place=place, kinds=[kind.value for kind in kinds], opens_at=self.when.round_opens,
            due_at=due_at, by=self.by, now=self.when.begin + timedelta(minutes=30), polite=False,
        )  # fmt: skip

    def _corners(self, areas: Sequence[Place]) -> Iterator[Corner]:
        schedules = {rule.cohort: rule.schedule for rule in self.plan.rules}
        for area in areas:
            schedule = schedules[f"area:{area.area_type}"]
            if isinstance(schedule, Windows | Every) and area.grid_id is not None:
                yield Corner(area.id, self.teams.of_grid[area.grid_id], schedule)

    def _round_records(
        self, first: Sequence[Round], second: Round
    ) -> tuple[list[tuple[Round, Knock]], list[tuple[Round, Sight]]]:
        homes, cars = list(self._homes()), list(self._cars())
        # a large compound holds several grids, so its vehicles are counted at the neighbourhood
        plates = (f"沪W{'QRSTUVW'[number % 7]}{number:04d}" for number in count(9_000, -1))
        knocks: list[tuple[Round, Knock]] = []
        sights: list[tuple[Round, Sight]] = []
        for round, shares in [(second, self.when.second_round()), *((one, morning.FIRST_ROUND) for one in first)]:
            whole = round.place_id == self.ground.street.id
            in_round = [home for home, grid in homes if whole or grid == round.place_id]
            parked = [car for car in cars if whole or car.team == round.place_id]
            knocks += [(round, knock) for knock in morning.doors(self.rng, in_round, self.when, shares)]
            sights += [(round, one) for one in morning.vehicles(self.rng, parked, plates, self.when, shares)]
        return knocks, sights

    def _homes(self) -> Iterator[tuple[Door, UUID | None]]:
        people: dict[UUID, list[UUID]] = defaultdict(list)
        rows = Attachment.objects.filter(
            relation=Relation.LIVES, until__isnull=True, place__isnull=False, subject__merged_into__isnull=True
        ).order_by("place__path", "id")
        for place_id, subject_id in rows.values_list("place_id", "subject_id"):
            assert place_id is not None
            people[place_id].append(subject_id)
        dwellings = Place.objects.filter(self.ground.street.subtree, kind=PlaceKind.DWELLING, grid__isnull=False)
        for dwelling_id, grid_id in dwellings.order_by("path").values_list("id", "grid_id"):
            assert grid_id is not None
            yield Door(dwelling_id, self.teams.of_grid[grid_id], tuple(people[dwelling_id])), grid_id

    def _cars(self) -> Iterator[Parked]:
        rows = (
            Attachment.objects.filter(relation=Relation.PARKS, until__isnull=True, place__isnull=False)
            .select_related("place", "subject__vehicle")
            .order_by("place__path", "subject__label")
        )
        neighbourhoods = {self.ground[one.code].path: self.ground[one.code].id for one in self.street.neighbourhoods}
        width = len(next(iter(neighbourhoods)))
        for row in rows:
            assert row.place is not None
            team = neighbourhoods[row.place.path[:width]]
            yield Parked(row.subject.vehicle.plate, row.place.id, team)

    def _steps(self, wiped: list[Wiped], knocks: list[tuple[Round, Knock]], sights: list[tuple[Round, Sight]]) -> None:
        knocks.sort(key=lambda one: one[1].arrives)
        sights.sort(key=lambda one: one[1].arrives)
        a = b = c = 0
        for number, moment in enumerate(self.when.steps()):
            a = self._corner_step(wiped, a, number, moment)
            b = self._door_step(knocks, b, number, moment)
            c = self._vehicle_step(sights, c, number, moment)
            for tell in self.also:
                tell(moment)
            swept = duties.sweep(now=moment, polite=False)
            self.told.lapsed += swept.lapsed
            self.told.unknown += swept.unknown
            self._say_step(moment)

    def _say_step(self, moment: datetime) -> None:
        self.say(
            _("%(time)s  %(corners)d corners, %(doors)d doors, %(vehicles)d vehicles; %(lapsed)d lapsed")
            % {
                "time": f"{clock.local(moment):%m-%d %H:%M}", "corners": self.told.corners, "doors": self.told.doors,
                "vehicles": self.told.vehicles, "lapsed": self.told.lapsed,
            }
        )  # fmt: skip

    def _corner_step(self, wiped: list[Wiped], start: int, number: int, moment: datetime) -> int:
        groups: dict[UUID, list[LogEntry]] = defaultdict(list)
        end = start
        while end < len(wiped) and wiped[end].arrives <= moment:
            one = wiped[end]
            groups[one.team].append(self._log(one, moment))
            end += 1
        for team, items in groups.items():
            hygiene.log_many(items=items, by=self.teams.actor(team, number), now=moment)
        self.told.corners += end - start
        return end

    def _log(self, one: Wiped, moment: datetime) -> LogEntry:
        kind = self._kinds()[one.area_id]
        strength = int(kind.mg_per_l) if kind.mg_per_l is not None else None
        return LogEntry(
            id=new_id(), area_id=one.area_id, agent=kind.agent, mg_per_l=strength, observed_at=one.observed,
            working_ml=max(1, int(kind.litres * 1_000)), offline=moment - one.observed > timedelta(hours=2),
        )  # fmt: skip

    def _kinds(self) -> dict[UUID, AreaType]:
        if not hasattr(self, "_kind_of"):
            section = self.plan.section(HygieneSection.section)
            assert isinstance(section, HygieneSection)
            kinds = {kind.key: kind for kind in section.area_types}
            rows = Place.objects.filter(self.ground.street.subtree, kind=PlaceKind.AREA).values_list("id", "area_type")
            self._kind_of = {area_id: kinds[area_type] for area_id, area_type in rows}
        return self._kind_of

    def _door_step(self, knocks: list[tuple[Round, Knock]], start: int, number: int, moment: datetime) -> int:
        groups: dict[UUID, list[Visit]] = defaultdict(list)
        end = start
        while end < len(knocks) and knocks[end][1].arrives <= moment:
            round, knock = knocks[end]
            groups[knock.team].append(self._visit(round, knock))
            end += 1
        for team, items in groups.items():
            screening.record_visits(
                items=items, by=self.teams.actor(team, number), now=moment, pace=self.pace, polite=False
            )
        self.told.doors += end - start
        return end

    def _visit(self, round: Round, knock: Knock) -> Visit:
        people = tuple(
            PersonAnswer(
                presence=one.presence, subject_id=one.subject_id, travel=one.travel,
                name="" if one.subject_id else f"{self.rng.choice(UNKNOWN_NAMES)}{self.rng.randrange(1_000):03d}",
                regions=("hubei",) if one.travel == morning.KEY_REGION else (),
            )
            for one in knock.people
        )  # fmt: skip
        return Visit(
            id=new_id(), round_id=round.id, dwelling_id=knock.dwelling_id, disposition=knock.disposition,
            observed_at=knock.observed, people=people,
        )  # fmt: skip

    def _vehicle_step(self, sights: list[tuple[Round, Sight]], start: int, number: int, moment: datetime) -> int:
        groups: dict[UUID, list[Sighting]] = defaultdict(list)
        end = start
        while end < len(sights) and sights[end][1].arrives <= moment:
            round, one = sights[end]
            groups[one.team].append(
                Sighting(
                    id=new_id(), round_id=round.id, plate=one.plate, place_id=one.place_id, travel=one.travel,
                    disposition=one.disposition, observed_at=one.observed,
                )
            )  # fmt: skip
            end += 1
        for team, items in groups.items():
            screening.record_sightings(
                items=items, by=self.teams.actor(team, number), now=moment, pace=self.pace, polite=False
            )
        self.told.vehicles += end - start
        return end

    def _afterwards(self) -> None:
        """What leaders do about gaps: some are waived with a reason, some are telephoned about."""
        gaps = list(Gap.objects.filter(status=GapStatus.OPEN, rule__corner=True).order_by("lapsed_us", "id"))
        chosen = self.rng.sample(gaps, min(WAIVED_GAPS + CALLED_GAPS, len(gaps) // 3))
        for number, gap in enumerate(chosen):
            if number % 4 == 0 and number < WAIVED_GAPS * 4:
                duties.waive(gap=gap, reason=self.rng.choice(WAIVE_REASONS), by=self.by, now=self.when.end)
            else:
                duties.note(
                    gap=gap, kind=GapNote.Kind.CALL, text=self.rng.choice(CALL_WORDS), by=self.by, now=self.when.end
                )
