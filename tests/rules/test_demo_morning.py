"""The two days that the demonstration replays, before any of it reaches the program."""

from datetime import date, time, timedelta
from random import Random

import pytest

from fangxian.demo import morning
from fangxian.demo.morning import Corner, Door, Parked, Shares
from fangxian.duties.plan_schema import Windows
from fangxian.shared import clock
from fangxian.shared.ids import new_id

DAY = date(2020, 2, 17)
TWICE = Windows(type="windows", windows=((time(7, 0), time(11, 0)), (time(15, 0), time(19, 0))))
HOURS = [time(3, 0), time(7, 30), time(10, 30), time(16, 0), time(23, 0)]


@pytest.mark.parametrize("hour", HOURS)
def test_nothing_is_seen_before_the_beginning_or_after_the_end(hour: time) -> None:
    when = morning.timeline(clock.at(DAY, hour))
    rng, team = Random(1), new_id()
    wiped = morning.corners(rng, [Corner(new_id(), team, TWICE) for _ in range(300)], when)
    knocks = morning.doors(rng, [Door(new_id(), team, (new_id(),)) for _ in range(300)], when, when.second_round())
    seen = morning.vehicles(
        rng,
        [Parked(f"沪X{n:05d}", new_id(), team) for n in range(300)],
        iter(map(str, range(300))),
        when,
        Shares(0.4, 0.4),
    )
    moments = [one.observed for one in (*wiped, *knocks, *seen)]
    assert moments
    assert all(when.begin <= moment <= when.end for moment in moments)
    assert all(one.observed <= one.arrives <= when.end for one in (*wiped, *knocks, *seen))


def test_most_corners_are_done_in_time_and_some_are_not() -> None:
    when = morning.timeline(clock.at(DAY, time(12, 0)))
    areas = [Corner(new_id(), new_id(), TWICE) for _ in range(2_000)]
    this_morning = [one for one in morning.corners(Random(2), areas, when) if one.observed >= clock.at(DAY, time(0, 0))]
    in_time = sum(one.observed <= clock.at(DAY, time(11, 0)) for one in this_morning)
    assert 0.92 < in_time / len(areas) < 0.99
    assert in_time < len(this_morning) < len(areas)


def test_what_was_seen_while_the_channel_was_down_arrives_after_the_sweep() -> None:
    when = morning.timeline(clock.at(DAY, time(10, 30)))
    start, end = when.outage
    arrival = when.arrival(start + timedelta(minutes=5))
    assert arrival > end
    assert any(end < step < arrival for step in when.steps())
    assert when.arrival(end) == end


def test_an_empty_dwelling_is_found_vacant_and_a_lived_in_one_is_not() -> None:
    when = morning.timeline(clock.at(DAY, time(20, 0)))
    homes = [Door(new_id(), new_id(), ()) for _ in range(50)] + [
        Door(new_id(), new_id(), (new_id(),)) for _ in range(50)
    ]
    empty = {home.dwelling_id for home in homes if not home.people}
    for knock in morning.doors(Random(3), homes, when, Shares(0.5, 0.5)):
        assert (knock.disposition == morning.VACANT) == (knock.dwelling_id in empty)


def test_the_round_grows_with_the_day_but_is_never_finished() -> None:
    shares = [morning.timeline(clock.at(DAY, hour)).second_round().today for hour in HOURS[1:]]
    assert shares == sorted(shares)
    assert shares[-1] < 0.5
