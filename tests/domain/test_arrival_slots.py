"""A plan's arrival slots: what holds at a gate, what replaces what, and what people are told of it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from fangxian.audit.models import Entry
from fangxian.gates import printing
from fangxian.gates.actions import slots
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.check_items import CheckIn, Taken
from fangxian.gates.actions.checks import prepare
from fangxian.gates.actions.slots import NewSlot, SlotError
from fangxian.gates.models import ArrivalSlot, Check, Pass, PassKind
from fangxian.gates.queries import board, hot
from fangxian.gates.queries.bundle import bundle
from fangxian.gates.queries.slots import Coming, Slot, coming, of_day, slot_of
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from tests.support.factories import MORNING, Street, make_street
from tests.support.gates import Office, check, employee_pass, make_enterprise, make_office
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
# 09:05 in Shanghai on 17 February 2020
NOW = MORNING + timedelta(minutes=65)
TODAY = clock.local_day(NOW)
DAY = timedelta(days=1)


def record(office: Office, *items: CheckIn, now: datetime = NOW) -> list[Taken]:
    with write_lock():
        return write_batch(prepare(items, office.device, now))


def let_in(
    office: Office, firms: Sequence[UUID], start: int, *, day: date = TODAY, until: date | None = None,
    source: str = "wave:1", now: datetime = NOW,
) -> int:  # fmt: skip
    news = [NewSlot(firm, start, start + 30) for firm in firms]
    return slots.set_slots(
        place=office.building, slots=news, from_day=day, until_day=until or day, source=source, by="test", now=now
    )


@pytest.fixture
def firm() -> UUID:
    return make_enterprise().id


@pytest.fixture
def permit(street: Street, office: Office, firm: UUID) -> Pass:
    hot.forget()
    return employee_pass(office.building, street.dwellings[0], enterprise_id=firm)


def test_a_slot_keeps_out_until_it_begins_and_says_when_to_come(office: Office, firm: UUID, permit: Pass) -> None:
    let_in(office, [firm], 600)
    hot.forget()
    (told,) = record(office, check(permit, NOW))
    assert (told.outcome, told.code, told.slot) == ("hold", "too_early", (600, 630))
    assert Check.objects.get().code == "too_early"
    (told,) = record(office, check(permit, NOW + timedelta(minutes=40)), now=NOW + timedelta(minutes=40))
    assert (told.outcome, told.slot) == ("admit", None)


def test_it_goes_before_the_slot_on_the_pass(street: Street, office: Office, firm: UUID) -> None:
    late = employee_pass(office.building, street.dwellings[1], enterprise_id=firm, slot_from=660, slot_until=690)
    hot.forget()
    assert record(office, check(late, NOW))[0].slot == (660, 690)
    let_in(office, [firm], 540)
    hot.forget()
    assert record(office, check(late, NOW))[0].outcome == "admit"


def test_other_days_other_buildings_other_passes_are_left_alone(
    street: Street, office: Office, firm: UUID, permit: Pass
) -> None:
    other = make_office(street, "古北大厦")
    let_in(office, [firm], 600, day=TODAY + DAY)
    let_in(other, [firm], 600)
    let_in(office, [make_enterprise("云帆软件有限公司").id], 600)
    visitor = employee_pass(
        office.building, street.dwellings[1], "访客", kind=PassKind.VISITOR, subject_id=None, enterprise_id=firm
    )
    hot.forget()
    assert [one.outcome for one in record(office, check(permit, NOW), check(visitor, NOW))] == ["admit", "admit"]


def test_a_check_of_yesterday_is_judged_by_yesterdays_slot(office: Office, firm: UUID, permit: Pass) -> None:
    """A tablet without a network let somebody in too early, and sends it a day later."""
    let_in(office, [firm], 600)
    let_in(office, [firm], 480, day=TODAY + DAY, source="wave:2")
    hot.forget()
    tomorrow = NOW + DAY
    (told,) = record(office, check(permit, NOW, offline=True, said="admit", said_code="ok"), now=tomorrow)
    assert (told.outcome, told.marks) == ("admit", ("other",))
    assert Check.objects.get().said == "hold"


def test_it_costs_the_batch_no_statement(office: Office, firm: UUID, permit: Pass) -> None:
    def statements(at: datetime) -> int:
        prepared = prepare([check(permit, at, again=True)], office.device, at)
        with CaptureQueriesContext(connection) as asked, write_lock():
            write_batch(prepared)
        return len(asked)

    hot.forget()
    statements(NOW)
    bare = statements(NOW + timedelta(seconds=1))
    let_in(office, [firm], 540)
    hot.forget()
    prepare([check(permit, NOW)], office.device, NOW)
    with CaptureQueriesContext(connection) as asked:
        prepare([check(permit, NOW)], office.device, NOW)
    assert len(asked) == 0
    assert statements(NOW + timedelta(seconds=2)) == bare > 0


def test_gates_take_a_new_plan_at_once(
    office: Office, firm: UUID, permit: Pass, django_capture_on_commit_callbacks: object
) -> None:
    assert record(office, check(permit, NOW))[0].outcome == "admit"
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # a fixture of pytest-django
        let_in(office, [firm], 600)
    assert record(office, check(permit, NOW, again=True))[0].code == "too_early"
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # a fixture of pytest-django
        assert slots.take_back(source="wave:1", by="test", now=NOW) == 1
    assert record(office, check(permit, NOW, again=True))[0].outcome == "admit"
    assert slots.take_back(source="wave:1", by="test", now=NOW) == 0


def test_a_later_plan_ends_the_whole_earlier_one_of_its_days(office: Office, firm: UUID) -> None:
    gone = make_enterprise("搬走了有限公司").id
    let_in(office, [firm, gone], 480)
    assert let_in(office, [firm], 540, source="wave:2") == 1
    held = ArrivalSlot.objects.filter(ended_us__isnull=True)
    assert [(row.enterprise_id, row.from_minute, row.source) for row in held] == [(firm, 540, "wave:2")]
    assert ArrivalSlot.objects.filter(source="wave:1", ended_us=clock.to_us(NOW)).count() == 2
    assert Entry.objects.filter(act="gates.slots.set").count() == 2


def test_a_plan_of_one_day_is_cut_out_of_a_plan_of_many(office: Office, firm: UUID) -> None:
    let_in(office, [firm], 480, day=TODAY, until=TODAY + 4 * DAY)
    let_in(office, [firm], 540, day=TODAY + 2 * DAY, source="wave:2")
    held = ArrivalSlot.objects.filter(ended_us__isnull=True).order_by("from_day")
    assert [(row.from_day, row.until_day, row.from_minute) for row in held] == [
        (TODAY, TODAY + DAY, 480), (TODAY + 2 * DAY, TODAY + 2 * DAY, 540), (TODAY + 3 * DAY, TODAY + 4 * DAY, 480),
    ]  # fmt: skip


@pytest.mark.parametrize(("start", "end"), [(540, 540), (560, 540), (-10, 20), (1_430, 1_450)])
def test_a_slot_ends_after_it_begins_on_the_same_day(office: Office, firm: UUID, start: int, end: int) -> None:
    with pytest.raises(SlotError):
        slots.set_slots(
            place=office.building, slots=[NewSlot(firm, start, end)], from_day=TODAY, until_day=TODAY, source="wave:1",
            by="test", now=NOW,
        )  # fmt: skip
    assert not ArrivalSlot.objects.exists()
    with pytest.raises(SlotError):
        let_in(office, [firm], 540, day=TODAY, until=TODAY - DAY)


def test_the_database_keeps_one_slot_in_force(office: Office, firm: UUID) -> None:
    let_in(office, [firm], 540)
    row = ArrivalSlot.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


@pytest.mark.django_db(transaction=True)
def test_of_plans_set_at_once_one_holds() -> None:
    street = make_street()
    office = make_office(street)
    firms = [make_enterprise(f"企业{n}").id for n in range(20)]
    at_once(*(partial(let_in, office, firms, 480 + n * 15, source=f"wave:{n}") for n in range(4)))
    held = ArrivalSlot.objects.filter(ended_us__isnull=True)
    assert held.count() == 20
    assert len(set(held.values_list("source", "from_minute"))) == 1


def test_a_tablet_takes_the_windows_along(office: Office, firm: UUID) -> None:
    let_in(office, [firm], 600)
    hot.forget()
    day = (TODAY - date(1970, 1, 1)).days
    assert bundle(office.tablet, NOW)["windows"] == [[firm.hex, day, day, 600, 630, False]]


def test_the_holder_reads_the_slot_that_comes_next(street: Street, office: Office, firm: UUID) -> None:
    mine = employee_pass(office.building, street.dwellings[0], enterprise_id=firm, slot_from=480, slot_until=510)
    assert slot_of(mine, NOW) == Slot(480, 510)
    let_in(office, [firm], 600, day=TODAY + DAY)
    let_in(office, [firm], 540, day=TODAY, source="wave:0")
    assert slot_of(mine, NOW) == Slot(540, 570, TODAY)
    assert slot_of(mine, NOW + DAY) == Slot(600, 630, TODAY + DAY)
    assert slot_of(mine, NOW + 2 * DAY) == Slot(480, 510)
    assert printing.slot_words(slot_of(mine, NOW + DAY)) == "02-18 10:00–10:30"
    assert printing.slot_words(slot_of(mine, NOW + 2 * DAY)) == "08:00–08:30"
    assert printing.slot_words(None) == ""


def test_who_comes_now(office: Office) -> None:
    names = {"早到有限公司": 480, "正好有限公司": 540, "马上有限公司": 555, "以后有限公司": 600}
    firms = {name: make_enterprise(name).id for name in names}
    news = [NewSlot(firms[name], start, start + 30) for name, start in names.items()]
    slots.set_slots(
        place=office.building, slots=news, from_day=TODAY, until_day=TODAY, source="wave:1", by="test", now=NOW
    )
    windows = of_day([office.building.id], NOW)[office.building.id]
    assert len(windows) == 4
    assert coming(windows, NOW) == tuple(
        Coming(firms[name], name, names[name], names[name] + 30) for name in ("正好有限公司", "马上有限公司")
    )
    line, _day = board.one(office.front, NOW)
    assert [one.name for one in line.coming] == ["正好有限公司", "马上有限公司"]
    assert of_day([office.front.id], NOW) == {}


def test_where_nobody_is_to_come_everybody_is_held_and_the_holder_reads_it(
    office: Office, firm: UUID, permit: Pass
) -> None:
    news = [NewSlot(firm, 480, 510, closed=True)]
    slots.set_slots(
        place=office.building, slots=news, from_day=TODAY, until_day=TODAY, source="wave:1", by="test", now=NOW
    )
    hot.forget()
    (told,) = record(office, check(permit, NOW))
    assert (told.outcome, told.code, told.slot) == ("hold", "not_today", None)
    assert record(office, check(permit, NOW + DAY), now=NOW + DAY)[0].outcome == "admit"
    with translation.override("en"):
        assert printing.slot_words(slot_of(permit, NOW)) == "not on 02-17"
    assert coming(of_day([office.building.id], NOW)[office.building.id], NOW - timedelta(minutes=50)) == ()


def test_the_queue_at_a_gate_is_estimated_by_the_windows(street: Street, office: Office, firm: UUID) -> None:
    """Ten people; by the passes they come at ten, by the plan they should have come half an hour ago."""
    permits = [
        employee_pass(office.building, door, f"员{n}", enterprise_id=firm, slot_from=600, slot_until=630)
        for n, door in enumerate((street.dwellings * 5)[:10])
    ]
    hot.forget()
    assert board.queue_at(office.front.id, NOW) is None
    let_in(office, [firm], 510)
    hot.forget()
    record(office, *(check(permit, NOW - timedelta(minutes=n)) for n, permit in enumerate(permits[:4])))
    found = board.queue_at(office.front.id, NOW)
    assert found is not None
    assert found.waiting == 6
