from dataclasses import replace

import pytest

from fangxian.duties.plan_schema import Text
from fangxian.workplaces.playbook import ServiceRule, WaveRule
from fangxian.workplaces.wave.site import Firm, Gate, Lane, Site
from fangxian.workplaces.wave.whatif import Change, Unfit, What, apply, lane_of

NAME = Text(zh="法", en="way")
RULE = WaveRule(
    services=(
        ServiceRule(method="handheld", title=NAME, seconds=5.0, spread=0.5, rain_factor=1.3),
        ServiceRule(method="thermal", title=NAME, seconds=0.5, spread=0.3, rain_factor=1.5),
    )
)
HAND = Lane("handheld", 5.0, 0.5)
COLD = Lane("thermal", 0.5, 0.3)
SITE = Site("b", (Gate("n", (HAND,)), Gate("s", (HAND, HAND))), 90.0, 60, 500, None, (Firm("f", 10, 0, 510, 540),))


def lanes(site: Site) -> list[list[str]]:
    return [[lane.method for lane in gate.lanes] for gate in site.gates]


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (Change(What.CLOSE, "b", "n"), [[], ["handheld", "handheld"]]),
        (Change(What.CLOSE, "another", "n"), [["handheld"], ["handheld", "handheld"]]),
        (Change(What.LANE, "b", "n", "thermal"), [["handheld", "thermal"], ["handheld", "handheld"]]),
        (Change(What.LANE, "b", "s", "handheld", 2), [["handheld"], ["handheld"] * 4]),
        (Change(What.METHOD, "b", "s", "thermal"), [["handheld"], ["thermal", "thermal"]]),
        (Change(What.METHOD, method="thermal"), [["thermal"], ["thermal", "thermal"]]),
    ],
)
def test_it_changes_the_gates(change: Change, after: list[list[str]]) -> None:
    assert lanes(apply(SITE, RULE, [change])) == after
    assert lanes(SITE) == [["handheld"], ["handheld", "handheld"]], "what was is still there"


def test_rain_slows_each_method_by_its_own_factor_and_added_lanes_too() -> None:
    wet = apply(SITE, RULE, [Change(What.RAIN), Change(What.LANE, "b", "n", "thermal")])
    assert wet.gates[0].lanes == (replace(HAND, seconds=6.5), replace(COLD, seconds=0.75))
    assert wet.per_minute < apply(SITE, RULE, [Change(What.LANE, "b", "n", "thermal")]).per_minute


def test_a_cap_is_set_and_lifted() -> None:
    changes = [Change(What.PEOPLE_CAP, count=None), Change(What.FIRM_CAP, "b", count=3)]
    found = apply(SITE, RULE, changes)
    assert (found.people_cap, found.firm_cap) == (None, 3)


def test_a_closed_gate_opens_with_a_lane() -> None:
    found = apply(SITE, RULE, [Change(What.CLOSE, "b", "n"), Change(What.LANE, "b", "n", "thermal")])
    assert lanes(found) == [["thermal"], ["handheld", "handheld"]]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Change(What.LANE, "b", "n", "form"), "method"),
        (Change(What.METHOD, "b", "n", ""), "method"),
        (Change(What.CLOSE, "b", "west"), "gate"),
        (Change(What.LANE, "b", "n", "thermal", 0), "count"),
        (Change(What.LANE, "b", "n", "thermal", None), "count"),
        (Change(What.PEOPLE_CAP, count=-1), "count"),
    ],
)
def test_what_cannot_be_changed_says_why(change: Change, why: str) -> None:
    with pytest.raises(Unfit) as caught:
        apply(SITE, RULE, [change])
    assert caught.value.args == (why,)


def test_a_change_is_stored_and_read_back() -> None:
    for change in (Change(What.LANE, "b", "n", "thermal", 2), Change(What.PEOPLE_CAP, count=None), Change(What.RAIN)):
        assert Change.from_json(change.as_json()) == change


def test_a_lane_is_as_quick_as_the_plan_says() -> None:
    assert lane_of(RULE, "thermal") == COLD
