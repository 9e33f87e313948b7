"""Who may register when, what a number is called and how it is read again, and on which day a policy lets one buy."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.masks.doors import LENGTH, door_token, read_door
from fangxian.masks.models import Policy
from fangxian.masks.rules import (
    Code,
    Phase,
    RoundFacts,
    eligible_on,
    judge,
    parse_wants,
    phase_of,
    read_voucher,
    registering,
    selling,
    short_name,
    voucher,
    wants_text,
)
from fangxian.masks.words import PHASES, WORDS

ANNOUNCED, OPENS, STAFF, SELLS, CLOSES, ENDS = 5, 10, 30, 40, 60, 90
OPEN = RoundFacts(ANNOUNCED, None, OPENS, CLOSES, STAFF, SELLS, ENDS, {"adult": 5, "child": 2})
CANCELLED = RoundFacts(ANNOUNCED, 20, OPENS, CLOSES, STAFF, SELLS, ENDS, {"adult": 5})
DRAFT = RoundFacts(None, None, OPENS, CLOSES, STAFF, SELLS, ENDS, {"adult": 5})


def judged(
    facts: RoundFacts = OPEN, *, wants: dict[str, int] | None = None, at: int = 35, staff: bool = False,
    door: bool = True, taken: bool = False,
) -> Code:  # fmt: skip
    wanted = {"adult": 5} if wants is None else wants
    return judge(facts=facts, wants=wanted, at_us=at, staff=staff, known_door=door, taken=taken)


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (ANNOUNCED, Code.NOT_YET),
        (OPENS - 1, Code.NOT_YET),
        (OPENS, Code.OK),
        (CLOSES - 1, Code.OK),
        (CLOSES, Code.CLOSED),
    ],
)
def test_the_window_is_open_from_its_first_instant_to_before_its_last(at: int, code: Code) -> None:
    assert judged(at=at) is code
    assert registering(OPEN, at) == (code is Code.OK)


def test_what_is_wrong_first_decides() -> None:
    assert judged(CANCELLED, door=False, taken=True, wants={}) is Code.CANCELLED
    assert judged(DRAFT) is Code.NOT_YET
    assert judged(at=CLOSES, door=False) is Code.CLOSED
    assert judged(door=False, taken=True) is Code.UNKNOWN_DOOR
    assert judged(taken=True, wants={}) is Code.TAKEN
    assert judged(wants={"adult": 0}) is Code.NOTHING
    assert judged(wants={"adult": 6}, staff=True) is Code.TOO_MANY


@pytest.mark.parametrize("wants", [{"adult": 6}, {"child": 3}, {"n95": 1}, {"adult": 1, "child": -1}])
def test_nobody_gets_more_than_the_quota_or_what_is_not_given(wants: dict[str, int]) -> None:
    assert judged(wants=wants) is Code.TOO_MANY


def test_those_who_run_the_round_wait_for_their_hour() -> None:
    assert judged(at=STAFF - 1, staff=True) is Code.STAFF_LATER
    assert judged(at=STAFF, staff=True) is Code.OK
    assert judged(at=STAFF - 1) is Code.OK


@given(at=st.integers(0, 120), staff=st.booleans(), door=st.booleans(), taken=st.booleans(), adult=st.integers(-2, 8))
def test_whatever_is_taken_keeps_every_promise(at: int, staff: bool, door: bool, taken: bool, adult: int) -> None:
    code = judged(at=at, staff=staff, door=door, taken=taken, wants={"adult": adult})
    fair = OPENS <= at < CLOSES and door and not taken and 0 < adult <= 5 and (not staff or at >= STAFF)
    assert (code is Code.OK) == fair


@pytest.mark.parametrize(
    ("facts", "at", "phase"),
    [
        (DRAFT, 50, Phase.DRAFT), (CANCELLED, 50, Phase.CANCELLED), (OPEN, 0, Phase.DRAFT),
        (OPEN, 7, Phase.ANNOUNCED), (OPEN, 15, Phase.REGISTERING), (OPEN, 50, Phase.BOTH), (OPEN, 70, Phase.SELLING),
        (OPEN, 90, Phase.OVER),
    ],
)  # fmt: skip
def test_a_round_goes_through_its_phases(facts: RoundFacts, at: int, phase: Phase) -> None:
    assert phase_of(facts, at) is phase
    assert selling(facts, at) == (phase in (Phase.BOTH, Phase.SELLING))


def test_between_registration_and_sale_there_may_be_a_pause() -> None:
    facts = RoundFacts(0, None, 10, 20, 10, 30, 40, {})
    assert phase_of(facts, 25) is Phase.BETWEEN


def test_every_outcome_and_phase_has_words() -> None:
    assert set(WORDS) == set(Code)
    assert set(PHASES) == set(Phase)


@pytest.mark.parametrize(
    "written",
    [
        "R2-虹储-0137",
        "r2-虹储-0137",
        "R2虹储0137",
        "Ｒ２－虹储－０１３７",
        " R2 - 虹储 - 0137 ",
        "R2—虹储—0137",
        "R2–虹储_0137",
    ],
)
def test_a_voucher_is_read_as_people_type_it(written: str) -> None:
    assert read_voucher(written) == (2, "虹储", 137)


@pytest.mark.parametrize("written", ["", "R2", "虹储-0137", "R2-虹储", "R2-虹储-12", "2-虹储-0137", "R2-虹储-0137x"])
def test_what_is_no_voucher_is_not_read_as_one(written: str) -> None:
    assert read_voucher(written) is None


@given(
    number=st.integers(1, 9_999),
    seq=st.integers(1, 999_999),
    short=st.text("虹储何家角荣华长虹", min_size=1, max_size=8),
)
def test_a_voucher_is_read_back(number: int, seq: int, short: str) -> None:
    assert read_voucher(voucher(number, short, seq)) == (number, short, seq)


@given(st.dictionaries(st.text("abcdefghijkl0123456789", min_size=1, max_size=16), st.integers(1, 100), max_size=4))
def test_what_is_wanted_is_read_back(wants: dict[str, int]) -> None:
    assert parse_wants(wants_text(wants)) == wants
    assert parse_wants(wants_text({**wants, "none": 0})) == wants


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("何家角居委会", "何家角"),
        ("虹储居民委员会", "虹储"),
        ("荣华社区", "荣华"),
        ("居委会", "居委会"),
        ("古北" * 20, "古北" * 12),
    ],
)
def test_a_committee_is_short_in_a_voucher(name: str, short: str) -> None:
    assert short_name(name) == short


MONDAY = date(2020, 2, 17)
SATURDAY, SUNDAY = date(2020, 2, 22), date(2020, 2, 23)


def test_odd_and_even_digits_take_turns_and_sunday_is_everybodys() -> None:
    week = [date(2020, 2, 17 + day) for day in range(7)]
    odd = [eligible_on(Policy.ODD_EVEN, digit=7, birth_year=None, day=day) for day in week]
    even = [eligible_on(Policy.ODD_EVEN, digit=0, birth_year=None, day=day) for day in week]
    assert odd == [True, False, True, False, True, False, True]
    assert even == [False, True, False, True, False, True, True]
    assert eligible_on(Policy.ODD_EVEN, digit=None, birth_year=None, day=MONDAY)


@pytest.mark.parametrize("year", range(1930, 2020))
def test_each_birth_year_has_one_weekday_and_the_weekend(year: int) -> None:
    week = [date(2020, 2, 17 + day) for day in range(7)]
    days = [day for day in week if eligible_on(Policy.BIRTH_YEAR, digit=None, birth_year=year, day=day)]
    assert len(days) == 3
    assert days[1:] == [SATURDAY, SUNDAY]


@pytest.mark.parametrize("policy", [Policy.QUEUE, Policy.LOTTERY])
@given(digit=st.none() | st.integers(0, 9), year=st.none() | st.integers(1900, 2020), day=st.dates())
def test_other_policies_know_no_days(policy: Policy, digit: int | None, year: int | None, day: date) -> None:
    assert eligible_on(policy, digit=digit, birth_year=year, day=day)


@given(round_id=st.uuids(), unit=st.uuids(), other=st.uuids())
def test_a_code_opens_its_own_door_in_its_own_round(round_id: UUID, unit: UUID, other: UUID) -> None:
    code = door_token(round_id, unit)
    assert len(code) == LENGTH
    assert read_door(round_id, code) == unit
    assert round_id == other or read_door(other, code) is None


@given(round_id=st.uuids(), unit=st.uuids(), at=st.integers(0, LENGTH - 1), char=st.sampled_from("AzZ09_-"))
def test_a_code_that_was_changed_opens_nothing(round_id: UUID, unit: UUID, at: int, char: str) -> None:
    code = door_token(round_id, unit)
    changed = code[:at] + char + code[at + 1 :]
    # the last character carries bits that mean nothing
    assert changed == code or read_door(round_id, changed) is None or at == LENGTH - 1


@given(st.text(max_size=60))
def test_any_text_may_be_given_as_a_code(written: str) -> None:
    assert read_door(UUID(int=1), written) is None
