"""What a tablet decides without a network is what the server decides: one table, in a real page."""

import json
import random
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from fangxian.gates.actions.check_batch import NEVER_OVERRIDDEN
from fangxian.gates.rules import decide, is_unsettled
from tests.support.gate_cases import CASES, PARTS, WINDOWS, facts
from tests.support.repository import ROOT

DECIDE_ALL = """async (cases) => {
  const { decide } = await import("/static/console/js/gate/decide.js");
  return cases.map((c) => decide(c.plan, c.gate, c.permit, c.seen, c.state));
}"""


def _in_the_browser(page: Page, cases: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(found["outcome"], found["code"]) for found in page.evaluate(DECIDE_ALL, cases)]


def test_the_browser_decides_every_case_of_the_table(visit: Callable[..., Page]) -> None:
    found = _in_the_browser(visit("/sign-in/"), CASES)
    wrong = {
        case["name"]: decision
        for case, decision in zip(CASES, found, strict=True)
        if decision != (case["outcome"], case["code"])
    }
    assert wrong == {}


def test_the_browser_decides_mixtures_of_the_cases_as_the_server_does(visit: Callable[..., Page]) -> None:
    """Parts of different cases put together: thousands of situations that nobody thought of."""
    rng = random.Random(20200224)
    mixed = [{part: rng.choice(CASES)[part] for part in PARTS} for _ in range(4_000)]
    expected = [decide(**facts(case)) for case in mixed]
    assert len({decision.code for decision in expected}) > 20
    found = _in_the_browser(visit("/sign-in/"), mixed)
    wrong = [
        (case, decision)
        for case, decision, other in zip(mixed, found, expected, strict=True)
        if decision != (other.outcome.value, other.code.value)
    ]
    assert wrong == []


UNSETTLED = """async (cases) => {
  const { isUnsettled } = await import("/static/console/js/gate/decide.js");
  return cases.map((c) => isUnsettled(c.plan, c.seen));
}"""


def test_the_browser_overrides_what_the_server_lets_a_guard_override(visit: Callable[..., Page]) -> None:
    source = (ROOT / "src/fangxian/console/static/console/js/gate/engine.js").read_text("utf-8")
    (listed,) = re.findall(r"NEVER_OVERRIDDEN = new Set\((\[.*?\])\)", source)
    assert set(json.loads(listed)) == {code.value for code in NEVER_OVERRIDDEN}
    expected = [is_unsettled(found["plan"], found["seen"]) for found in map(facts, CASES)]
    assert 0 < sum(expected) < len(expected)
    assert visit("/sign-in/").evaluate(UNSETTLED, CASES) == expected


WINDOW_ON = """async (cases) => {
  const { windowOn } = await import("/static/console/js/gate/decide.js");
  return cases.map((c) => windowOn(c.windows, c.day));
}"""


def test_the_browser_finds_the_window_of_a_day_as_the_server_does(visit: Callable[..., Page]) -> None:
    found = visit("/sign-in/").evaluate(WINDOW_ON, WINDOWS)
    assert found == [case["window"] for case in WINDOWS]


PERMITS = """async ({ bundle, claims, gate, atUs }) => {
  const { Ledger } = await import("/static/console/js/gate/ledger.js");
  const { slotOf } = await import("/static/console/js/gate/decide.js");
  const ledger = new Ledger();
  await ledger.load(bundle);
  return claims.map((one) => [slotOf(ledger.permit(one, gate, atUs)), ledger.permit(one, gate, atUs).window_closed]);
}"""


def test_a_tablet_finds_the_window_of_an_enterprise_in_its_list(visit: Callable[..., Page]) -> None:
    """Of this day, for employees alone, before the slot on the pass."""
    at_us = 1_582_504_200_000_000  # 24 February 2020, 08:30
    day = 18_316
    bundle = {
        "keys": [], "not_in_force": {"s": "", "r": ""}, "line": ["tower"], "made_us": at_us, "entries_today": 0,
        "windows": [
            ["bank", day, day, 540, 570, False], ["bank", day + 1, day + 1, 600, 630, False],
            ["closed", day, day, 540, 570, True],
        ],
        **dict.fromkeys(("held", "declared", "inside", "used", "no_outings"), ""),
    }  # fmt: skip
    claims = [
        {"id": "1", "kind": kind, "place_id": "tower", "enterprise_id": firm, "slot_from": 480, "slot_until": 510}
        for kind, firm in (("employee", "bank"), ("visitor", "bank"), ("employee", "closed"), ("employee", "other"))
    ]
    given = {"bundle": bundle, "claims": claims, "gate": {"place_id": "tower"}, "atUs": at_us}
    found = visit("/sign-in/").evaluate(PERMITS, given)
    assert found == [[[540, 570], False], [[480, 510], False], [[540, 570], True], [[480, 510], False]]
