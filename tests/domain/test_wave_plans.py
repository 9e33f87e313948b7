"""Plans of the return wave: from what they are made, worked out once, published once, and what gates do then."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import translation

from fangxian.duties.models import Duty, OneOff
from fangxian.gates.actions import setup
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.checks import DeviceFacts, prepare
from fangxian.gates.actions.setup import Settings
from fangxian.gates.models import ArrivalSlot, Device, DeviceKind, Direction, Method, Pass, Reading
from fangxian.gates.queries import hot
from fangxian.registry.models import Subject
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import write_lock
from fangxian.workplaces import sources
from fangxian.workplaces.actions import wave_work, waves
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import (
    Building,
    FilingStatus,
    GateLane,
    Lift,
    Objection,
    PlanStatus,
    Returning,
    StaffState,
    Verdict,
    WavePlan,
    WaveSlot,
)
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.queries.waves import source_of
from fangxian.workplaces.sources import Wish
from fangxian.workplaces.wave.whatif import Change, What
from fangxian.workplaces.wave_results import unpacked
from tests.support.gates import check, employee_pass, make_device
from tests.support.morning import accepted, crowd, tenants, worked_out
from tests.support.threads import at_once
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
NOW = MORNING
TODAY = clock.local_day(NOW)
TOMORROW = TODAY + timedelta(days=1)
DAY = timedelta(days=1)
RULE_START, RULE_END = 450, 600


@pytest.fixture
def works() -> Works:
    return make_works()


@pytest.fixture
def full(works: Works) -> Works:
    """420 people of six enterprises at one door of one lane, all at half past eight: it takes 360 in that time."""
    first = works.towers[0].building
    tenants(first, {f"企业{n}": 70 for n in range(6)}, NOW)
    return works


# ---- sources --------------------------------------------


class TestSources:
    def test_who_comes_back_is_who_is_accepted_and_may_work(self, works: Works) -> None:
        tower, (ginkgo, cloud, _pine) = works.towers[0].building, works.firms
        accepted(ginkgo.id, tower, NOW, ask=(480, 525), home=30)
        crowd(ginkgo.id, tower, 10, NOW, home=1)
        accepted(cloud.id, tower, NOW, status=FilingStatus.SUBMITTED)
        crowd(cloud.id, tower, 5, NOW)
        rows = Returning.objects.filter(enterprise_id=ginkgo.id).order_by("id")
        ill, later, left = rows[7], rows[8], rows[9]
        Returning.objects.filter(id=ill.id).update(state=StaffState.SUSPENDED)
        Returning.objects.filter(id=later.id).update(verdict=Verdict.LATER, verdict_until=TOMORROW + DAY)
        Returning.objects.filter(id=left.id).update(until_us=clock.to_us(NOW))
        assert sources.wishes([tower.id], TOMORROW) == {tower.id: {ginkgo.id: Wish(7, 3, 480, 525, None)}}
        # the observation of one of them is over a day later
        assert sources.wishes([tower.id], TOMORROW + DAY)[tower.id][ginkgo.id].people == 8

    def test_a_tenant_in_two_buildings_comes_to_each(self, works: Works) -> None:
        towers = [tower.building for tower in works.towers]
        for count, tower in zip((4, 6), towers, strict=True):
            accepted(works.firms[0].id, tower, NOW, ask=None)
            crowd(works.firms[0].id, tower, count, NOW)
        found = sources.wishes([tower.id for tower in towers], TOMORROW)
        assert [found[tower.id][works.firms[0].id].people for tower in towers] == [4, 6]
        assert found[towers[0].id][works.firms[0].id] == Wish(4, 0, *sources.USUAL, None)

    def test_who_was_asked_nothing_comes_as_the_passes_say(self, works: Works) -> None:
        tower, firm = works.towers[0].building, works.firms[0]
        accepted(firm.id, tower, NOW, ask=None)
        crowd(firm.id, tower, 4, NOW)
        for number, slot in enumerate((540, 540, 480)):
            employee_pass(
                tower, works.towers[0].units[1], f"员{number}", now=NOW, enterprise_id=firm.id, slot_from=slot,
                slot_until=slot + 30,
            )  # fmt: skip
        assert sources.wishes([tower.id], TOMORROW)[tower.id][firm.id] == Wish(4, 0, 540, 570, None)

    def test_not_before_its_first_day(self, works: Works) -> None:
        tower, firm = works.towers[0].building, works.firms[0]
        accepted(firm.id, tower, NOW, start_on=TOMORROW)
        crowd(firm.id, tower, 4, NOW)
        assert sources.wishes([tower.id], TODAY) == {}
        assert list(sources.wishes([tower.id], TOMORROW)) == [tower.id]

    def test_records_of_one_enterprise_count_together(self, works: Works) -> None:
        tower, (ginkgo, cloud, _pine) = works.towers[0].building, works.firms
        accepted(ginkgo.id, tower, NOW)
        crowd(ginkgo.id, tower, 4, NOW)
        crowd(cloud.id, tower, 3, NOW)
        Subject.objects.filter(id=cloud.id).update(merged_into_id=ginkgo.id)
        assert sources.wishes([tower.id], TOMORROW)[tower.id][ginkgo.id].people == 7

    def test_doors_are_what_was_said_or_what_the_machines_say(self, works: Works) -> None:
        first, second = works.towers
        make_device(first.front, now=NOW)
        make_device(first.front, now=NOW)
        make_device(second.front, DeviceKind.TURNSTILE, now=NOW)
        setup.set_up(gate=second.garage, settings=Settings(direction=Direction.IN), by="test", now=NOW)
        camera = make_device(second.garage, DeviceKind.THERMOMETER, now=NOW)
        Reading.objects.create(
            id=new_id(), gate=second.garage, device=camera, at_us=clock.to_us(NOW) - 1, decidec=365,
            method=Method.CAMERA,
        )  # fmt: skip
        found = sources.doors_of([first.id, second.id], NOW)
        assert {door.gate_id: (dict(door.lanes), door.takes_in) for doors in found.values() for door in doors} == {
            first.front.id: ({"handheld": 2}, True), first.garage.id: ({"handheld": 1}, False),
            second.front.id: ({"turnstile": 1}, True), second.garage.id: ({"thermal": 1}, True),
        }  # fmt: skip
        waves.set_lanes(gate=first.front, lanes={"thermal": 1, "form": 3, "handheld": 0}, by="test", now=NOW)
        (door, _garage) = sources.doors_of([first.id], NOW)[first.id]
        assert (dict(door.lanes), door.said) == ({"form": 3, "thermal": 1}, True)
        waves.set_lanes(gate=first.front, lanes={}, by="test", now=NOW)
        assert not GateLane.objects.exists()

    @pytest.mark.parametrize("lanes", [{"dog": 1}, {"handheld": 51}, {"handheld": -1}])
    def test_lanes_that_cannot_be_are_refused(self, works: Works, lanes: dict[str, int]) -> None:
        with pytest.raises(WorkplaceError):
            waves.set_lanes(gate=works.towers[0].front, lanes=lanes, by="test", now=NOW)
        with pytest.raises(WorkplaceError):
            waves.set_lanes(gate=works.towers[0].building, lanes={"handheld": 1}, by="test", now=NOW)

    def test_lifts_and_caps(self, works: Works) -> None:
        tower = works.towers[0].building
        Building.objects.create(place=tower, people_cap=300, firm_cap=5, lobby_cap=20, changed_us=0)
        for name, is_open in (("甲", True), ("乙", True), ("丙", False)):
            Lift.objects.create(
                place=tower, name=name, cap=6, round_trip_seconds=120, floor_from=1, floor_until=20, is_open=is_open
            )
        rule = plan_at(NOW).section.wave
        one, other = sources.sites([tower, works.towers[1].building], TOMORROW, rule, NOW)
        assert (one.people_cap, one.firm_cap, one.lobby_cap) == (300, 5, 20)
        # two lifts, six people each, every two minutes
        assert one.lobby_per_slot == pytest.approx(6 * rule.slot_minutes)
        assert (other.people_cap, other.lobby_per_slot) == (None, None)
        assert [len(gate.lanes) for gate in one.gates] == [1, 0]


# ---- asked and worked out --------------------------------------------


class TestWorkingOut:
    def test_a_plan_takes_the_crowd_apart(self, full: Works) -> None:
        plan = worked_out(full.street, NOW)
        assert plan.status == PlanStatus.DRAFT
        (found,) = unpacked(plan.result).values()
        assert found.before.p95 > 5.0 >= found.after.p95
        assert found.held
        assert plan.cost == pytest.approx(found.cost, abs=0.001)
        assert plan.bound == pytest.approx(found.bound, abs=0.001)
        assert plan.bound is not None
        assert plan.cost is not None
        assert plan.bound <= plan.cost + 1e-6
        slots = list(WaveSlot.objects.filter(plan=plan))
        assert sum(slot.people + slot.home for slot in slots) == 420
        assert all(RULE_START <= slot.from_minute < slot.until_minute <= RULE_END for slot in slots)
        assert len({slot.from_minute for slot in slots}) > 1
        assert {(slot.ask_from, slot.ask_until) for slot in slots} == {(510, 540)}

    def test_what_if_a_lane_is_added(self, full: Works) -> None:
        bare = worked_out(full.street, NOW)
        lane = Change(What.LANE, gate=full.towers[0].front.id.hex, method="thermal", count=1)
        with_lane = worked_out(full.street, NOW, what_if=(lane,))
        assert with_lane.cost == 0.0
        assert bare.cost is not None
        assert bare.cost > 0.0
        assert with_lane.what_if["changes"][0]["method"] == "thermal"

    def test_asked_twice_it_is_one(self, full: Works) -> None:
        made = [waves.ask(place=full.street, day=TOMORROW, what_if=(), by="test", now=NOW) for _ in range(2)]
        assert made[0] == made[1]
        rain = waves.ask(place=full.street, day=TOMORROW, what_if=(Change(What.RAIN),), by="test", now=NOW)
        assert rain != made[0]

    def test_days_and_places_that_have_no_plan(self, full: Works) -> None:
        for day, place in (
            (TODAY - DAY, full.street), (TODAY + 40 * DAY, full.street), (TOMORROW, full.towers[0].front),
        ):  # fmt: skip
            with pytest.raises(WorkplaceError):
                waves.ask(place=place, day=day, what_if=(), by="test", now=NOW)
        odd = Change(What.METHOD, method="dog")
        with pytest.raises(WorkplaceError):
            waves.ask(place=full.street, day=TOMORROW, what_if=(odd,), by="test", now=NOW)

    def test_nobody_to_plan_for_is_said(self, works: Works) -> None:
        plan = worked_out(works.street, NOW)
        assert plan.status == PlanStatus.FAILED
        assert plan.problem

    def test_a_plan_in_force_without_service_times_is_said(self) -> None:
        works = make_works(plan=False)
        tenants(works.towers[0].building, {"企业": 3}, NOW)
        with translation.override("en"):
            plan = worked_out(works.street, NOW)
        assert plan.status == PlanStatus.FAILED
        assert "Playbook" in plan.problem

    def test_the_first_asked_is_the_first_worked_out(self, full: Works) -> None:
        first = waves.ask(place=full.street, day=TOMORROW, what_if=(), by="test", now=NOW)
        second = waves.ask(place=full.street, day=TODAY, what_if=(), by="test", now=NOW + timedelta(seconds=1))
        assert waves.work_next(now=NOW) == 1
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.status, second.status) == (PlanStatus.DRAFT, PlanStatus.QUEUED)
        assert waves.work_next(now=NOW) == 1
        assert waves.work_next(now=NOW) == 0

    def test_a_worker_that_died_is_taken_over_and_its_late_answer_is_not_kept(
        self, full: Works, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plan = waves.ask(place=full.street, day=TOMORROW, what_if=(), by="test", now=NOW)
        taken = wave_work._take(NOW)
        assert taken is not None
        assert waves.work_next(now=NOW + timedelta(minutes=1)) == 0
        later = NOW + timedelta(minutes=10)
        assert waves.work_next(now=later) == 1
        count = WaveSlot.objects.count()
        _plan, lease = taken
        assert not lease.renew()
        wave_work._keep(plan, [], plan_at(NOW), lease, later)
        plan.refresh_from_db()
        assert (plan.status, WaveSlot.objects.count(), count) == (PlanStatus.DRAFT, 6, 6)
        assert plan.tries == 2

    def test_one_that_kills_its_worker_is_given_up(self, full: Works) -> None:
        plan = waves.ask(place=full.street, day=TOMORROW, what_if=(), by="test", now=NOW)
        at = NOW
        for _ in range(wave_work.MOST_TRIES):
            assert wave_work._take(at) is not None
            at += timedelta(minutes=10)
        assert waves.work_next(now=at) == 0
        plan.refresh_from_db()
        assert plan.status == PlanStatus.FAILED

    @pytest.mark.django_db(transaction=True)
    def test_two_workers_work_it_out_once(self) -> None:
        works = make_works()
        tenants(works.towers[0].building, {f"企业{n}": 70 for n in range(6)}, NOW)
        plan = waves.ask(place=works.street, day=TOMORROW, what_if=(), by="test", now=NOW)
        done: list[int] = []
        at_once(*[lambda: done.append(waves.work_next(now=NOW))] * 3)
        plan.refresh_from_db()
        assert sorted(done) == [0, 0, 1]
        assert (plan.status, plan.tries, plan.slots.count()) == (PlanStatus.DRAFT, 1, 6)


# ---- published --------------------------------------------


def record(tablet: Device, permit: Pass, at: datetime) -> tuple[str, str]:
    hot.forget()
    with write_lock():
        (told,) = write_batch(prepare([check(permit, at, again=True)], DeviceFacts(tablet.id, tablet.gate_id), at))
    return told.outcome, told.code


class TestPublishing:
    def test_gates_keep_to_the_published_plan(self, full: Works) -> None:
        plan = worked_out(full.street, NOW, TODAY)
        assert waves.publish(plan=plan, by="test", now=NOW) == 6
        last = WaveSlot.objects.filter(plan=plan).order_by("-from_minute")[0]
        tower = full.towers[0]
        permit = employee_pass(tower.building, tower.units[1], now=NOW, enterprise_id=last.enterprise_id)
        tablet = make_device(tower.front, now=NOW)
        begins = clock.from_us(clock.day_start_us(TODAY)) + timedelta(minutes=last.from_minute)
        early = timedelta(minutes=16)
        assert record(tablet, permit, begins - early) == ("hold", "too_early")
        assert record(tablet, permit, begins) == ("admit", "ok")

    def test_a_replaced_plan_leaves_nothing_at_the_gates(self, full: Works) -> None:
        first = worked_out(full.street, NOW)
        waves.publish(plan=first, by="test", now=NOW)
        # one of them is not accepted any more
        gone = WaveSlot.objects.filter(plan=first)[0].enterprise_id
        full.towers[0].building.filings.filter(enterprise_id=gone).update(status=FilingStatus.SUSPENDED)
        second = worked_out(full.street, NOW)
        assert waves.publish(plan=second, by="test", now=NOW) == 5
        first.refresh_from_db()
        assert first.status == PlanStatus.REPLACED
        held = ArrivalSlot.objects.filter(ended_us__isnull=True)
        assert set(held.values_list("source", flat=True)) == {source_of(second.id)}
        assert not held.filter(enterprise_id=gone).exists()

    def test_a_plan_for_one_building_leaves_the_others_theirs(self, full: Works) -> None:
        other = tenants(full.towers[1].building, {"隔壁": 20}, NOW)["隔壁"]
        street = worked_out(full.street, NOW)
        waves.publish(plan=street, by="test", now=NOW)
        mine = worked_out(full.towers[0].building, NOW)
        waves.publish(plan=mine, by="test", now=NOW)
        held = ArrivalSlot.objects.filter(ended_us__isnull=True)
        assert held.get(enterprise_id=other).source == source_of(street.id)
        assert held.filter(source=source_of(mine.id)).count() == 6
        street.refresh_from_db()
        assert street.status == PlanStatus.PUBLISHED

    def test_only_a_draft_of_a_day_to_come_is_published(self, full: Works) -> None:
        plan = worked_out(full.street, NOW)
        with pytest.raises(WorkplaceError):
            waves.publish(plan=plan, by="test", now=NOW + 2 * DAY)
        waves.publish(plan=plan, by="test", now=NOW)
        with pytest.raises(WorkplaceError):
            waves.publish(plan=plan, by="test", now=NOW)
        plan.refresh_from_db()
        assert plan.status == PlanStatus.PUBLISHED
        assert ArrivalSlot.objects.filter(ended_us__isnull=True).count() == 6

    def test_a_plan_that_fails_to_publish_leaves_the_one_before(self, full: Works) -> None:
        first = worked_out(full.street, NOW)
        waves.publish(plan=first, by="test", now=NOW)
        queued = waves.ask(place=full.street, day=TOMORROW, what_if=(), by="test", now=NOW)
        with pytest.raises(WorkplaceError):
            waves.publish(plan=queued, by="test", now=NOW)
        first.refresh_from_db()
        assert first.status == PlanStatus.PUBLISHED

    def test_taken_back(self, full: Works) -> None:
        plan = worked_out(full.street, NOW)
        waves.publish(plan=plan, by="test", now=NOW)
        waves.take_back(plan=plan, by="test", now=NOW)
        assert not ArrivalSlot.objects.filter(ended_us__isnull=True).exists()
        with pytest.raises(WorkplaceError):
            waves.take_back(plan=plan, by="test", now=NOW)

    def test_passes_of_a_merged_record_have_the_window_too(self, full: Works) -> None:
        plan = worked_out(full.street, NOW)
        firm = WaveSlot.objects.filter(plan=plan)[0].enterprise_id
        Subject.objects.filter(id=full.firms[1].id).update(merged_into_id=firm)
        assert waves.publish(plan=plan, by="test", now=NOW) == 7
        assert ArrivalSlot.objects.filter(enterprise_id=full.firms[1].id).exists()

    @pytest.mark.django_db(transaction=True)
    def test_of_two_published_at_once_one_holds(self) -> None:
        works = make_works()
        tenants(works.towers[0].building, {f"企业{n}": 70 for n in range(6)}, NOW)
        drafts = [worked_out(works.street, NOW, what_if=what) for what in ((), (Change(What.RAIN),))]
        refused: list[WorkplaceError] = []

        def publish(plan: WavePlan) -> None:
            try:
                waves.publish(plan=plan, by="test", now=NOW)
            except WorkplaceError as error:
                refused.append(error)

        at_once(*(partial(publish, plan) for plan in drafts))
        shown = WavePlan.objects.get(day=TOMORROW, status=PlanStatus.PUBLISHED)
        held = ArrivalSlot.objects.filter(ended_us__isnull=True)
        assert set(held.values_list("source", flat=True)) == {source_of(shown.id)}
        assert held.count() == 6
        states = sorted(WavePlan.objects.values_list("status", flat=True))
        assert states == (["draft", "published"] if refused else ["published", "replaced"])


# ---- objections --------------------------------------------


class TestObjections:
    @pytest.fixture
    def slot(self, full: Works) -> WaveSlot:
        plan = worked_out(full.street, NOW)
        waves.publish(plan=plan, by="test", now=NOW)
        return WaveSlot.objects.filter(plan=plan).order_by("-from_minute")[0]

    def test_it_gives_the_street_a_duty_and_the_answer_ends_it(self, slot: WaveSlot) -> None:
        waves.object(slot=slot, text=" 班车九点才到 ", by="hr", now=NOW)
        duty = Duty.objects.get(one_off__source__startswith=f"wave-objection:{slot.id}")
        assert "班车" not in OneOff.objects.get(duty=duty).title
        with pytest.raises(WorkplaceError):
            waves.object(slot=slot, text="再说一次", by="hr", now=NOW)
        assert waves.answer_objection(slot=slot, keep=True, text="请克服", window=None, by="head", now=NOW) is None
        slot.refresh_from_db()
        assert (slot.objection, slot.answer_text, slot.pinned) == (Objection.KEPT, "请克服", False)
        duty.refresh_from_db()
        assert duty.last_us is not None or duty.ended_us is not None
        with pytest.raises(WorkplaceError):
            waves.answer_objection(slot=slot, keep=True, text="又", window=None, by="head", now=NOW)
        # what was answered may be objected to again
        waves.object(slot=slot, text="还是不行", by="hr", now=NOW + timedelta(minutes=1))

    def test_one_that_is_heard_holds_in_the_next_plan_and_the_one_after(self, full: Works, slot: WaveSlot) -> None:
        waves.object(slot=slot, text="班车七点半到", by="hr", now=NOW)
        asked = waves.answer_objection(
            slot=slot, keep=False, text="改为7:30", window=(450, 480), by="head", now=NOW
        )  # fmt: skip
        assert asked is not None
        assert asked.status == PlanStatus.QUEUED
        # until the new plan is published the old window holds
        assert ArrivalSlot.objects.get(enterprise_id=slot.enterprise_id).from_minute == slot.from_minute
        waves.work_next(now=NOW)
        asked.refresh_from_db()
        waves.publish(plan=asked, by="head", now=NOW + timedelta(minutes=1))
        row = WaveSlot.objects.get(plan=asked, enterprise_id=slot.enterprise_id)
        assert (row.from_minute, row.until_minute, row.pinned) == (450, 480, True)
        assert (row.ask_from, row.ask_until) == (510, 540)
        again = worked_out(full.street, NOW)
        assert WaveSlot.objects.get(plan=again, enterprise_id=slot.enterprise_id).from_minute == 450

    @pytest.mark.parametrize("window", [None, (600, 540), (-5, 20), (1_430, 1_500)])
    def test_another_window_must_be_one(self, slot: WaveSlot, window: tuple[int, int] | None) -> None:
        waves.object(slot=slot, text="不行", by="hr", now=NOW)
        with pytest.raises(WorkplaceError):
            waves.answer_objection(slot=slot, keep=False, text="好", window=window, by="head", now=NOW)
        slot.refresh_from_db()
        assert slot.objection == Objection.RAISED

    def test_words_are_needed_and_the_plan_must_hold(self, full: Works, slot: WaveSlot) -> None:
        with pytest.raises(WorkplaceError):
            waves.object(slot=slot, text="  ", by="hr", now=NOW)
        with pytest.raises(WorkplaceError):
            waves.object(slot=slot, text="晚了", by="hr", now=NOW + 2 * DAY)
        draft = worked_out(full.street, NOW, what_if=(Change(What.RAIN),))
        with pytest.raises(WorkplaceError):
            waves.object(slot=WaveSlot.objects.filter(plan=draft)[0], text="草案", by="hr", now=NOW)

    def test_of_two_answers_one_counts(self, slot: WaveSlot) -> None:
        waves.object(slot=slot, text="不行", by="hr", now=NOW)
        stale = WaveSlot.objects.get(id=slot.id)
        waves.answer_objection(slot=slot, keep=True, text="请克服", window=None, by="head", now=NOW)
        with pytest.raises(WorkplaceError), transaction.atomic():
            waves.answer_objection(slot=stale, keep=False, text="好", window=(450, 480), by="leader", now=NOW)
        slot.refresh_from_db()
        assert (slot.objection, slot.pinned) == (Objection.KEPT, False)


def test_ids(works: Works) -> None:
    """An enterprise's key in a plan is the id of its subject."""
    tenants(works.towers[0].building, {"企业": 3}, NOW)
    (site,) = sources.sites([works.towers[0].building], TOMORROW, plan_at(NOW).section.wave, NOW)
    assert Subject.objects.get(id=UUID(site.firms[0].key)).label == "企业"
