"""What may follow what, as whom, by when, and what an open finding suspends."""

from datetime import datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.duties.plan_schema import Text
from fangxian.duties.sections import ChecklistItem, Scope, Severity, SeverityTerm
from fangxian.inspections import rules
from fangxian.inspections.models import FindingAct, FindingStatus
from fangxian.inspections.rules import Actor
from fangxian.shared import clock

S, A, R, I, L = FindingStatus, FindingAct, Actor.RESPONSIBLE, Actor.INSPECTOR, Actor.LEADER  # noqa: E741 - one letter a column
TITLE = Text(zh="必测温", en="temperature")

# One row a state and an act that is open in it; a column an actor, and the state that follows.
OPEN_TO = {
    **{(before, A.PLAN): (S.PLANNED, {R, I, L}) for before in (S.OPEN, S.PLANNED, S.REOPENED)},
    **{(before, A.MEND): (S.MENDED, {R, L}) for before in (S.OPEN, S.PLANNED, S.REOPENED)},
    **{(before, A.AGAIN): (before, {I, L}) for before in (S.OPEN, S.PLANNED, S.REOPENED)},
    (S.MENDED, A.PASS): (S.CLOSED, {I, L}),
    (S.MENDED, A.FAIL): (S.REOPENED, {I, L}),
    (S.MENDED, A.AGAIN): (S.REOPENED, {I, L}),
    **{(before, A.ANNUL): (S.VOID, {L}) for before in (S.OPEN, S.PLANNED, S.MENDED, S.REOPENED)},
}


@pytest.mark.parametrize(("before", "act", "actor"), list(product(S, A, Actor)))
def test_every_state_meets_every_act_as_everybody(before: FindingStatus, act: FindingAct, actor: Actor) -> None:
    follows, who = OPEN_TO.get((before, act), (None, set[Actor]()))
    assert rules.after(before, act, actor) == (follows if actor in who else None)


@pytest.mark.parametrize(("before", "actor"), list(product(S, Actor)))
def test_the_buttons_are_the_acts_that_are_open(before: FindingStatus, actor: Actor) -> None:
    shown = rules.acts_open(before, {actor})
    assert set(shown) == {act for act in A if act != A.AGAIN and rules.after(before, act, actor) is not None}
    assert rules.acts_open(before, ()) == ()


def test_nothing_leads_out_of_an_end() -> None:
    assert not [key for key in rules.TRANSITIONS if key[0] in (S.CLOSED, S.VOID)]


def test_every_state_is_reached_from_the_first() -> None:
    reached = {S.OPEN}
    for _round in S:
        reached |= {after for (before, _act), (after, _who) in rules.TRANSITIONS.items() if before in reached}
    assert reached == set(S)


def us(text: str) -> int:
    return clock.to_us(datetime.fromisoformat(text).replace(tzinfo=clock.ZONE))


def term(minutes: int | None = None, days: int | None = None) -> SeverityTerm:
    return SeverityTerm(key="red", title=TITLE, within_minutes=minutes, within_days=days)


@pytest.mark.parametrize(
    ("held", "seen", "due"),
    [
        (term(minutes=60), "2020-02-17T09:30", "2020-02-17T10:30"),
        (term(minutes=60), "2020-02-17T23:30", "2020-02-18T00:30"),
        (term(days=0), "2020-02-17T09:30", "2020-02-18T00:00"),
        (term(days=0), "2020-02-17T23:59", "2020-02-18T00:00"),
        (term(days=3), "2020-02-28T09:30", "2020-03-03T00:00"),
        (None, "2020-02-17T09:30", "2020-02-18T00:00"),
    ],
)
def test_by_when_it_is_put_right(held: SeverityTerm | None, seen: str, due: str) -> None:
    assert rules.due_us(held, us(seen)) == us(due)


def item(severity: Severity = "red", suspends: Scope | None = None) -> ChecklistItem:
    return ChecklistItem(key="A2", area="A", title=TITLE, criterion=TITLE, severity=severity, suspends=suspends)


@pytest.mark.parametrize(
    ("asked", "severity", "zone", "scope"),
    [
        (item(suspends="zone"), "red", "R", "R"),
        (item(suspends="zone"), "red", "", ""),
        (item(suspends="building"), "red", "R", ""),
        (item(), "red", "R", None),
        (item(suspends="zone"), "amber", "R", None),
        (item(suspends="building"), "white", "", None),
        (None, "red", "R", None),
    ],
)
def test_what_an_open_finding_suspends(
    asked: ChecklistItem | None, severity: str, zone: str, scope: str | None
) -> None:  # fmt: skip
    found = rules.suspends(asked, severity, zone)
    assert (found.zone if found else None) == scope


@pytest.mark.parametrize(
    ("seen", "received", "signed", "told"), [(10, 20, True, 10), (10, 20, False, 20), (10, 10, False, 10)]
)
def test_the_time_runs_from_when_the_manager_could_know(seen: int, received: int, signed: bool, told: int) -> None:
    assert rules.told_us(seen, received, signed=signed) == told


@pytest.mark.parametrize(
    ("status", "seen", "mended", "new"),
    [
        (S.MENDED, 20, 10, True),
        (S.MENDED, 10, 20, False),
        (S.MENDED, 10, 10, False),
        (S.MENDED, 10, None, True),
        (S.OPEN, 10, None, True),
        (S.REOPENED, 10, 20, True),
    ],
)
def test_what_was_seen_before_it_was_put_right_opens_nothing(
    status: str, seen: int, mended: int | None, new: bool
) -> None:  # fmt: skip
    assert rules.is_new_sight(status, seen, mended) is new


@pytest.mark.parametrize(("first", "second", "both"), [("R", "R", "R"), ("R", "B", ""), ("", "R", ""), ("", "", "")])
def test_two_zones_are_all_of_the_place(first: str, second: str, both: str) -> None:
    assert rules.wider(first, second) == both


@given(results=st.lists(st.sampled_from(["ok", "fault", "none"])))
def test_the_score_leaves_out_what_does_not_apply(results: list[str]) -> None:
    in_order, applicable = rules.score(results)
    assert in_order == results.count("ok")
    assert applicable == len(results) - results.count("none")
    assert 0 <= in_order <= applicable
