"""The states of a finding as a diagram, drawn from the table that the program follows."""

from typing import Final

from fangxian.inspections.models import FindingStatus
from fangxian.inspections.rules import TRANSITIONS, Actor

BEGIN: Final = "<!-- states: drawn by `script/manage finding_states` -->"
END: Final = "<!-- states end -->"
Row = tuple[str, str, str, tuple[str, ...]]


def rows() -> list[Row]:
    """From a state, by an act, to a state, and as whom; in the order of the states."""
    order = list(FindingStatus)
    found = [
        (before.value, act.value, after.value, tuple(actor.value for actor in Actor if actor in who))
        for (before, act), (after, who) in TRANSITIONS.items()
    ]
    return sorted(found, key=lambda row: (order.index(FindingStatus(row[0])), row[1]))


def ends() -> list[str]:
    """States that nothing leads out of."""
    left = {row[0] for row in rows()}
    return [state.value for state in FindingStatus if state.value not in left]


def mermaid() -> str:
    """The diagram with its marks, as it stands in the README."""
    lines = ["stateDiagram-v2", f"    [*] --> {FindingStatus.OPEN.value}"]
    lines += [f"    {before} --> {after}: {act} ({', '.join(who)})" for before, act, after, who in rows()]
    lines += [f"    {state} --> [*]" for state in ends()]
    return "\n".join([BEGIN, "```mermaid", *lines, "```", END])


def drawn(readme: str) -> str | None:
    """What stands between the marks, marks included."""
    start, end = readme.find(BEGIN), readme.find(END)
    return None if min(start, end) < 0 else readme[start : end + len(END)]


def redrawn(readme: str) -> str:
    """The same text with the diagram of today. Raises ValueError where it has no marks."""
    before = drawn(readme)
    if before is None:
        raise ValueError(f"there is no {BEGIN} … {END}")
    return readme.replace(before, mermaid())
