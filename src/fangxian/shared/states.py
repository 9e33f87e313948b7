"""The picture of a table of transitions, for the documents."""

from collections.abc import Collection, Mapping
from typing import TypeVar

State = TypeVar("State", bound=str)
Act = TypeVar("Act", bound=str)


def diagram(transitions: Mapping[tuple[State, Act], tuple[State, Collection[str]]], first: str) -> str:
    """A mermaid state diagram: (state, act) -> (state after, who may). A state that nothing leaves is an end."""
    lines = ["stateDiagram-v2", f"    [*] --> {first}"]
    for (before, act), (after, who) in transitions.items():
        lines.append(f"    {_word(before)} --> {_word(after)}: {_word(act)} ({', '.join(sorted(map(_word, who)))})")
    left = {_word(before) for before, _act in transitions}
    ends = dict.fromkeys(_word(after) for after, _who in transitions.values() if _word(after) not in left)
    lines += [f"    {end} --> [*]" for end in ends]
    return "\n".join(lines)


def _word(key: str) -> str:
    return str(getattr(key, "value", key))
