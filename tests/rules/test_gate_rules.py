"""What is decided at a gate, and in which order."""

import re
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fangxian.gates.models import Direction, Method, Outcome, PassKind, PassStatus, Zone
from fangxian.gates.playbook import GatesSection
from fangxian.gates.rules import Code, Decision, GateFacts, PassFacts, Seen, State, decide
from fangxian.gates.words import WORDS
from tests.support.gate_cases import CASES, facts
from tests.support.repository import ROOT

PLACES = ["tower", "park", "district"]
IDS = st.sampled_from(["", "a", "b"])
INSTANTS = st.integers(0, 60) | st.integers(0, 2**62)
MAYBE = st.none() | st.booleans()
FEVERS = {Code.FEVER, Code.FEVER_AGAIN}
TOKEN_PROBLEMS = [Code.UNREADABLE, Code.FOREIGN_CODE, Code.FORGED, Code.WRONG_KEY, Code.UNKNOWN_PASS]

plans = st.builds(
    GatesSection,
    ask_mask=st.booleans(),
    ask_temperature=st.booleans(),
    ask_declaration=st.booleans(),
    fever_decidec=st.integers(360, 420),
    lowest_decidec=st.integers(300, 360),
    rest_minutes=st.integers(0, 60),
    outings=st.integers(0, 3),
    early_minutes=st.integers(0, 60),
)
gates = st.builds(
    GateFacts,
    gate_id=IDS,
    place_id=st.sampled_from(PLACES),
    direction=st.sampled_from(Direction),
    is_open=st.booleans(),
    zones=st.sampled_from(["", "R", "RY", "B"]),
    day_cap=st.none() | st.integers(0, 3),
    inner_enterprise=IDS,
)
passes = st.builds(
    PassFacts,
    kind=st.sampled_from(PassKind),
    status=st.sampled_from(PassStatus),
    place_ids=st.frozensets(st.sampled_from(PLACES)),
    gate_id=IDS,
    enterprise_id=IDS,
    zone=st.sampled_from([zone.value for zone in Zone]),
    from_us=INSTANTS,
    until_us=INSTANTS,
    slot_from=st.none() | st.integers(0, 1439),
    once=st.booleans(),
)
sights = st.builds(
    Seen,
    direction=st.sampled_from([Direction.IN, Direction.OUT]),
    at_us=INSTANTS,
    minute=st.integers(0, 1439),
    mask=MAYBE,
    decidec=st.none() | st.integers(-10, 600),
    method=st.sampled_from(["", *(method.value for method in Method)]),
    identity=MAYBE,
    declared=MAYBE,
    problem=st.none() | st.sampled_from(TOKEN_PROBLEMS),
    plate=st.sampled_from(["", "沪A12345"]),
    occupants=st.none() | st.integers(0, 9),
    second_of_us=st.none() | INSTANTS,
    again=st.booleans(),
)
states = st.builds(
    State,
    inside=MAYBE,
    outings_used=st.integers(0, 4),
    uses=st.integers(0, 2),
    entries_today=st.integers(0, 4),
    held=st.booleans(),
    declaration_ok=st.booleans(),
    known=st.booleans(),
)
GOOD_PLAN = GatesSection()
GOOD_PASS = PassFacts(PassKind.EMPLOYEE, PassStatus.LIVE, frozenset(PLACES), from_us=0, until_us=2**63)
GOOD_GATE = GateFacts("g", "tower", Direction.BOTH)
GOOD_SEEN = Seen(Direction.IN, at_us=10**15, minute=500, mask=True, decidec=365, identity=True, declared=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_case_of_the_table(case: dict[str, Any]) -> None:
    decision = decide(**facts(case))
    assert (decision.outcome, decision.code) == (case["outcome"], case["code"])


def test_the_table_has_every_code_but_the_one_that_is_decided_elsewhere() -> None:
    assert {case["code"] for case in CASES} == {code.value for code in Code} - {Code.OVERRIDDEN.value}


@given(plans, gates, st.none() | passes, sights, states)
def test_everything_is_decided(
    plan: GatesSection, gate: GateFacts, permit: PassFacts | None, seen: Seen, state: State
) -> None:
    decision = decide(plan=plan, gate=gate, permit=permit, seen=seen, state=state)
    assert isinstance(decision, Decision)
    assert (decision.outcome is Outcome.ADMIT) == (decision.code in {Code.OK, Code.EXIT, Code.SECOND_OK})
    assert (decision.outcome is Outcome.REFER) == (decision.code is Code.FEVER_AGAIN)


def _entry(
    plan: GatesSection = GOOD_PLAN,
    gate: GateFacts = GOOD_GATE,
    permit: PassFacts | None = GOOD_PASS,
    seen: Seen = GOOD_SEEN,
    state: State | None = None,
) -> Decision:
    return decide(plan=plan, gate=gate, permit=permit, seen=seen, state=state or State())


def test_the_good_entry_that_the_properties_vary_is_admitted() -> None:
    assert _entry().code is Code.OK


@given(plans, passes, sights, states)
def test_a_fever_is_never_admitted(plan: GatesSection, permit: PassFacts, seen: Seen, state: State) -> None:
    hot = replace(seen, direction=Direction.IN, decidec=max(plan.fever_decidec, seen.decidec or 0))
    assert _entry(plan, permit=permit, seen=hot, state=state).outcome is not Outcome.ADMIT


@given(
    st.integers(373, 420), MAYBE, MAYBE, states, st.none() | st.integers(0, 1439), st.booleans(),
    st.none() | st.integers(0, 3),
)  # fmt: skip
def test_a_fever_on_a_good_pass_is_found_whatever_else_is_wrong(
    decidec: int, mask: bool | None, identity: bool | None, state: State, slot: int | None, once: bool, cap: int | None
) -> None:
    seen = replace(GOOD_SEEN, decidec=decidec, mask=mask, identity=identity, declared=None)
    permit = replace(GOOD_PASS, slot_from=slot, once=once)
    found = _entry(gate=replace(GOOD_GATE, day_cap=cap), permit=permit, seen=seen, state=replace(state, held=False))
    assert (found.outcome, found.code) == (Outcome.HOLD, Code.FEVER)
    rested = replace(seen, method="axillary", second_of_us=seen.at_us - 3_600_000_000)
    again = _entry(permit=permit, seen=rested, state=replace(state, held=False))
    assert (again.outcome, again.code) == (Outcome.REFER, Code.FEVER_AGAIN)


@given(plans, gates, st.none() | passes, sights, states)
def test_what_is_asked_on_the_way_in_never_stops_the_way_out(
    plan: GatesSection, gate: GateFacts, permit: PassFacts | None, seen: Seen, state: State
) -> None:
    leaving = replace(seen, direction=Direction.OUT)
    bare = replace(
        leaving, mask=False, decidec=390, identity=False, declared=False, problem=None, method="", second_of_us=None
    )
    decision = decide(plan=plan, gate=gate, permit=permit, seen=leaving, state=state)
    assert decision == decide(plan=plan, gate=gate, permit=permit, seen=bare, state=state)
    assert decision.code in {
        Code.EXIT, Code.GATE_CLOSED, Code.WRONG_DIRECTION, Code.HELD_HERE, Code.NO_OUTINGS, Code.ALREADY_OUTSIDE,
    }  # fmt: skip


@given(plans, gates, passes, sights, states, st.sampled_from([PassStatus.REVOKED, PassStatus.SUSPENDED]))
def test_a_pass_out_of_force_never_admits(
    plan: GatesSection, gate: GateFacts, permit: PassFacts, seen: Seen, state: State, status: PassStatus
) -> None:
    entering = replace(seen, direction=Direction.IN)
    decision = decide(plan=plan, gate=gate, permit=replace(permit, status=status), seen=entering, state=state)
    assert decision.outcome is Outcome.REFUSE


@given(gates, passes, st.sampled_from([GOOD_SEEN, replace(GOOD_SEEN, occupants=1)]), states)
def test_who_is_let_in_has_a_pass_in_force_for_this_door(
    gate: GateFacts, permit: PassFacts, seen: Seen, state: State
) -> None:
    decision = _entry(gate=gate, permit=permit, seen=replace(seen, at_us=30), state=state)
    in_force = permit.status is PassStatus.LIVE and permit.from_us <= 30 < permit.until_us
    here = gate.place_id in permit.place_ids and gate.is_open and gate.direction is not Direction.OUT
    tenant = gate.inner_enterprise in ("", permit.enterprise_id)
    assert decision.outcome is not Outcome.ADMIT or (in_force and here and tenant)


@given(plans, gates, passes, sights, states, st.sampled_from(TOKEN_PROBLEMS))
def test_a_code_with_a_problem_never_admits(
    plan: GatesSection, gate: GateFacts, permit: PassFacts, seen: Seen, state: State, problem: Code
) -> None:
    shown = replace(seen, direction=Direction.IN, problem=problem)
    assert decide(plan=plan, gate=gate, permit=permit, seen=shown, state=state).outcome is Outcome.REFUSE


@pytest.mark.parametrize("code", Code)
def test_every_code_has_words_in_both_languages(code: Code) -> None:
    with translation.override("en"):
        english = [str(part) for part in WORDS[code]]
    with translation.override("zh-hans"):
        chinese = [str(part) for part in WORDS[code]]
    for source, said in zip(english, chinese, strict=True):
        assert source.endswith(".")
        assert said != source
        assert re.search(r"[\u4e00-\u9fff]", said), said
        assert said.endswith("。")
        assert not re.search(r"[,;:?!]", said), said


def test_a_next_step_is_short_enough_to_be_read_at_arm_s_length() -> None:
    with translation.override("zh-hans"):
        assert {code for code, words in WORDS.items() if len(str(words.title)) > 20} == set()
        assert {code for code, words in WORDS.items() if len(str(words.next_step)) > 40} == set()


def test_the_table_in_the_documentation_says_what_the_code_does() -> None:
    outcomes = {code.value: {case["outcome"] for case in CASES if case["code"] == code} for code in Code}
    outcomes[Code.OVERRIDDEN.value] = {Outcome.ADMIT.value}
    expected = []
    for code in Code:
        with translation.override("en"):
            english = WORDS[code].title
            row = f"| `{code.value}` | {', '.join(sorted(outcomes[code.value]))} | {english} |"
        with translation.override("zh-hans"):
            expected.append(f"{row} {WORDS[code].title} |")
    page = (ROOT / "docs" / "gates.md").read_text("utf-8")
    assert [line for line in page.splitlines() if line.startswith("| `")] == expected
