"""When people come to a gate in the morning, for the simulator."""

from fangxian.intake.arrivals import SPAN_SECONDS, arrivals, steady


def test_three_in_five_come_between_a_quarter_past_eight_and_a_quarter_past_nine() -> None:
    times = arrivals(20_000, seed=7)
    busy = sum(45 * 60 <= at < 105 * 60 for at in times)
    assert 0.58 < busy / len(times) < 0.62


def test_they_come_in_order_within_the_morning_and_the_same_for_a_seed() -> None:
    times = arrivals(500, seed=3)
    assert times == sorted(times) == arrivals(500, seed=3) != arrivals(500, seed=4)
    assert 0 <= times[0] <= times[-1] <= SPAN_SECONDS


def test_a_steady_rate_is_even() -> None:
    assert steady(4, rate=2) == [0.0, 0.5, 1.0, 1.5]
