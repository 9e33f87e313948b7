"""The repository as data, for the rules about it."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "fangxian"


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def python_files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


@dataclass(frozen=True)
class Layers:
    """The table of pyproject.toml: a package's row, 0 the highest."""

    row: dict[str, int]

    def may_know(self, upper: str, lower: str) -> bool:
        return upper == lower or self.row[upper] < self.row[lower]


@cache
def layers() -> Layers:
    rows = project()["tool"]["importlinter"]["contracts"][0]["layers"]
    return Layers({package.strip(): row for row, names in enumerate(rows) for package in names.split("|")})
