"""Queue and lottery on the same demand."""

from datetime import date

from fangxian.masks.comparing import Demand, Household, age_band, generate, journeys_without_calling, simulate


def household(n: int, *, day: int = 0, band: str = "18-39") -> Household:
    return Household(f"{n:032x}", "a", n, day, 5, band)


def demand(*households: Household, arrivals: dict[tuple[int, str], int], closes: int = 0) -> Demand:
    return Demand(households, {"a": "p"}, arrivals, date(2020, 2, 17), closes, 100, reserve_permille=0)


def test_a_queue_serves_in_order_as_goods_come() -> None:
    asked = demand(*(household(n) for n in range(1, 5)), arrivals={(1, "p"): 10, (2, "p"): 10})
    outcome = simulate(asked, "queue", "s")
    assert [outcome.waits[household(n).id] for n in range(1, 5)] == [1, 1, 2, 2]
    assert (outcome.unserved, outcome.median, outcome.late) == (0, 1.5, 2)
    assert outcome.half == {"a": 0.5}


def test_a_lottery_waits_for_the_end_of_registration_and_draws_from_all() -> None:
    asked = demand(*(household(n) for n in range(1, 41)), arrivals={(1, "p"): 100}, closes=2)
    outcome = simulate(asked, "lottery", "s")
    assert set(outcome.waits.values()) == {3}
    assert len(outcome.waits) == 20
    assert set(outcome.waits) != {household(n).id for n in range(1, 21)}
    assert simulate(asked, "lottery", "s").waits == outcome.waits
    assert simulate(asked, "lottery", "another").waits != outcome.waits


def test_everybody_goes_each_morning_when_nobody_is_called() -> None:
    asked = demand(*(household(n) for n in range(1, 5)), arrivals={(1, "p"): 10, (2, "p"): 10})
    assert journeys_without_calling(asked) == 4 + 2


def test_a_made_up_street_comes_again_from_its_seed_and_everybody_is_served() -> None:
    asked = generate("s", committees=4, pharmacies=2, mean=30)
    assert asked == generate("s", committees=4, pharmacies=2, mean=30)
    assert asked != generate("t", committees=4, pharmacies=2, mean=30)
    queue, lottery = (simulate(asked, policy, "s") for policy in ("queue", "lottery"))
    assert queue.unserved == lottery.unserved == 0
    assert sum(queue.histogram().values()) == len(asked.households)
    assert queue.by_band["18-39"] < lottery.by_band["18-39"]
    spread = {one.policy: max(one.by_band.values()) - min(one.by_band.values()) for one in (queue, lottery)}
    assert spread["lottery"] < spread["queue"] + 1
    assert journeys_without_calling(asked) > len(asked.households)


def test_ages_are_in_bands() -> None:
    assert [age_band(age) for age in (None, 20, 40, 79, 80, 101)] == ["?", "18-39", "40-59", "60-79", "80+", "80+"]
