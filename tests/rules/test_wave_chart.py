from xml.etree import ElementTree

import pytest

from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.chart import Words, draw, nice, picture
from fangxian.workplaces.wave.morning import Choice, as_asked, grid_of, simulate
from fangxian.workplaces.wave.site import Firm, Gate, Lane, Morning, Site

RULE = WaveRule()
WORDS = Words(
    title="错峰 <b>&", description='从 8 分钟到 "2" 分钟', before="原定", after="错峰后", people="人数",
    minutes="分钟", target="目标 5 分钟", ident="b1",
)  # fmt: skip
FIRMS = tuple(Firm(f"f{number}", 30, 0, 510, 540) for number in range(15))
SITE = Site("b", (Gate("n", (Lane("handheld", 5.0, 0.5),)),), None, None, None, None, FIRMS)
SVG = "{http://www.w3.org/2000/svg}"


def shown(pairs: list[tuple[Morning, Morning]]) -> ElementTree.Element:
    return ElementTree.fromstring(draw(picture(pairs, 5.0), WORDS))  # noqa: S314  we drew it ourselves


@pytest.fixture(scope="module")
def pair() -> tuple[Morning, Morning]:
    early = {f"f{number}": Choice((480 + 30 * (number % 3), 510 + 30 * (number % 3)), 0) for number in range(15)}
    grid = grid_of(SITE, RULE)
    return simulate(SITE, RULE, as_asked(SITE), grid=grid), simulate(SITE, RULE, early, grid=grid)


def test_it_is_a_picture_that_a_strict_page_takes_in(pair: tuple[Morning, Morning]) -> None:
    root = shown([pair])
    assert root.tag == f"{SVG}svg"
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds == {"svg", "title", "desc", "rect", "text", "line", "polyline", "polygon", "circle"}
    names = {name for element in root.iter() for name in element.attrib}
    assert not [name for name in names if name == "style" or name.startswith("on") or "href" in name]


def test_it_says_what_it_shows(pair: tuple[Morning, Morning]) -> None:
    root = shown([pair])
    title, about = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert about is not None
    assert (title.text, about.text) == (WORDS.title, WORDS.description)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {about.get('id')}" == "b1-title b1-about"
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {WORDS.title, WORDS.before, WORDS.after, WORDS.people, WORDS.minutes, WORDS.target} <= set(texts)
    assert "08:30" in texts


def test_the_two_curves_differ_by_more_than_colour(pair: tuple[Morning, Morning]) -> None:
    root = shown([pair])
    dashes = [line.get("stroke-dasharray") is not None for line in root.iter(f"{SVG}polyline")]
    assert dashes == [True, False, True, False]


def test_every_point_lies_within_the_picture(pair: tuple[Morning, Morning]) -> None:
    root = shown([pair])
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    for line in root.iter(f"{SVG}polyline"):
        for point in line.get("points", "").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


def test_many_buildings_are_added_up_and_of_waits_the_longest_counts(pair: tuple[Morning, Morning]) -> None:
    one, two = picture([pair], 5.0), picture([pair, pair], 5.0)
    assert two.before.length == pytest.approx([2 * value for value in one.before.length])
    assert two.before.wait == one.before.wait
    assert one.start > pair[0].start, "the quiet ends are left out"
    assert max(one.before.wait) == pytest.approx(pair[0].worst)
    assert max(one.after.length) < max(one.before.length)


def test_nothing_to_show_is_still_a_picture() -> None:
    assert shown([]).tag == f"{SVG}svg"


@pytest.mark.parametrize(("value", "step"), [(0.3, 0.5), (1.0, 1.0), (3.2, 5.0), (12.0, 20.0), (51.0, 100.0)])
def test_the_scale_has_round_steps(value: float, step: float) -> None:
    assert nice(value) == pytest.approx(step)
