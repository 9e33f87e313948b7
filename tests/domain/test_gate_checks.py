"""Checks decided and stored in batches: what is admitted, what is counted, and what a repeat does."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.gates.actions import checks, holds, passes
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.check_items import EARLIEST_US, LATEST_US, CheckIn, Prepared, Taken
from fangxian.gates.actions.checks import DeviceFacts, prepare
from fangxian.gates.models import Check, GateSetup, PassKind, Presence, Referral, Used
from fangxian.gates.queries import hot
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.group_commit import FullError, GroupCommit, NotStoredError
from fangxian.shared.writer import write_lock
from tests.support.factories import MORNING, Street, make_staff, make_street, make_vehicle
from tests.support.gates import (
    Office,
    check,
    employee_pass,
    leaving,
    make_enterprise,
    make_gate,
    make_office,
    resident_permit,
)

NOW = MORNING + timedelta(minutes=5)
pytestmark = pytest.mark.django_db


def record(
    office: Office, *items: CheckIn, now: datetime = NOW, gate: Place | None = None, device_us: int | None = None
) -> list[Taken]:
    """As `checks.record` does, on this thread: the rows of a test are not seen by another."""
    hot.forget()
    device = DeviceFacts(office.tablet.id, (gate or office.front).id)
    with write_lock():
        return write_batch(prepare(items, device, now, device_us=device_us))


def test_it_admits_and_counts_who_is_inside(street: Street, office: Office) -> None:
    first = employee_pass(office.building, street.dwellings[0])
    second = employee_pass(office.building, street.dwellings[1], "韩梅梅")
    told = record(office, check(first), check(second))
    assert [one.outcome for one in told] == ["admit", "admit"]
    assert [one.inside for one in told] == [1, 2]
    assert told[0].name == "李雷"
    assert told[0].company == "银杏贸易有限公司"
    assert record(office, leaving(first))[0].inside == 1
    row = Check.objects.get(pass_id=second.id)
    assert (row.decidec, row.mask, row.identity, row.place_id) == (365, True, True, office.building.id)


def test_a_check_sent_again_is_stored_and_counted_once(street: Street, office: Office) -> None:
    item = check(employee_pass(office.building, street.dwellings[0]))
    assert record(office, item, item)[1].status == "known"
    again = record(office, item)[0]
    assert (again.status, again.outcome, again.code) == ("known", "admit", "ok")
    assert Check.objects.count() == 1
    assert Used.objects.get(key=f"in:{office.building.id.hex}").count == 1


def test_a_second_entry_without_exit_waits_for_confirmation_and_both_are_recorded(
    street: Street, office: Office
) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    told = record(office, check(permit), check(permit), check(permit, again=True))
    assert [one.code for one in told] == ["ok", "already_inside", "ok"]
    assert Check.objects.count() == 3
    assert told[2].inside == 1


def test_somebody_inside_one_building_is_not_admitted_to_another_unasked(street: Street, office: Office) -> None:
    other = make_office(street, "古北大厦")
    permit = employee_pass(street.neighbourhoods[0], street.dwellings[0])
    record(office, check(permit))
    assert record(other, check(permit))[0].code == "already_inside"
    assert record(other, check(permit, again=True))[0].outcome == "admit"
    assert Used.objects.get(key=f"in:{office.building.id.hex}").count == 0
    assert Presence.objects.filter(inside=True).count() == 1


def test_a_fever_is_held_measured_again_and_referred_with_a_number(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    first = check(permit, temp=37.6)
    assert record(office, first)[0].code == "fever"
    soon = check(permit, MORNING + timedelta(minutes=3), temp=37.5, method="axillary", first=first.id)
    assert record(office, soon)[0].code == "second_too_soon"
    late = MORNING + timedelta(minutes=16)
    second = check(permit, late, temp=37.5, method="axillary", first=first.id)
    told = record(office, second, now=late)[0]
    assert (told.outcome, told.code, told.referral) == ("refer", "fever_again", "G-20200217-001")
    referral = Referral.objects.get()
    assert (referral.check_id, referral.first_id, referral.subject_id) == (second.id, first.id, permit.subject_id)
    assert not Presence.objects.filter(inside=True).exists()


def test_a_fever_that_was_none_is_admitted_after_the_rest(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    first = check(permit, temp=37.3)
    late = MORNING + timedelta(minutes=16)
    told = record(office, first, check(permit, late, temp=36.9, method="axillary", first=first.id), now=late)
    assert [one.code for one in told] == ["fever", "second_ok"]


def test_outings_of_a_household_are_used_up_and_come_back_with_the_next_period(street: Street, office: Office) -> None:
    gate = make_gate(street.compounds[0])
    permit = resident_permit(street.compounds[0], street.dwellings[0])
    told = record(office, leaving(permit), check(permit), leaving(permit), gate=gate)
    assert [one.code for one in told] == ["exit", "ok", "no_outings"]
    later = MORNING + timedelta(days=2)
    assert record(office, leaving(permit, later), gate=gate, now=later)[0].code == "exit"


def test_a_pass_for_one_entry_is_good_once(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0], kind=PassKind.COURIER, once=True)
    told = record(office, check(permit), leaving(permit), check(permit))
    assert [one.code for one in told] == ["ok", "exit", "used_up"]


def test_the_cap_of_a_gate_holds_within_one_batch(street: Street, office: Office) -> None:
    GateSetup.objects.create(gate=office.front, day_cap=2, changed_us=0)
    items = [check(employee_pass(office.building, street.dwellings[0], f"员工{n}")) for n in range(3)]
    assert [one.code for one in record(office, *items)] == ["ok", "ok", "full"]


@pytest.mark.parametrize(("change", "code"), [("suspend", "suspended"), ("revoke", "revoked")])
def test_a_pass_that_is_not_in_force_is_refused_but_lets_out(
    street: Street, office: Office, change: str, code: str
) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    record(office, check(permit))
    getattr(passes, change)(passes=[permit], reason="名单有误", by="test", now=NOW)
    told = record(office, leaving(permit), check(permit))
    assert [one.code for one in told] == ["exit", code]


def test_a_forged_pass_is_refused_and_marked(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    token = permit.token[:-4] + ("AAAA" if not permit.token.endswith("AAAA") else "BBBB")
    told = record(office, check(token=token))[0]
    assert told.outcome == "refuse"
    assert told.code in {"forged", "unreadable"}
    assert record(office, check(token="HC1:6BFOXN%TS3DH"))[0].code == "foreign_code"
    assert record(office, check(number="ZZZZZZZZZZ"))[0].code == "unknown_pass"


def test_an_override_carries_a_name_and_a_reason_and_never_passes_a_second_fever(
    street: Street, office: Office
) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    guard = make_staff(Role.GATE_GUARD, office.building).id
    nameless = check(permit, mask=False, override="口罩在车上")
    made_up = check(permit, mask=False, override="口罩在车上", guard="f" * 32)
    named = check(permit, mask=False, override="口罩在车上", guard=guard.hex)
    told = record(office, nameless, made_up, named)
    assert [(one.outcome, one.code) for one in told] == [("refuse", "no_mask")] * 2 + [("admit", "overridden")]
    row = Check.objects.get(id=named.id)
    assert (row.said, row.marks, row.override) == ("refuse", "over:no_mask", "口罩在车上")
    hot_one = check(permit, temp=38.0)
    late = MORNING + timedelta(minutes=20)
    second = check(permit, late, temp=38.0, method="axillary", first=hot_one.id, override="急", guard=str(guard))
    assert record(office, hot_one, second, now=late)[1].outcome == "refer"


def test_who_is_no_guard_any_more_overrides_nothing_but_what_was_done_is_kept(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    guard = make_staff(Role.GATE_GUARD, office.building)
    Staff.objects.filter(id=guard.id).update(is_active=False)
    by = {"mask": False, "override": "口罩在车上", "guard": guard.actor}
    away = {"offline": True, "said": "admit", "said_code": "overridden"}
    told = record(office, check(permit, **by), check(permit, **by, **away), check(permit, **by, **away, again=True))
    assert [(one.outcome, one.marks) for one in told] == [("refuse", ()), ("admit", ()), ("admit", ())]
    unknown = check(permit, again=True, **(by | away | {"guard": "f" * 32}))
    assert record(office, unknown)[0].marks == ("other",)


def test_unknown_keys_do_not_put_out_what_is_known() -> None:
    asked: list[int] = []

    def read(key: int, _now_us: int) -> str | None:
        asked.append(key)
        return "device" if key == 0 else None

    kept = hot.Kept(read, clock.SECOND_US)
    for key in range(hot.MOST_KEPT + 10):
        kept.at(key, 1)
    assert kept.at(0, 2) == "device"
    assert asked.count(0) == 1
    last = hot.MOST_KEPT + 9
    assert kept.at(last, 2) is None
    assert asked.count(last) == 1  # a key that stands for nothing is not asked for again either
    assert len(kept._missed) <= hot.MOST_MISSED


def test_what_was_done_without_a_network_is_kept_and_the_contradiction_marked(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    passes.revoke(passes=[permit], reason="离职", by="test", now=MORNING - timedelta(hours=1))
    told = record(office, check(permit, offline=True, said="admit", said_code="ok"))[0]
    assert (told.outcome, told.marks) == ("admit", ("not_in_force",))
    assert Check.objects.get().said == "refuse"


def test_two_gates_without_a_network_admit_one_pass_and_the_double_use_is_found(street: Street, office: Office) -> None:
    permit = employee_pass(street.neighbourhoods[0], street.dwellings[0])
    other = make_office(street, "古北大厦")
    said = {"offline": True, "said": "admit", "said_code": "ok"}
    assert record(office, check(permit, **said))[0].marks == ()
    assert record(other, check(permit, MORNING + timedelta(minutes=2), **said))[0].marks == ("double_use",)


def test_a_queue_that_comes_in_late_with_its_own_exit_accuses_nobody(street: Street, office: Office) -> None:
    permit = employee_pass(street.neighbourhoods[0], street.dwellings[0])
    other = make_office(street, "古北大厦")
    record(office, check(permit, MORNING + timedelta(minutes=4)))
    said = {"offline": True, "said": "admit", "said_code": "ok"}
    late = [check(permit, MORNING, **said), leaving(permit, MORNING + timedelta(minutes=2), **said)]
    assert [one.marks for one in record(other, *late)] == [(), ()]


def test_a_clock_that_is_an_hour_off_is_set_right_and_marked(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    ahead = clock.to_us(NOW) + clock.HOUR_US
    told = record(office, check(permit, NOW + timedelta(hours=1)), device_us=ahead)[0]
    assert (told.outcome, told.marks) == ("admit", ("clock",))
    assert Check.objects.get().observed_us == clock.to_us(NOW)


def test_two_clocks_that_are_off_by_decades_add_up_to_an_instant(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    told = record(office, check(permit, at=clock.from_us(EARLIEST_US)), device_us=LATEST_US)[0]
    assert told.marks == ("clock",)
    assert Check.objects.get().observed_us == EARLIEST_US


def test_a_week_old_queue_is_taken_as_it_was_seen(street: Street, office: Office) -> None:
    then = MORNING - timedelta(days=7)
    permit = employee_pass(office.building, street.dwellings[0], now=then)
    item = check(permit, then, offline=True, said="admit", said_code="ok")
    assert record(office, item, device_us=clock.to_us(NOW))[0].marks == ()
    assert Check.objects.get().observed_us == clock.to_us(then)


def test_somebody_under_observation_is_not_let_out(street: Street, office: Office) -> None:
    gate = make_gate(street.compounds[0])
    permit = resident_permit(street.compounds[0], street.dwellings[0])
    holds.hold(subject_id=permit.subject_id, reason="居家观察", source="test:1", by="test", now=MORNING)
    assert record(office, leaving(permit), gate=gate)[0].code == "held_here"


def test_an_unknown_plate_waits_and_is_marked(street: Street, office: Office) -> None:
    make_vehicle("沪A12345", street.compounds[0])
    told = record(
        office, check(token=None, plate="沪B99999", occupants=1), check(token=None, plate="沪A12345", occupants=2)
    )
    assert [(one.code, one.marks) for one in told] == [("unknown_vehicle", ("unknown_vehicle",)), ("no_pass", ())]


def test_a_tenants_counter_is_a_gate_inside_the_gate(street: Street, office: Office) -> None:
    firm = make_enterprise()
    outer = GateSetup.objects.create(gate=office.front, changed_us=0)
    GateSetup.objects.create(gate=office.garage, inner_of=outer, inner_enterprise=firm, changed_us=0)
    ours = employee_pass(office.building, street.dwellings[0], enterprise_id=firm.id)
    theirs = employee_pass(office.building, street.dwellings[1], "韩梅梅")
    record(office, check(ours), check(theirs))
    told = record(office, check(ours, gate=office.garage.id), check(theirs, gate=office.garage.id))
    assert [one.code for one in told] == ["ok", "wrong_company"]
    assert Used.objects.get(key=f"in:{office.building.id.hex}").count == 2


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked, also past Django."""
    asked: list[str] = []
    if connection.vendor == "sqlite":
        connection.connection.set_trace_callback(asked.append)
        try:
            yield asked
        finally:
            connection.connection.set_trace_callback(None)
        return
    with CaptureQueriesContext(connection) as captured:
        yield asked
    asked += [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize("size", [1, 40])
def test_statements_do_not_grow_with_the_batch(street: Street, office: Office, size: int) -> None:
    items = [check(employee_pass(office.building, street.dwellings[0], f"员工{n}")) for n in range(size)]
    prepared = prepare(items, DeviceFacts(office.tablet.id, office.front.id), NOW)
    with statements() as asked, write_lock():
        write_batch(prepared)
    assert any("gates_check" in statement for statement in asked)
    assert len(asked) <= 14, asked


def test_the_plan_and_the_gate_are_read_once_however_many_threads_find_them_old(office: Office) -> None:
    later = clock.to_us(NOW) + 2 * clock.MINUTE_US
    first = hot.gate_row(office.front.id, clock.to_us(NOW))
    reading, go_on = threading.Event(), threading.Event()

    def read(gate_id: UUID, _now_us: int) -> hot.GateRow:
        reading.set()
        assert go_on.wait(10)
        return first

    kept = hot.Kept(read, clock.SECOND_US)
    go_on.set()
    kept.at(office.front.id, later)
    go_on.clear()
    reading.clear()
    soon = later + clock.SECOND_US + 1
    slow = threading.Thread(target=kept.at, args=(office.front.id, soon))
    slow.start()
    assert reading.wait(10)
    reading.clear()
    # while one reads, the others are answered with what there is, and read nothing
    assert kept.at(office.front.id, soon) is first
    assert not reading.is_set()
    go_on.set()
    slow.join(10)


@pytest.mark.django_db(transaction=True)
class TestBesideEachOther:
    def test_many_gates_at_once_never_admit_one_entry_twice(self) -> None:
        street = make_street()
        office = make_office(street)
        permit = employee_pass(office.building, street.dwellings[0], kind=PassKind.COURIER, once=True)
        other = employee_pass(office.building, street.dwellings[1], "韩梅梅")
        hot.forget()
        told: list[Taken] = []

        def gate() -> None:
            for _ in range(5):
                told.extend(checks.record([check(permit, again=True), check(other)], office.device, NOW))
            connection.close()

        threads = [threading.Thread(target=gate) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        checks.writer().stop()
        assert len(told) == 80
        mine = [one for one in told if one.name == "李雷"]
        assert sum(one.outcome == "admit" for one in mine) == 1
        assert sum(one.code == "ok" for one in told if one.name == "韩梅梅") == 1
        assert Check.objects.count() == 80


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_a_full_disk_stores_nothing_and_says_so_and_the_same_is_taken_once_there_is_room() -> None:
    street = make_street()
    office = make_office(street)
    hot.forget()
    pages = {"most": 0}

    def write(batch: Sequence[Prepared]) -> list[Taken]:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA page_count")
            cursor.execute(f"PRAGMA max_page_count = {pages['most'] or cursor.fetchone()[0]}")
        return write_batch(batch)

    writer = GroupCommit(write)
    people = [employee_pass(office.building, street.dwellings[0], f"员工{n}") for n in range(60)]
    full = False
    while not full:
        items = prepare([check(permit, override="x" * 190) for permit in people], office.device, NOW)
        try:
            writer.submit(items)
        except NotStoredError:
            full = True
    assert not Check.objects.filter(id__in=[one.item.id for one in items]).exists()
    pages["most"] = 1_000_000
    told = writer.submit(items)
    writer.stop()
    assert all(one is not None and one.status == "stored" for one in told)
    assert Check.objects.filter(id__in=[one.item.id for one in items]).count() == len(items)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_database_that_cuts_every_connection_in_the_middle_of_a_burst_loses_and_doubles_nothing() -> None:
    street = make_street()
    office = make_office(street)
    permits = [employee_pass(office.building, street.dwellings[0], f"员工{n}") for n in range(20)]
    hot.forget()
    sent: list[CheckIn] = []
    over = threading.Event()

    def gate() -> None:
        while not over.is_set():
            items = [check(permit, again=True) for permit in permits]
            sent.extend(items)
            waiting = True
            while waiting:
                try:
                    told = checks.record(items, office.device, NOW)
                    waiting = any(one.status == "failed" for one in told)
                except (NotStoredError, DatabaseError):
                    time.sleep(0.01)
        connection.close()

    gates = [threading.Thread(target=gate) for _ in range(4)]
    for one in gates:
        one.start()
    for _ in range(6):
        time.sleep(0.3)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    over.set()
    for one in gates:
        one.join(30)
    checks.writer().stop()
    assert len(sent) > 100
    assert Check.objects.count() == len(sent)
    assert Used.objects.get(key=f"in:{office.building.id.hex}").count == Presence.objects.filter(inside=True).count()


@pytest.mark.django_db(transaction=True)
class TestTheWriter:
    def test_a_bad_item_costs_nobody_else_an_answer(self) -> None:
        def write(items: Sequence[str]) -> list[str]:
            if "bad" in items:
                raise ValueError("bad")
            return [item.upper() for item in items]

        writer = GroupCommit[str, str](write)
        assert writer.submit(["a", "bad", "b"]) == ["A", None, "B"]
        writer.stop()

    def test_it_refuses_before_its_memory_grows(self) -> None:
        going = threading.Event()
        entered = threading.Event()

        def write(items: Sequence[int]) -> list[int]:
            entered.set()
            going.wait(10)
            return list(items)

        writer = GroupCommit[int, int](write, most_waiting=3)
        first = threading.Thread(target=writer.submit, args=([1, 2],))
        first.start()
        entered.wait(10)
        with pytest.raises(FullError):
            writer.submit([3, 4])
        going.set()
        first.join()
        assert writer.submit([5, 6]) == [5, 6]
        writer.stop()
