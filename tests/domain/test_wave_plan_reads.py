"""What people read of plans of the return wave, and what is expected at the gates against what came."""

from datetime import date, timedelta

import pytest

from fangxian.accounts.access import NotFoundError, Reach
from fangxian.gates.actions import setup
from fangxian.gates.actions.setup import Settings
from fangxian.gates.models import Direction, Flow
from fangxian.places.models import Place
from fangxian.registry.models import Attachment, Relation
from fangxian.shared import clock
from fangxian.workplaces.actions import waves
from fangxian.workplaces.models import (
    WaveSlot,
)
from fangxian.workplaces.playbook import WorkplacesSection
from fangxian.workplaces.queries import waves as reads
from fangxian.workplaces.queries.forecast import forecast
from fangxian.workplaces.wave.whatif import Change, What
from tests.support import playbooks
from tests.support.morning import tenants, worked_out
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
NOW = MORNING
TODAY = clock.local_day(NOW)
TOMORROW = TODAY + timedelta(days=1)
DAY = timedelta(days=1)
RULE = playbooks.plan().read(WorkplacesSection).wave


@pytest.fixture
def works() -> Works:
    return make_works()


@pytest.fixture
def full(works: Works) -> Works:
    """420 people of six enterprises at one door of one lane, all at half past eight: it takes 360 in that time."""
    first = works.towers[0].building
    tenants(first, {f"企业{n}": 70 for n in range(6)}, NOW)
    return works


class TestReading:
    def test_a_building_worker_sees_the_part_of_the_own_building(self, full: Works) -> None:
        tenants(full.towers[1].building, {"隔壁": 20}, NOW)
        plan = worked_out(full.street, NOW)
        mine = Reach(paths=(full.towers[1].building.path,))
        street = Reach(paths=(full.street.path,))
        elsewhere = Reach(paths=("zzzzz",))
        assert [line.id for line in reads.plans(mine, NOW)] == [plan.id]
        assert [part.name for part in reads.page(plan, mine, NOW).parts] == ["古北中心"]
        assert reads.page(plan, street, NOW).figures.firms == 7
        assert reads.plans(elsewhere, NOW) == []
        with pytest.raises(NotFoundError):
            reads.find(elsewhere, plan.id)

    def test_a_draft_is_beside_the_plan_that_holds(self, full: Works) -> None:
        first = worked_out(full.street, NOW)
        waves.publish(plan=first, by="test", now=NOW)
        lane = Change(What.LANE, gate=full.towers[0].front.id.hex, method="thermal", count=1)
        draft = worked_out(full.street, NOW, what_if=(lane,))
        found = reads.page(draft, Reach(paths=(full.street.path,)), NOW)
        assert found.published is not None
        assert found.published.plan == first
        assert found.figures.cost < found.published.figures.cost
        assert found.figures.p95_after <= 5.0 < found.published.figures.p95_before
        assert found.line.changes == (lane,)

    def test_an_enterprise_reads_its_window_and_only_what_gates_hold_to(self, full: Works) -> None:
        plan = worked_out(full.street, NOW)
        firm = WaveSlot.objects.filter(plan=plan)[0].enterprise_id
        mine = Reach(subjects=frozenset({firm}))
        assert reads.windows(mine, NOW) == []
        waves.publish(plan=plan, by="test", now=NOW)
        (window,) = reads.windows(mine, NOW)
        assert (window.day, window.slot.enterprise_id, window.building_people) == (TOMORROW, firm, 420)
        assert window.p95_after < window.p95_before
        assert reads.windows(mine, NOW + 2 * DAY) == []
        own = worked_out(full.towers[0].building, NOW)
        waves.publish(plan=own, by="test", now=NOW + timedelta(seconds=1))
        (window,) = reads.windows(mine, NOW)
        assert window.slot.plan_id == own.id
        with pytest.raises(NotFoundError):
            reads.slot_of_firm(Reach(subjects=frozenset({full.firms[2].id})), window.slot.id)

    def test_a_building_worker_reads_no_window_of_a_tenant_elsewhere(self, full: Works) -> None:
        there, here = (tower.building for tower in full.towers[:2])
        plan = worked_out(full.street, NOW)
        waves.publish(plan=plan, by="test", now=NOW)
        slot = WaveSlot.objects.filter(plan=plan, place=there)[0]
        Attachment.objects.create(
            subject_id=slot.enterprise_id, relation=Relation.TENANT, place=here, since=TODAY, source="test"
        )
        own, other = Reach(paths=(there.path,)), Reach(paths=(here.path,))
        assert slot.id in {one.slot.id for one in reads.windows(own, NOW)}
        assert reads.slot_of_firm(own, slot.id) == slot
        assert reads.windows(other, NOW) == []
        with pytest.raises(NotFoundError):
            reads.slot_of_firm(other, slot.id)

    def test_lanes_and_volunteers_by_quarter(self, full: Works) -> None:
        plan = worked_out(full.street, NOW)
        found = reads.part_page(plan, full.towers[0].building)
        assert sum(need.come for need in found.needs) == pytest.approx(420, abs=len(found.needs))
        assert max(need.lanes for need in found.needs) >= 1
        assert [slot.from_minute for slot in found.slots] == sorted(slot.from_minute for slot in found.slots)
        with pytest.raises(NotFoundError):
            reads.part_page(plan, full.towers[1].building)


class TestForecast:
    def count(self, gate: Place, day: date, minute: int, people: int, outcome: str = "admit") -> None:
        assert gate.parent_id is not None
        Flow.objects.create(
            gate_id=gate.id, place_id=gate.parent_id, quarter_us=clock.day_start_us(day) + minute * clock.MINUTE_US,
            direction="in", outcome=outcome, code="ok", count=people,
        )  # fmt: skip

    def test_without_a_plan_they_come_as_they_asked(self, full: Works) -> None:
        found = forecast(full.towers[0].building, TOMORROW, RULE, NOW)
        assert (found.plan_id, found.people, found.turnout, found.came) == (None, 420, None, None)
        assert [gate.name for gate in found.gates] == ["正门"]
        assert sum(found.gates[0].expected) == pytest.approx(420)
        # asked for 08:30 to 09:00
        assert {start for start, people, _came in found.quarters if people > 0.01} == {510, 525}

    def test_with_a_plan_they_come_in_their_windows(self, full: Works) -> None:
        plan = worked_out(full.street, NOW)
        waves.publish(plan=plan, by="test", now=NOW)
        found = forecast(full.towers[0].building, TOMORROW, RULE, NOW)
        assert found.plan_id == plan.id
        assert sum(people for _start, people, _came in found.quarters) == pytest.approx(found.people)
        assert len([people for _start, people, _came in found.quarters if people > 1]) > 2

    def test_the_days_before_say_how_many_come_and_by_which_gate(self, full: Works) -> None:
        tower = full.towers[0]
        setup.set_up(gate=tower.garage, settings=Settings(direction=Direction.BOTH), by="test", now=NOW)
        plan = worked_out(full.street, NOW, TODAY)
        waves.publish(plan=plan, by="test", now=NOW)
        for gate, people in ((tower.front, 252), (tower.garage, 63)):
            self.count(gate, TODAY, 510, people)
        self.count(tower.front, TODAY, 510, 40, "refuse")
        found = forecast(tower.building, TOMORROW, RULE, NOW + DAY)
        assert found.turnout == pytest.approx(0.75)
        assert [gate.share for gate in found.gates] == [pytest.approx(0.8), pytest.approx(0.2)]
        assert sum(people for _start, people, _came in found.quarters) == pytest.approx(0.75 * 420)

    def test_a_past_day_is_compared_with_what_was_counted(self, full: Works) -> None:
        tower = full.towers[0]
        self.count(tower.front, TODAY, 510, 300)
        self.count(tower.front, TODAY, 540, 60)
        evening = NOW + timedelta(hours=13)
        found = forecast(tower.building, TODAY, RULE, evening)
        assert found.came == 360
        by_start = {start: (people, came) for start, people, came in found.quarters}
        assert by_start[510][1] == 300
        assert by_start[540][0] == pytest.approx(0)
        assert by_start[540][1] == 60
        wrong = sum(abs(people - (came or 0)) for people, came in by_start.values())
        assert found.error == pytest.approx(wrong / 360)
        # of a morning that is not over, the quarters to come have no count
        early = forecast(tower.building, TODAY, RULE, clock.from_us(clock.day_start_us(TODAY)) + timedelta(minutes=526))
        counts = {start: came for start, _people, came in early.quarters}
        assert (counts[510], counts[525], counts[540]) == (300, None, None)

    def test_a_building_without_anybody(self, works: Works) -> None:
        found = forecast(works.towers[0].building, TOMORROW, RULE, NOW)
        assert (found.people, found.error) == (0, None)
        assert sum(people for _start, people, _came in found.quarters) == 0
