"""What a visit leads to, when to knock again, and what a phone's clock is worth."""

from datetime import UTC, datetime, timedelta

import pytest

from fangxian.screening import rules
from fangxian.screening.models import DoorDisposition, Mark, Presence
from fangxian.screening.playbook import Outcome
from fangxian.shared import clock
from fangxian.shared.clock import HOUR_US, MINUTE_US

ISSUED = clock.to_us(datetime(2020, 2, 18, 0, 30, tzinfo=UTC))
RECEIVED = ISSUED + 8 * HOUR_US


@pytest.mark.parametrize(
    ("outcome", "tries", "fulfils", "attempt", "raises", "refused"),
    [
        ("done", 0, True, False, False, False),
        ("done", 5, True, False, False, False),
        ("again", 0, False, True, False, False),
        ("again", 1, False, True, False, False),
        ("again", 2, False, True, True, False),
        ("again", 3, False, True, False, False),
        ("escalate", 0, False, False, True, True),
        ("open", 0, False, True, False, False),
    ],
)
def test_an_outcome_decides_what_follows(
    outcome: Outcome, tries: int, fulfils: bool, attempt: bool, raises: bool, refused: bool
) -> None:
    assert rules.judge_door(outcome, tries_before=tries, max_tries=3) == rules.DoorEffect(
        fulfils, attempt, raises, refused
    )


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ("2020-02-18 09:30", "2020-02-18 13:30"),
        ("2020-02-18 16:30", "2020-02-18 20:30"),
        ("2020-02-18 16:31", "2020-02-19 09:00"),
        ("2020-02-18 22:00", "2020-02-19 09:00"),
        ("2020-02-18 03:00", "2020-02-18 09:00"),
    ],
)
def test_nobody_knocks_at_night(observed: str, expected: str) -> None:
    at = datetime.strptime(observed, "%Y-%m-%d %H:%M").replace(tzinfo=clock.ZONE)
    then = clock.local(clock.from_us(rules.next_try_us(clock.to_us(at), retry_hours=4)))
    assert then.strftime("%Y-%m-%d %H:%M") == expected


def marks(**changes: object) -> list[str]:
    plain: dict[str, object] = {
        "disposition": "met", "registered": 2, "observed_us": ISSUED, "round_closed_us": None, "place_closed": False,
        "in_round": True, "seen_meanwhile": False,
    }  # fmt: skip
    return rules.door_marks(**(plain | changes))  # type: ignore[arg-type]  # a table of cases


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"disposition": "vacant"}, [Mark.REGISTERED_THERE]),
        ({"disposition": "vacant", "registered": 0}, []),
        ({"disposition": "let"}, []),
        ({"seen_meanwhile": True}, [Mark.VISITED_MEANWHILE]),
        ({"round_closed_us": ISSUED - 1}, [Mark.ROUND_CLOSED]),
        ({"round_closed_us": ISSUED + 1}, []),
        ({"place_closed": True, "in_round": False}, [Mark.PLACE_CLOSED, Mark.NOT_IN_ROUND]),
    ],
)
def test_contradictions_are_named(changes: dict[str, object], expected: list[str]) -> None:
    assert marks(**changes) == expected


@pytest.mark.parametrize("presence", Presence.values)
def test_every_answer_accounts_for_the_person(presence: str) -> None:
    assert rules.accounts_for(presence)


def test_no_answer_does_not() -> None:
    assert not rules.accounts_for("")


def test_somebody_else_counts_only_after_the_device_last_heard() -> None:
    others = [("b", ISSUED + 1), ("a", ISSUED + 2)]
    assert rules.someone_else_meanwhile(others, by="a", known_since_us=ISSUED)
    assert not rules.someone_else_meanwhile(others, by="a", known_since_us=ISSUED + 1)
    assert not rules.someone_else_meanwhile(others, by="a", known_since_us=None)
    assert not rules.someone_else_meanwhile(others[1:], by="a", known_since_us=ISSUED)


def believed(true_us: int, *, fast_then_us: int, fast_now_us: int) -> rules.Observed:
    """What is believed of a record made at `true_us` by a clock that was fast by so much then, and now."""
    return rules.believed_time(
        true_us + fast_then_us, issued_us=ISSUED, received_us=RECEIVED, offset_then_us=-fast_then_us,
        offset_now_us=-fast_now_us,
    )  # fmt: skip


TRUE = ISSUED + 3 * HOUR_US


def test_a_right_clock_is_believed() -> None:
    assert believed(TRUE, fast_then_us=40_000_000, fast_now_us=-30_000_000).marks == ()


@pytest.mark.parametrize("fast", [3 * MINUTE_US, -9 * HOUR_US, 400 * 24 * HOUR_US])
def test_a_clock_that_is_wrong_all_day_is_put_right(fast: int) -> None:
    found = believed(TRUE, fast_then_us=fast, fast_now_us=fast)
    assert found == rules.Observed(TRUE, TRUE + fast, (Mark.CLOCK,))


def test_a_clock_that_was_set_right_on_the_way_is_put_right_by_what_fits() -> None:
    found = believed(TRUE, fast_then_us=9 * HOUR_US, fast_now_us=0)
    assert found == rules.Observed(TRUE, TRUE + 9 * HOUR_US, (Mark.CLOCK,))


def test_a_clock_that_was_changed_is_bounded_by_pack_and_receipt() -> None:
    found = rules.believed_time(
        ISSUED - 50 * HOUR_US, issued_us=ISSUED, received_us=RECEIVED, offset_then_us=0, offset_now_us=HOUR_US
    )
    assert ISSUED <= found.observed_us <= RECEIVED
    assert found.marks == (Mark.CLOCK_UNSURE,)


def test_no_record_comes_from_the_future() -> None:
    found = rules.believed_time(
        RECEIVED + MINUTE_US, issued_us=ISSUED, received_us=RECEIVED, offset_then_us=0, offset_now_us=0
    )
    assert found.observed_us == RECEIVED


def test_rooms_are_sorted_as_people_count() -> None:
    rooms = ["1201", "302", "101甲", "101", "10号", "2号"]
    assert sorted(rooms, key=rules.natural_key) == ["2号", "10号", "101", "101甲", "302", "1201"]


def test_every_disposition_has_an_outcome() -> None:
    assert set(rules.DOOR_OUTCOMES) == set(DoorDisposition.values)
    assert timedelta(microseconds=rules.CLOCK_TOLERANCE_US) == timedelta(minutes=2)
