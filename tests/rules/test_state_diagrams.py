"""The documents show the tables of transitions as they are."""

import pytest

from fangxian.inspections import rules as inspections
from fangxian.inspections.models import FindingStatus
from fangxian.shared.states import diagram
from fangxian.workplaces import rules as workplaces
from fangxian.workplaces.models import FilingStatus
from tests.support.repository import ROOT

PICTURES = {
    "docs/inspections.md": diagram(inspections.TRANSITIONS, FindingStatus.OPEN.value),
    "docs/workplaces.md": diagram(workplaces.TRANSITIONS, FilingStatus.DRAFT.value),
}


@pytest.mark.parametrize("page", PICTURES)
def test_the_page_shows_the_states_of_the_table(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert f"```mermaid\n{PICTURES[page]}\n```" in text, f"put this into {page}:\n{PICTURES[page]}"


def test_every_state_and_every_act_is_drawn_once() -> None:
    drawn = diagram({("a", "go"): ("b", {"x", "w"}), ("b", "stay"): ("b", {"x"}), ("b", "end"): ("c", {"x"})}, "a")
    assert drawn.splitlines() == [
        "stateDiagram-v2", "    [*] --> a", "    a --> b: go (w, x)", "    b --> b: stay (x)", "    b --> c: end (x)",
        "    c --> [*]",
    ]  # fmt: skip
