"""Public areas owe disinfection; what was done is kept, counted and booked out of the store, whatever the book says."""

import threading
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from fangxian.accounts import access
from fangxian.accounts.access import Reach
from fangxian.accounts.roles import Capability, Role
from fangxian.audit.models import Entry
from fangxian.duties import actions as duties
from fangxian.duties.models import Counter, Duty, Fulfilment, Gap, GapStatus, Member, OneOff, Standing
from fangxian.hygiene import actions, folds, queries
from fangxian.hygiene.actions import LogEntry, LogError, Taken
from fangxian.hygiene.models import Channel, DisinfectionLog, Mark, Shortage
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.stock import actions as stock
from fangxian.stock import queries as stock_queries
from fangxian.stock.models import Item, Transfer
from tests.support.yard import NIGHT_BEFORE, Yard, apply_covid, at, make_yard, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def yard(db: None) -> Yard:
    return enrolled_yard()


def enrolled_yard() -> Yard:
    yard = make_yard()
    apply_covid()
    actions.list_agents(by="test", now=NIGHT_BEFORE)
    actions.enrol_areas(places=list(yard.areas.values()), by="test", now=NIGHT_BEFORE)
    return yard


def fill(place: Place, quantity: int, agent: str = "chlorine-84") -> None:
    stock.receive(
        id=new_id(), item=Item.objects.get(key=agent), place=place, quantity=quantity, by="test", now=NIGHT_BEFORE
    )


def held(place: Place, agent: str = "chlorine-84") -> int:
    return stock_queries.held_by([place.id], agent).get(place.id, 0)


def entry(
    area: Place, when: datetime, *, agent: str = "chlorine-84", mg: int | None = 500, ml: int = 5_000,
    id: UUID | None = None,
) -> LogEntry:  # fmt: skip
    return LogEntry(id or new_id(), area.id, agent, mg, ml, when)


def owed(area: Place) -> Duty:
    return Duty.objects.get(subject_id=area.id, ended_us__isnull=True)


def test_each_area_owes_by_the_rule_of_its_type(yard: Yard) -> None:
    keys = set(Duty.objects.values_list("rule__key", "subject_id"))
    assert keys == {(f"disinfect-{area_type}", area.id) for area_type, area in yard.areas.items()}
    assert owed(yard.areas["lobby"]).node_id == yard["网格03"].id
    assert owed(yard.areas["office-lobby"]).node_id == yard["海螺大厦"].id
    again = actions.enrol_areas(places=list(yard.areas.values()), by="test", now=NIGHT_BEFORE)
    assert (again.enrolled, again.unlisted) == (0, ())


def test_a_record_fulfils_the_window_and_draws_the_concentrate_from_the_nearest_store(yard: Yard) -> None:
    fill(yard["中华新村"], 200)
    fill(yard["何家角"], 1_000)
    lobby = yard.areas["lobby"]
    done = actions.log(entry=entry(lobby, at(9)), by="test", now=at(9, 1))
    assert (done.taken, done.marks) == (Taken.STORED, ())
    assert done.next_due_us == clock.to_us(at(19))
    assert (held(yard["中华新村"]), held(yard["何家角"])) == (150, 1_000)
    row = DisinfectionLog.objects.get()
    assert (row.agent_units, row.drawn_units, row.area_type) == (50, 50, "lobby")
    assert row.playbook_id is not None
    assert Fulfilment.objects.get().ref == f"disinfection:{row.id}"
    assert Transfer.objects.get(ref=f"disinfection:{row.id}").quantity == 50
    duties.sweep(now=at(12))
    assert not Gap.objects.filter(duty=owed(lobby)).exists()
    assert Entry.objects.get(act="hygiene.logged").detail == {"count": 1}


def test_a_missed_window_is_a_gap_and_a_late_record_closes_it(yard: Yard) -> None:
    fill(yard["何家角"], 1_000)
    lobby = yard.areas["lobby"]
    duties.sweep(now=at(8))
    duties.sweep(now=at(11, 31))
    assert Gap.objects.get(duty__subject_id=lobby.id).status == GapStatus.OPEN
    assert Standing.objects.get(subject_id=lobby.id).open_gaps == 1
    actions.log(entry=entry(lobby, at(11, 45)), by="test", now=at(11, 46))
    assert Gap.objects.get(duty__subject_id=lobby.id).outcome == "late"
    assert Standing.objects.get(subject_id=lobby.id).open_gaps == 0


def test_what_was_done_in_time_and_came_in_late_is_met(yard: Yard) -> None:
    fill(yard["何家角"], 1_000)
    lobby = yard.areas["lobby"]
    duties.sweep(now=at(8))
    duties.sweep(now=at(12))
    sent = LogEntry(new_id(), lobby.id, "chlorine-84", 500, 5_000, at(9), offline=True, channel=Channel.PACK)
    actions.log(entry=sent, by="test", now=at(13))
    counter = Counter.objects.get(rule__key="disinfect-lobby", window_us=clock.to_us(at(7)))
    assert (counter.expected, counter.met, counter.late, counter.missed) == (1, 1, 0, 0)
    row = DisinfectionLog.objects.get()
    assert (row.offline, row.channel, clock.from_us(row.observed_us)) == (True, Channel.PACK, at(9))


def test_the_same_batch_twice_changes_nothing(yard: Yard) -> None:
    fill(yard["何家角"], 1_000)
    batch = [entry(area, at(9), ml=2_000) for area in yard.areas.values()]
    first = actions.log_many(items=[*batch, batch[0]], by="test", now=at(10))
    assert [one.taken for one in first] == [Taken.STORED] * 6
    left, transfers = held(yard["何家角"]), Transfer.objects.count()
    counters = list(Counter.objects.order_by("id").values_list("met", "late", "missed"))
    again = actions.log_many(items=batch, by="test", now=at(11))
    assert [one.taken for one in again] == [Taken.AGAIN] * 5
    assert [one.next_due_us for one in again] == [one.next_due_us for one in first[:5]]
    assert (held(yard["何家角"]), Transfer.objects.count()) == (left, transfers)
    assert list(Counter.objects.order_by("id").values_list("met", "late", "missed")) == counters
    assert DisinfectionLog.objects.count() == 5


def test_a_batch_is_answered_one_by_one(yard: Yard) -> None:
    fill(yard["何家角"], 1_000)
    good, lobby = entry(yard.areas["stairs"], at(9)), yard.areas["lobby"]
    bad = [
        entry(yard["中华新村"], at(9)),
        entry(lobby, at(9), ml=0),
        entry(lobby, at(9), ml=2_000_000),
        entry(lobby, at(9), mg=-1),
        entry(lobby, at(9, days=-90)),
    ]
    answers = actions.log_many(items=[*bad, good], by="test", now=at(10))
    assert [one.taken for one in answers] == [Taken.REFUSED] * 5 + [Taken.STORED]
    assert all(one.reason for one in answers[:5])
    assert list(DisinfectionLog.objects.values_list("id", flat=True)) == [good.id]
    with pytest.raises(LogError, match=answers[1].reason):
        actions.log(entry=bad[1], by="test", now=at(10))


def test_what_contradicts_the_plan_is_kept_with_its_mark_and_still_counts(yard: Yard) -> None:
    fill(yard["何家角"], 1_000)
    lobby = yard.areas["lobby"]
    weak = actions.log(entry=entry(lobby, at(9), mg=250), by="test", now=at(9))
    assert weak.marks == (Mark.TOO_WEAK,)
    unknown = actions.log(entry=entry(yard.areas["stairs"], at(9), agent="bleach"), by="test", now=at(9))
    assert unknown.marks == (Mark.UNKNOWN_AGENT,)
    ahead = actions.log(entry=entry(yard.areas["lift-cabin"], at(18)), by="test", now=at(9))
    assert ahead.marks == (Mark.CLOCK,)
    assert ahead.next_due_us == clock.to_us(at(14))  # the morning is done, the evening is not
    assert owed(lobby).last_us == clock.to_us(at(9))


def test_nothing_is_refused_because_the_store_is_short_and_one_duty_fetches_more(yard: Yard) -> None:
    fill(yard["何家角"], 60)
    first = actions.log(entry=entry(yard.areas["lobby"], at(9)), by="test", now=at(9))
    second = actions.log(entry=entry(yard.areas["stairs"], at(9)), by="test", now=at(9))
    assert (first.marks, second.marks) == ((), (Mark.NO_STOCK,))
    assert held(yard["何家角"]) == 0
    assert list(DisinfectionLog.objects.order_by("received_us", "id").values_list("agent_units", "drawn_units")) == [
        (50, 50), (50, 10),
    ]  # fmt: skip
    given = OneOff.objects.get()
    assert given.role == Role.COMMITTEE_WORKER
    assert given.duty.place_id == yard["何家角"].id
    actions.log(entry=entry(yard.areas["lift-cabin"], at(9)), by="test", now=at(9, 30))
    short = Shortage.objects.get()
    assert (short.missing_units, short.duty_id) == (90, given.duty_id)
    duties.done(duty=given.duty, by="test", now=at(10))
    actions.log(entry=entry(yard.areas["lobby"], at(16)), by="test", now=at(16))
    assert OneOff.objects.count() == 2
    assert Shortage.objects.filter(closed_us__isnull=True).get().missing_units == 50
    assert stock_queries.prove()[0].holds


def test_an_agent_that_arrives_settles_the_duty_that_fetched_it(yard: Yard) -> None:
    committee = yard["何家角"]
    assert not actions.restocked(place=committee, agent="chlorine-84", by="test", now=at(9))
    actions.log(entry=entry(yard.areas["lobby"], at(9)), by="test", now=at(9))
    given = OneOff.objects.get()
    assert not actions.restocked(place=committee, agent="ethanol-75", by="test", now=at(10))
    assert actions.restocked(place=committee, agent="chlorine-84", by="test", now=at(10))
    given.duty.refresh_from_db()
    assert given.duty.deadline_us is None
    assert Shortage.objects.get().closed_us == clock.to_us(at(10))
    assert not actions.restocked(place=committee, agent="chlorine-84", by="test", now=at(10))


def test_a_store_that_stays_short_past_the_time_has_one_gap_and_no_second_duty(yard: Yard) -> None:
    actions.log(entry=entry(yard.areas["lobby"], at(9)), by="test", now=at(9))
    duties.sweep(now=at(14))
    given = OneOff.objects.get()
    gap = Gap.objects.get(duty=given.duty)
    actions.log(entry=entry(yard.areas["stairs"], at(16)), by="test", now=at(16))
    assert OneOff.objects.count() == 1
    actions.restocked(place=yard["何家角"], agent="chlorine-84", by="test", now=at(17))
    gap.refresh_from_db()
    assert (gap.status, gap.outcome) == (GapStatus.CLOSED, "late")


def test_a_record_past_its_term_loses_who_made_it_and_keeps_what_was_done(yard: Yard) -> None:
    actions.log(entry=entry(yard.areas["lobby"], at(9)), by="somebody", now=at(9))
    actions.log(entry=entry(yard.areas["stairs"], at(9, days=2)), by="somebody", now=at(9, days=2))
    assert actions.forget_old(now=at(9, days=364)) == 0
    assert actions.forget_old(now=at(10, days=366)) == 1
    assert list(DisinfectionLog.objects.order_by("received_us").values_list("by", "working_ml")) == [
        ("", 5_000), ("somebody", 5_000),
    ]  # fmt: skip
    assert actions.forget_old(now=at(10, days=366)) == 0


def test_in_an_office_building_the_property_manager_fetches_more(yard: Yard) -> None:
    actions.log(entry=entry(yard.areas["office-lobby"], at(9)), by="test", now=at(9))
    given = OneOff.objects.get()
    assert (given.role, given.duty.place.name) == (Role.PROPERTY_MANAGER, "海螺大厦")


def test_a_record_outside_the_persons_reach_is_refused(yard: Yard) -> None:
    worker = staff(Role.GRID_WORKER, yard["网格03"])
    held_by = access.reach(worker, Capability.DISINFECT, at(9))
    items = [entry(yard.areas["lobby"], at(9)), entry(yard.areas["office-lobby"], at(9))]
    answers = actions.log_many(items=items, by=worker.actor, now=at(9), within=held_by)
    assert [one.taken for one in answers] == [Taken.STORED, Taken.REFUSED]


def test_the_list_begins_with_what_lapsed_and_leaves_out_what_is_not_due(yard: Yard) -> None:
    fill(yard["何家角"], 1_000)
    everything = Reach(paths=(yard["虹桥街道"].path,))
    assert queries.due_now(everything, at(5), "zh-hans") == []
    duties.sweep(now=at(6, 40))
    actions.log(entry=entry(yard.areas["lobby"], at(9)), by="test", now=at(9))
    for hour in (8, 10):
        duties.sweep(now=at(hour, 16))
    tasks = queries.due_now(everything, at(10, 20), "zh-hans")
    assert [(task.area_type, task.state) for task in tasks] == [
        ("lift-cabin", queries.State.GAP),
        ("lift-buttons", queries.State.GAP),
        ("stairs", queries.State.DUE),
        ("office-lobby", queries.State.DUE),
    ]
    preset = tasks[0].presets[0]
    assert (preset.agent, preset.mg_per_l, preset.working_ml, preset.agent_units, preset.water_ml) == (
        "chlorine-84", 500, 2_000, 20, 1_980,
    )  # fmt: skip
    assert tasks[0].name == "中华新村 1号楼 lift-cabin"
    assert queries.due_now(everything, at(10, 20), "en")[0].type_title == "lift cabin"
    only_office = queries.due_now(Reach(paths=(yard["虹储"].path,)), at(10, 20), "zh-hans")
    assert {task.area_type for task in only_office} == {"office-lobby"}


def test_the_day_pack_holds_every_area_of_the_reach_as_json(yard: Yard) -> None:
    areas = queries.pack_areas(Reach(grids=frozenset({yard["网格03"].id})), at(5), "zh-hans")
    assert {area["area_type"] for area in areas} == {"lift-buttons", "lift-cabin", "lobby", "stairs"}
    assert all(isinstance(area["area_id"], str) and area["due_us"] for area in areas)
    assert areas[0]["presets"][0]["agent"]


def test_the_fold_follows_the_tree(yard: Yard) -> None:
    assert folds.fold_areas(now=at(6)) == 0
    lobby, stairs = yard.areas["lobby"], yard.areas["stairs"]
    places.close(place=lobby, on=at(6).date(), by="test", now=at(6))
    Place.objects.filter(id=stairs.id).update(area_type="handrails")
    new = NewPlace(PlaceKind.AREA, "toilet", yard["中华新村"].id, area_type="toilet")
    odd = NewPlace(PlaceKind.AREA, "odd", yard["中华新村"].id, area_type="no-such-type")
    places.add(places=[new, odd], by="test", now=at(6))
    grid = places.add(places=[NewPlace(PlaceKind.GRID, "网格04", yard["何家角"].id)], by="test", now=at(6))[0]
    places.lay_grid(places=[yard.areas["lift-cabin"]], grid=grid, by="test", now=at(6), reason="test")
    assert folds.fold_areas(now=at(6)) == 5  # closed, left its type, its new type, new, another grid
    live = Member.objects.filter(until_us__isnull=True)
    cohorts = dict(live.values_list("place__name", "cohort__key"))
    assert cohorts == {
        "stairs": "area:handrails", "toilet": "area:toilet", "lift-cabin": "area:lift-cabin",
        "lift-buttons": "area:lift-buttons", "office-lobby": "area:office-lobby",
    }  # fmt: skip
    assert live.get(place__name="lift-cabin").node_id == grid.id
    assert live.get(place__name="toilet").node_id == yard["何家角"].id
    assert not Duty.objects.filter(subject_id=lobby.id, ended_us__isnull=True).exists()
    assert folds.fold_areas(now=at(6)) == 0


def test_a_photo_is_kept_and_opening_it_is_in_the_audit(
    yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "FILES_DIR", tmp_path)
    out = BytesIO()
    Image.new("RGB", (30, 30), "blue").save(out, "JPEG")
    digest = actions.keep_photo(content=out.getvalue(), name="a.jpg", by="test", now=at(9))
    sent = LogEntry(new_id(), yard.areas["lobby"].id, "chlorine-84", 500, 5_000, at(9), photo=digest)
    actions.log(entry=sent, by="test", now=at(9))
    row = DisinfectionLog.objects.get()
    media_type, content = actions.open_photo(row=row, by="somebody", now=at(10))
    assert (media_type, content[:2]) == ("image/jpeg", b"\xff\xd8")
    opened = Entry.objects.get(act="hygiene.photo.opened")
    assert (opened.actor, opened.target) == ("somebody", f"disinfection:{row.id}")


def test_without_a_plan_a_record_is_kept_and_marked() -> None:
    yard = make_yard()
    done = actions.log(entry=entry(yard.areas["lobby"], at(9)), by="test", now=at(9))
    assert done.marks == (Mark.NOT_LISTED, Mark.UNKNOWN_AGENT)
    assert DisinfectionLog.objects.get().playbook_id is None


@pytest.mark.django_db(transaction=True)
def test_the_same_record_from_two_requests_at_once_is_one() -> None:
    yard = enrolled_yard()
    fill(yard["何家角"], 1_000)
    batch = [entry(area, at(9), ml=2_000) for area in yard.areas.values()]
    gate, taken, faults = threading.Barrier(2), list[Taken](), list[BaseException]()

    def send() -> None:
        try:
            gate.wait(timeout=10)
            taken.extend(one.taken for one in actions.log_many(items=batch, by="test", now=at(10)))
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert faults == []
    assert sorted(taken) == [Taken.AGAIN] * 5 + [Taken.STORED] * 5
    assert DisinfectionLog.objects.count() == 5
    # four areas of 中华新村 at 20 ml each, but for the buttons, whose 2 litres of bleach weigh as much
    assert held(yard["何家角"]) == 1_000 - 4 * 20
    assert stock_queries.prove()[0].holds


def test_a_hundred_records_take_few_statements(yard: Yard) -> None:
    fill(yard["何家角"], 100_000)
    batch = [entry(yard.areas["lobby"], at(9) + timedelta(seconds=number), ml=1_000) for number in range(100)]
    with CaptureQueriesContext(connection) as ran:
        actions.log_many(items=batch, by="test", now=at(10))
    assert DisinfectionLog.objects.count() == 100
    assert len(ran) < 90
