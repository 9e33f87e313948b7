"""The diagram in the package's README is the table of what may follow what, drawn by rule."""

from fangxian.inspections import diagram
from tests.support.repository import SOURCE

README = SOURCE / "inspections" / "README.md"


def test_the_diagram_is_the_table() -> None:
    drawn = diagram.drawn(README.read_text(encoding="utf-8"))
    assert drawn is not None, "README.md has no diagram between its marks"
    assert drawn == diagram.mermaid(), "write it anew: script/manage finding_states"


def test_the_diagram_shows_every_state_and_act() -> None:
    text = diagram.mermaid()
    for before, act, after, who in diagram.rows():
        assert f"{before} --> {after}: {act} ({', '.join(who)})" in text
    assert text.count(" --> ") == len(diagram.rows()) + 1 + len(diagram.ends())
