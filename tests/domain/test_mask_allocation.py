"""A night's run: calls against stock, the shelf with them, and what becomes of a number that nobody collects."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.utils import translation

from fangxian.duties.models import Duty, Member, OneOff
from fangxian.masks import folds, publishing
from fangxian.masks.actions import allocate, calls, following
from fangxian.masks.actions.dropping import drop_outlet
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.register import withdraw
from fangxian.masks.models import Call, CallStatus, Outlet, Registration, Run, Shelf, Yield
from fangxian.masks.playbook import ARRIVED, CALLED, DELIVER
from fangxian.masks.proof import recount
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from tests.support.factories import MORNING
from tests.support.masks import MaskGround, make_round, registered, stocked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """What is said is compared in the language of the source."""
    with translation.override("en"):
        yield


NIGHT = MORNING + timedelta(hours=13)  # 21:00 on 17 February
SALE = date(2020, 2, 18)


def run(ground: MaskGround, day: date = SALE, now: datetime = NIGHT) -> Run:
    return allocate.run(round=ground.round, sale_day=day, by="test", now=now)


def called(ground: MaskGround, **where: object) -> list[int]:
    rows = Call.objects.filter(round=ground.round, **where).order_by("registration__committee__path", "slot_from_us")
    return sorted(rows.values_list("registration__seq", flat=True))


def test_numbers_are_called_in_order_against_what_is_there() -> None:
    ground = make_round()
    registered(ground, 0, 1, 2, 3, 4)
    shelf = stocked(ground, 0, 12, reserve=0)
    made = run(ground)
    assert called(ground) == [1, 2]
    shelf.refresh_from_db()
    assert (shelf.promised, shelf.reserve, made.called) == (10, 0, 2)
    first = Call.objects.order_by("slot_from_us").first()
    assert first is not None
    assert clock.local(clock.from_us(first.slot_from_us)).isoformat() == "2020-02-18T09:00:00+08:00"
    assert clock.local(clock.from_us(first.deadline_us)).isoformat() == "2020-02-20T00:00:00+08:00"
    assert recount(ground.round) == []


def test_without_stock_nobody_is_called() -> None:
    ground = make_round()
    registered(ground, 0, 1, 2)
    assert run(ground).called == 0
    assert not Call.objects.exists()


def test_a_special_household_is_called_from_the_reserve() -> None:
    ground = make_round()
    registered(ground, 0, 1, 2, 3)
    registered(ground, 0, 4, special="elderly", deliver=True)
    shelf = stocked(ground, 0, 10, reserve=5)
    run(ground)
    assert called(ground) == [1, 4]
    assert called(ground, reserved=True) == [4]
    shelf.refresh_from_db()
    assert (shelf.promised, shelf.reserve) == (10, 0)


def test_who_was_called_owes_nothing_but_must_be_told_and_brought_what_was_asked() -> None:
    ground = make_round()
    one, two = registered(ground, 0, 1, 2)
    Registration.objects.filter(id=two.id).update(deliver=True)
    stocked(ground, 0, 10, reserve=0)
    made = run(ground)
    told = Member.objects.filter(cohort__key=CALLED, cohort__instance=made.id.hex)
    assert set(told.values_list("subject_id", flat=True)) == {one.unit, two.unit}
    call = Call.objects.get(registration=one)
    assert told.get(subject_id=one.unit).due_us == call.slot_from_us - clock.HOUR_US
    brought = Member.objects.get(cohort__key=DELIVER, cohort__instance=made.id.hex)
    assert (brought.subject_id, brought.due_us) == (two.unit, call.deadline_us)
    assert not Duty.objects.filter(cohort__key=ARRIVED, last_us__isnull=True).exists()
    made.refresh_from_db()
    assert made.followed_us is not None


def test_a_run_whose_process_ended_before_its_duties_is_followed_up_later(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = make_round()
    registered(ground, 0, 1)
    stocked(ground, 0, 5, reserve=0)

    def ends(**_: object) -> int:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(allocate, "follow_up", ends)
        with pytest.raises(SystemExit):
            run(ground)
    assert Call.objects.count() == 1
    assert not Member.objects.filter(cohort__key=CALLED).exists()
    assert following.resume(now=NIGHT) == 1
    assert Member.objects.filter(cohort__key=CALLED).count() == 1
    assert following.resume(now=NIGHT) == 0


def test_stock_that_found_no_place_in_the_slots_stays_a_duty_until_it_is_called() -> None:
    ground = make_round()
    registered(ground, 0, 1, 2)
    stocked(ground, 0, 10, reserve=0)
    Outlet.objects.filter(pharmacy=ground.pharmacies[0]).update(open_from=540, open_until=570, slot_people=1)
    run(ground)
    assert called(ground) == [1]
    assert Duty.objects.filter(cohort__key=ARRIVED, last_us__isnull=True).exists()
    made = run(ground, date(2020, 2, 19), NIGHT + timedelta(days=1))
    assert called(ground, run=made) == [2]
    assert not Duty.objects.filter(cohort__key=ARRIVED, last_us__isnull=True).exists()


def test_stock_that_is_not_called_stays_a_duty() -> None:
    ground = make_round()
    registered(ground, 0, 1)
    stocked(ground, 0, 3, reserve=0)
    run(ground)
    assert Duty.objects.filter(cohort__key=ARRIVED, last_us__isnull=True).exists()


def test_a_day_is_called_once() -> None:
    ground = make_round()
    registered(ground, 0, 1, 2)
    stocked(ground, 0, 5, reserve=0)
    run(ground)
    with pytest.raises(MaskError, match="already"):
        run(ground)
    assert Call.objects.count() == 1


@pytest.mark.parametrize(
    ("day", "now", "said"),
    [
        (date(2020, 2, 17), NIGHT, "sells from"),
        (date(2020, 3, 20), NIGHT, "sells from"),
        (date(2020, 2, 18), NIGHT + timedelta(days=3), "over"),
    ],
)
def test_only_a_coming_day_of_sale_can_be_called(day: date, now: datetime, said: str) -> None:
    ground = make_round()
    with pytest.raises(MaskError, match=said):
        run(ground, day, now)


def test_a_lottery_is_drawn_after_registration_only() -> None:
    ground = make_round(policy="lottery")
    registered(ground, 0, 1, 2)
    with pytest.raises(MaskError, match="seed"):
        run(ground)
    later = NIGHT + timedelta(days=10)
    stocked(ground, 0, 5, now=later)
    assert run(ground, date(2020, 2, 28), later).called == 1


def test_what_nobody_collects_goes_to_the_next_numbers() -> None:
    ground = make_round()
    registered(ground, 0, 1, 2, 3)
    shelf = stocked(ground, 0, 10, reserve=0)
    run(ground)
    after = NIGHT + timedelta(days=3)
    assert allocate.lapse(now=NIGHT + timedelta(days=1)) == 0
    made = run(ground, date(2020, 2, 21), after)
    assert called(ground, status=CallStatus.LAPSED) == [1, 2]
    assert called(ground, run=made) == [1, 3]
    shelf.refresh_from_db()
    assert shelf.promised == 10
    assert recount(ground.round) == []


def test_a_number_taken_back_waits_in_its_place_again() -> None:
    ground = make_round()
    one, _two = registered(ground, 0, 1, 2)
    shelf = stocked(ground, 0, 5, reserve=0)
    run(ground)
    call = Call.objects.get(registration=one)
    allocate.void_call(call=call, reason="called by mistake", by="test", now=NIGHT)
    with pytest.raises(MaskError, match="not open any more"):
        allocate.void_call(call=call, reason="again", by="test", now=NIGHT)
    shelf.refresh_from_db()
    assert shelf.promised == 0
    assert not Member.objects.filter(cohort__key=CALLED, until_us__isnull=True).exists()
    assert called(ground, run=run(ground, date(2020, 2, 19), NIGHT + timedelta(hours=1))) == [1]
    assert recount(ground.round) == []


def test_a_yielded_place_goes_to_the_first_urgent_one_behind_and_stays_theirs() -> None:
    ground = make_round()
    one, _two, _three = registered(ground, 0, 1, 2, 3)
    (urgent,) = registered(ground, 0, 4, urgent=True)
    Yield.objects.create(registration=one, at_us=1, by="")
    stocked(ground, 0, 5, reserve=0)
    run(ground)
    assert called(ground) == [4]
    assert Yield.objects.get().taken_by_id == urgent.id
    stocked(ground, 0, 15, reserve=0)
    registered(ground, 0, 5, urgent=True)
    made = run(ground, date(2020, 2, 19), NIGHT + timedelta(days=1))
    assert called(ground, run=made) == [1, 2, 3]


def test_the_published_file_is_worked_out_again_from_itself() -> None:
    ground = make_round(goods="masks-family")
    registered(ground, 0, 1, 2, 3, wants="adult=5;child=2")
    registered(ground, 1, 1, 2, special="disabled", wants="adult=3")
    for pharmacy in (0, 1):
        stocked(ground, pharmacy, 12)
        stocked(ground, pharmacy, 3, variant="child")
    made = run(ground)
    report = publishing.verify(made.document)
    assert report.faults == []
    assert (report.calls, report.sha256) == (made.called, made.sha256)
    assert "王芳" not in made.document
    assert "disabled" not in made.document
    for row in Registration.objects.all():
        assert row.id.hex not in made.document
        assert str(row.id) not in made.document
    forged = made.document.replace(" adult 5 0", " adult 4 0", 1)
    assert forged != made.document
    assert len(publishing.verify(forged).faults) >= 2
    with pytest.raises(publishing.PublishedError):
        publishing.verify(made.document[:-20])


def test_the_published_file_says_ranks_instead_of_numbers_and_marks_only_what_decides() -> None:
    ground = make_round()
    rows = registered(ground, 0, 1, 2, 3, 4, 5)
    withdraw(registration=rows[1], reason="gone", by="", now=MORNING)
    Registration.objects.filter(id__in=[rows[2].id, rows[4].id]).update(special="disabled", urgent=True)
    stocked(ground, 0, 10, reserve=0)
    first = run(ground)
    assert [line.split(" ", 1)[1] for line in lines(first)] == ["1 5", "2 5", "3 5", "4 5"]
    assert called(ground) == [1, 3]
    stocked(ground, 0, 10, reserve=5)
    second = run(ground, date(2020, 2, 19), NIGHT + timedelta(days=1))
    assert [line.split(" ", 1)[1] for line in lines(second)] == ["1 5", "2 5 s"]
    assert called(ground, run=second) == [4, 5]
    assert publishing.verify(second.document).faults == []


def test_a_lottery_publishes_no_order_of_registration() -> None:
    ground = make_round(policy="lottery")
    registered(ground, 0, 1, 2, 3, 4, 5, 6)
    stocked(ground, 0, 10, reserve=0)
    day = clock.local_day(clock.from_us(ground.round.sale_until_us - 1))
    made = run(ground, day, clock.from_us(ground.round.register_until_us))
    assert [line.split(" ")[0] for line in lines(made)] == sorted(line.split(" ")[0] for line in lines(made))
    assert publishing.verify(made.document).faults == []
    assert Call.objects.filter(run=made, registration__in=Registration.objects.all()).count() == 2


def lines(made: Run) -> list[str]:
    return [line for crowd in json.loads(made.document)["counters"][0]["committees"] for line in crowd["claims"]]


def test_a_pharmacy_that_drops_out_keeps_nobody_waiting_when_another_has_goods() -> None:
    ground = make_round()
    registered(ground, 0, 1, 2, 3)
    registered(ground, 1, 1)
    stocked(ground, 0, 15, reserve=0)
    first = run(ground)
    shelf = stocked(ground, 1, 12, reserve=0, now=NIGHT)
    assert drop_outlet(round=ground.round, pharmacy=ground.pharmacies[0], reason="closed", by="test", now=NIGHT) == 2
    moved = Call.objects.filter(status=CallStatus.CALLED, pharmacy=ground.pharmacies[1])
    assert sorted(moved.values_list("registration__seq", flat=True)) == [1, 2]
    shelf.refresh_from_db()
    assert shelf.promised == 10
    assert Shelf.objects.get(pharmacy=ground.pharmacies[0]).promised == 0
    note = OneOff.objects.get(source__startswith="mask-moved").note
    assert note == "R2-何家角-0003"
    live = Member.objects.filter(cohort__key=CALLED, cohort__instance=first.id.hex, until_us__isnull=True)
    assert live.count() == 2
    stocked(ground, 1, 5, reserve=0, now=NIGHT)
    made = run(ground, date(2020, 2, 19), NIGHT + timedelta(days=1))
    assert called(ground, run=made) == [3]
    assert recount(ground.round) == []


def test_a_move_that_broke_off_is_finished_by_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = make_round()
    registered(ground, 0, 1, 2, 3)
    registered(ground, 1, 1)
    stocked(ground, 0, 15, reserve=0)
    first = run(ground)
    stocked(ground, 1, 12, reserve=0, now=NIGHT)
    with monkeypatch.context() as patched:
        patched.setattr(calls, "in_chunks", _one_and_no_more)
        with pytest.raises(KeyboardInterrupt):
            drop_outlet(round=ground.round, pharmacy=ground.pharmacies[0], reason="closed", by="test", now=NIGHT)
    with pytest.raises(MaskError, match="does not sell"):
        drop_outlet(round=ground.round, pharmacy=ground.pharmacies[0], reason="closed", by="test", now=NIGHT)
    assert Call.objects.filter(status=CallStatus.CALLED, pharmacy=ground.pharmacies[0]).count() == 2
    for _ in range(2):
        folds.fold(now=NIGHT)
    moved = Call.objects.filter(status=CallStatus.CALLED)
    assert set(moved.values_list("pharmacy_id", "registration__seq")) == {
        (ground.pharmacies[1].id, 1), (ground.pharmacies[1].id, 2),
    }  # fmt: skip
    live = Member.objects.filter(cohort__key=CALLED, cohort__instance=first.id.hex, until_us__isnull=True)
    assert live.count() == 2
    assert OneOff.objects.get(source__startswith="mask-moved").note == "R2-何家角-0003"
    assert recount(ground.round) == []


def test_numbers_that_lost_their_pharmacy_are_named_with_the_chunk_that_moved_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ground = make_round()
    registered(ground, 0, 1, 2)
    stocked(ground, 0, 10, reserve=0)
    run(ground)
    with monkeypatch.context() as patched:
        patched.setattr(calls, "in_chunks", _one_and_no_more)
        with pytest.raises(KeyboardInterrupt):
            drop_outlet(round=ground.round, pharmacy=ground.pharmacies[0], reason="closed", by="test", now=NIGHT)
    assert [task.note for task in OneOff.objects.all()] == ["R2-何家角-0001"]
    folds.fold(now=NIGHT)
    assert sorted(task.note for task in OneOff.objects.all()) == ["R2-何家角-0001", "R2-何家角-0002"]


def _one_and_no_more(items: Sequence[Call], write: Callable[[Sequence[Call]], None]) -> None:
    """The first chunk is written, then the process is killed."""
    with write_lock():
        write(items[:1])
    raise KeyboardInterrupt


def test_what_lapses_of_the_reserve_is_for_the_special_groups_again() -> None:
    ground = make_round()
    registered(ground, 0, 1, special="elderly")
    shelf = stocked(ground, 0, 10, reserve=5)
    run(ground)
    call = Call.objects.get()
    shelf.refresh_from_db()
    assert (call.reserved, shelf.reserve) == (True, 0)
    assert allocate.lapse(now=clock.from_us(call.deadline_us)) == 1
    shelf.refresh_from_db()
    assert (shelf.promised, shelf.reserve) == (0, 5)


def test_goods_that_are_missing_are_not_called_again() -> None:
    ground = make_round()
    registered(ground, 0, 1, 2)
    shelf = stocked(ground, 0, 10, reserve=0)
    Shelf.objects.filter(id=shelf.id).update(lost=4, promised=8, short=2)
    assert run(ground).called == 0


def test_a_withdrawn_registration_is_not_called() -> None:
    ground = make_round()
    one, _two = registered(ground, 0, 1, 2)
    Registration.objects.filter(id=one.id).update(withdrawn_us=1, withdrawn_reason="moved")
    stocked(ground, 0, 10, reserve=0)
    run(ground)
    assert called(ground) == [2]


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_make_one_and_tell_the_other() -> None:
    ground = make_round()
    registered(ground, 0, 1, 2, 3, 4)
    stocked(ground, 0, 10, reserve=0)
    start = threading.Barrier(2)
    said: list[str] = []

    def night() -> None:
        start.wait()
        try:
            with translation.override("en"):
                run(ground)
            said.append("made")
        except MaskError as error:
            said.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=night) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one == "made" for one in said) == [False, True], said
    assert any("already" in one or "changed" in one for one in said)
    assert Run.objects.count() == 1
    assert Call.objects.count() == 2
    assert recount(ground.round) == []
