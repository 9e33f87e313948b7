"""The line on which every key of a TOML text is written.

``tomllib`` tells values, not places. This walk runs only over text that ``tomllib`` has accepted, so it may
trust the grammar and only needs to know where strings, arrays and inline tables begin and end.
"""

from __future__ import annotations

from fangxian.duties.plan_schema import Path

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


def find_lines(text: str) -> dict[Path, int]:
    """Path -> 1-based line. Elements of arrays have integer steps; the root is ``()`` at line 1."""
    return _Walk(text.replace("\r\n", "\n")).run()


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[Path, int] = {(): 1}
        self.counts: dict[Path, int] = {}  # elements so far of each array of tables

    def run(self) -> dict[Path, int]:
        table: Path = ()
        while True:
            self.skip_blank()
            if self.at >= len(self.text):
                return self.lines
            if self.peek() == "[":
                table = self.header()
            else:
                self.pair(table)

    def peek(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def step(self, length: int = 1) -> None:
        self.line += self.text.count("\n", self.at, self.at + length)
        self.at += length

    def skip_blank(self) -> None:
        """Spaces, line ends and comments; also commas, which mean nothing to a line finder."""
        while self.at < len(self.text):
            if self.peek() == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.peek() in " \t\n,":
                self.step()
            else:
                return

    def header(self) -> Path:
        many = self.peek(2) == "[["
        self.step(2 if many else 1)
        line = self.line
        path = self.inside_arrays(self.dotted())
        self.step(2 if many else 1)
        if many:
            number = self.counts.get(path, 0)
            self.counts[path] = number + 1
            self.lines.setdefault(path, line)
            path = (*path, number)
        self.note(path, line)
        return path

    def inside_arrays(self, names: tuple[str, ...]) -> Path:
        """``[a.b]`` after ``[[a]]`` means the latest element of a; the last name itself is not resolved."""
        path: Path = ()
        for position, name in enumerate(names):
            path = (*path, name)
            if position < len(names) - 1 and path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def note(self, path: Path, line: int) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def dotted(self) -> tuple[str, ...]:
        names = []
        while True:
            self.spaces()
            names.append(self.name())
            self.spaces()
            if self.peek() != ".":
                return tuple(names)
            self.step()

    def spaces(self) -> None:
        while self.peek() in {" ", "\t"}:
            self.step()

    def name(self) -> str:
        if self.peek() in {'"', "'"}:
            return self.string()
        start = self.at
        while self.peek() in _BARE and self.at < len(self.text):
            self.step()
        return self.text[start : self.at]

    def pair(self, table: Path) -> None:
        line = self.line
        path = (*table, *self.dotted())
        self.note(path, line)
        self.step()  # =
        self.spaces()
        self.value(path)

    def value(self, path: Path) -> None:
        first = self.peek()
        if first in {'"', "'"}:
            self.string()
        elif first == "[":
            self.array(path)
        elif first == "{":
            self.inline_table(path)
        else:
            while self.at < len(self.text) and self.peek() not in ",]}#\n":
                self.step()

    def array(self, path: Path) -> None:
        self.step()
        number = 0
        while True:
            self.skip_blank()
            if self.peek() == "]":
                self.step()
                return
            self.note((*path, number), self.line)
            self.value((*path, number))
            number += 1

    def inline_table(self, path: Path) -> None:
        self.step()
        while True:
            self.skip_blank()
            if self.peek() == "}":
                self.step()
                return
            self.pair(path)

    def string(self) -> str:
        quote = self.peek()
        if self.peek(3) == quote * 3:
            return self.long_string(quote)
        self.step()
        out = []
        while self.peek() != quote:
            if quote == '"' and self.peek() == "\\":
                self.step()
                out.append(_ESCAPES.get(self.peek(), self.peek()))
            else:
                out.append(self.peek())
            self.step()
        self.step()
        return "".join(out)

    def long_string(self, quote: str) -> str:
        self.step(3)
        start = self.at
        while self.peek(3) != quote * 3:
            self.step(2 if quote == '"' and self.peek() == "\\" else 1)
        end = self.at
        self.step(3)
        while self.peek() == quote:  # one or two quotes may stand right before the closing three
            self.step()
        return self.text[start:end]
