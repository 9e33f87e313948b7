"""Limits and habits that keep the code readable."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import ROOT, python_files

FUNCTION_LINES = 60
FILE_LINES = 500
CODE = [file for file in python_files("src", "tests", "script") if "migrations" not in file.parts]
BROWSER_CODE = sorted(file for kind in ("js", "css") for file in (ROOT / "src").rglob(f"*.{kind}"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def relative(file: Path) -> str:
    return str(file.relative_to(ROOT))


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def code_lines(function: Function) -> int:
    """From `def` to the last line, without the docstring: a contract may be as long as it must."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def test_functions_are_short() -> None:
    long = [
        f"{relative(file)}:{function.lineno} {function.name} ({code_lines(function)})"
        for file in CODE
        for function in functions(ast.parse(file.read_text("utf-8")))
        if code_lines(function) > FUNCTION_LINES
    ]
    assert long == []


def test_files_are_short() -> None:
    long = [
        f"{relative(file)} ({count})"
        for file in [*CODE, *BROWSER_CODE]
        if (count := len(file.read_text("utf-8").splitlines())) > FILE_LINES
    ]
    assert long == []


def first_party_imports(nodes: list[ast.stmt]) -> list[ast.stmt]:
    return [
        node
        for statement in nodes
        for node in ast.walk(statement)
        if (isinstance(node, ast.ImportFrom) and (node.level > 0 or (node.module or "").startswith("fangxian")))
        or (isinstance(node, ast.Import) and any(name.name.startswith("fangxian") for name in node.names))
    ]


def test_no_import_of_our_own_is_hidden_in_a_function_or_behind_type_checking() -> None:
    hidden = []
    for file in python_files("src"):
        tree = ast.parse(file.read_text("utf-8"))
        blocks: list[list[ast.stmt]] = [function.body for function in functions(tree)]
        blocks += [
            node.body for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node)
        ]
        hidden += [f"{relative(file)}:{node.lineno}" for body in blocks for node in first_party_imports(body)]
    assert hidden == []


NOQA = re.compile(r"#\s*noqa\b(?!:\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*\s+[-#(]?\s*\w.{8,})")
IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[[a-z-]+(?:,\s*[a-z-]+)*\]\s*#\s*\w.{8,})")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("x = 1  # noqa", True),
        ("x = 1  # noqa: E402", True),
        ("x = 1  # noqa: E402, F403 - the environment must be set before", False),
        ("x = 1  # type: ignore", True),
        ("x = 1  # type: ignore[attr-defined]", True),
        ("x = 1  # type: ignore[attr-defined]  # read back by the menu", False),
    ],
)
def test_it_knows_an_exception_with_a_reason(line: str, fault: bool) -> None:
    assert bool(NOQA.search(line) or IGNORE.search(line)) is fault


def test_each_exception_from_a_tool_says_why() -> None:
    this_file = Path(__file__)
    bare = [
        f"{relative(file)}:{number}"
        for file in CODE
        if file != this_file
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if NOQA.search(line) or IGNORE.search(line)
    ]
    assert bare == []


CATCH_ALLS = {"utils", "util", "helpers", "common", "core", "misc"}


def test_no_module_is_a_catch_all() -> None:
    assert [relative(file) for file in CODE if CATCH_ALLS & {file.stem, *file.relative_to(ROOT).parts[:-1]}] == []
