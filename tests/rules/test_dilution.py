"""How a solution is mixed, and what in a record does not fit the plan."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.hygiene import rules
from fangxian.hygiene.models import Mark
from fangxian.hygiene.playbook import Agent, AreaType, HygieneSection
from fangxian.hygiene.rules import Dilution, MixError, MixFault, Seen
from tests.support import playbooks

NOW = datetime(2020, 2, 17, 1, 0, tzinfo=UTC)
PLAN = playbooks.plan().read(HygieneSection)


def agent(key: str) -> Agent:
    found = PLAN.agent(key)
    assert found is not None
    return found


def kind(key: str) -> AreaType:
    found = PLAN.area_type(key)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("stock", "target", "working", "wanted"),
    [
        (50_000, 500, 1_000, Dilution(10, 990)),  # 84 solution, 1:99
        (50_000, 500, 10_000, Dilution(100, 9_900)),
        (50_000, 1_000, 5_000, Dilution(100, 4_900)),  # 1:49
        (50_000, 250, 2_000, Dilution(10, 1_990)),
        (50_000, 50_000, 300, Dilution(300, 0)),
        (60_000, 500, 1_000, Dilution(9, 991)),  # 8.33 ml is rounded up, never too weak
        (50_000, 500, 1, Dilution(1, 0)),
    ],
)
def test_it_mixes_by_the_formula(stock: int, target: int, working: int, wanted: Dilution) -> None:
    assert rules.dilution(stock, target, working) == wanted


def test_it_says_the_parts_where_they_are_whole() -> None:
    assert rules.dilution(50_000, 500, 10_000).parts == 99
    assert rules.dilution(60_000, 500, 1_000).parts is None


@given(st.integers(1, 200_000), st.integers(1, 200_000), st.integers(1, 1_000_000))
def test_a_mixture_is_whole_never_too_weak_and_less_than_a_millilitre_too_strong(
    stock: int, target: int, ml: int
) -> None:
    if target > stock:
        with pytest.raises(MixError) as refused:
            rules.dilution(stock, target, ml)
        assert refused.value.fault is MixFault.STRONGER_THAN_STOCK
        return
    found = rules.dilution(stock, target, ml)
    assert found.stock_ml + found.water_ml == ml
    assert found.water_ml >= 0
    assert found.stock_ml * stock >= target * ml
    assert (found.stock_ml - 1) * stock < target * ml


@pytest.mark.parametrize(
    ("stock", "target", "working", "fault"),
    [
        (50_000, 60_000, 1_000, MixFault.STRONGER_THAN_STOCK),
        (0, 500, 1_000, MixFault.NOT_POSITIVE),
        (50_000, 0, 1_000, MixFault.NOT_POSITIVE),
        (50_000, 500, -1, MixFault.NOT_POSITIVE),
        (50_000, 500, 1_000_001, MixFault.TOO_MUCH),
    ],
)
def test_it_refuses_the_impossible(stock: int, target: int, working: int, fault: MixFault) -> None:
    with pytest.raises(MixError) as refused:
        rules.dilution(stock, target, working)
    assert refused.value.fault is fault


@pytest.mark.parametrize(
    ("target", "working", "wanted"), [(500, 1_000, 1), (500, 10_000, 10), (1_000, 1_500, 3), (250, 1_000, 1)]
)
def test_one_tablet_of_500_mg_goes_into_a_litre(target: int, working: int, wanted: int) -> None:
    assert rules.tablets(500, target, working) == wanted


@pytest.mark.parametrize(
    ("key", "mg", "ml", "wanted"),
    [
        ("chlorine-84", 500, 5_000, 50),
        ("chlorine-84", 90_000, 5_000, 5_000),  # stronger than the bottle: the bottle itself
        ("chlorine-84", None, 200, 200),
        ("chlorine-tablet", 500, 5_000, 5),
        ("chlorine-tablet", None, 5_000, 0),
        ("ethanol-75", None, 100, 100),
        ("ethanol-75", 500, 100, 100),
    ],
)
def test_it_knows_how_much_of_the_agent_was_used(key: str, mg: int | None, ml: int, wanted: int) -> None:
    assert rules.agent_units(agent(key), mg, ml) == wanted


@pytest.mark.parametrize(
    ("area", "used", "mg", "wanted"),
    [
        ("lobby", "chlorine-84", 500, ()),
        ("lobby", "chlorine-84", 1_000, ()),
        ("lobby", "chlorine-84", 250, (Mark.TOO_WEAK,)),
        ("lobby", "chlorine-84", None, (Mark.TOO_WEAK,)),
        ("lobby", "chlorine-tablet", 500, (Mark.OTHER_AGENT,)),
        ("lobby", "chlorine-tablet", 100, (Mark.OTHER_AGENT, Mark.TOO_WEAK)),
        ("lobby", "chlorine-84", 60_000, (Mark.IMPOSSIBLE,)),
        ("lobby", "ethanol-75", None, (Mark.OTHER_AGENT,)),
        ("lift-buttons", "ethanol-75", None, ()),
        ("isolation-room", "chlorine-84", 500, (Mark.TOO_WEAK,)),
    ],
)
def test_a_record_is_compared_with_the_plan(area: str, used: str, mg: int | None, wanted: tuple[Mark, ...]) -> None:
    seen = Seen(used, mg, NOW)
    assert rules.marks(seen, kind=kind(area), agent=agent(used), open_then=True, now=NOW) == wanted


def test_it_marks_what_the_plan_and_the_register_do_not_know() -> None:
    late = Seen("bleach", 500, NOW + timedelta(minutes=10))
    assert rules.marks(late, kind=None, agent=None, open_then=False, now=NOW) == (
        Mark.NOT_LISTED, Mark.UNKNOWN_AGENT, Mark.CLOSED, Mark.CLOCK,
    )  # fmt: skip
    slightly = Seen("chlorine-84", 500, NOW + timedelta(minutes=1))
    assert rules.marks(slightly, kind=kind("lobby"), agent=agent("chlorine-84"), open_then=True, now=NOW) == ()
