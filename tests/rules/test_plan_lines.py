import tomllib
from collections.abc import Iterator

import pytest

from fangxian.duties.plan_lines import find_lines
from tests.support import playbooks

AWKWARD = '''# a comment = 1
a = 1 # b = 2
b.c = "x\\"] # y"
"q k" = \'\'\'c = 1
b\'\'\'
[t] # [u]
arr = [
  1, # one
  [2,
   3],
  { x = 1, y = [
  4] },
]
d = 2020-01-01 07:00:00
s = """
[[no]]
e = 1\\""""
[[r]]
key = "a"
[r.sub]
z = 1
[[r.esc]]
q = 1
[[r.esc]]
q = 2
[[r]]
key = "b"
esc = [{ q = 1 },
{ q = 2 }]
'''


def test_it_finds_every_key_of_an_awkward_text() -> None:
    lines = find_lines(AWKWARD)

    wanted = {
        ("a",): 2, ("b", "c"): 3, ("q k",): 4, ("t",): 6, ("t", "arr"): 7, ("t", "arr", 1): 9, ("t", "arr", 1, 1): 10,
        ("t", "arr", 2, "x"): 11, ("t", "arr", 2, "y", 0): 12, ("t", "d"): 14, ("t", "s"): 15, ("r", 0): 18,
        ("r", 0, "sub", "z"): 21, ("r", 0, "esc", 0, "q"): 23, ("r", 0, "esc", 1, "q"): 25, ("r", 1, "key"): 27,
        ("r", 1, "esc", 0, "q"): 28, ("r", 1, "esc", 1, "q"): 29,
    }  # fmt: skip
    assert {path: lines.get(path) for path in wanted} == wanted
    assert ("no",) not in lines


def test_it_counts_windows_line_ends_once() -> None:
    assert find_lines("a = 1\r\n\r\nb = 2\r\n")[("b",)] == 3


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))


@pytest.mark.parametrize("name", playbooks.NAMES)
def test_it_points_at_the_key_in_every_shipped_file(name: str) -> None:
    for file, data in playbooks.files(name).items():
        text = data.decode()
        written, lines = text.split("\n"), find_lines(text)
        for path in leaves(tomllib.loads(text)):
            assert str(path[-1]) in written[lines[path] - 1], (file, path)
