"""What comes from outside is pinned with hashes, without addresses, and each piece says why it is here."""

import json
import re
from pathlib import Path

import pytest

from tests.support.repository import ROOT, project

REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))


def pins(text: str) -> dict[str, str]:
    """Name to everything that stands about it: its version and hashes."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", "\n" + text)
    return {re.split(r"[=<>!~\[; ]", block, maxsplit=1)[0].lower(): block for block in blocks if block.strip()}


def wanted(lines: list[str]) -> set[str]:
    return {re.split(r"[=<>!~\[; ]", line, maxsplit=1)[0].lower() for line in lines}


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_every_package_is_pinned_with_hashes_and_without_an_address(file: Path) -> None:
    text = file.read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", re.sub(r"--hash=sha256:[0-9a-f]{64}", "", text), re.MULTILINE)
    for name, block in pins(text).items():
        assert re.match(r"[\w.-]+==\S+", block), name
        assert "--hash=sha256:" in block, name


def test_what_is_asked_for_is_pinned() -> None:
    run = pins((ROOT / "requirements" / "run.txt").read_text("utf-8"))
    dev = pins((ROOT / "requirements" / "dev.txt").read_text("utf-8"))
    asked = project()["project"]
    assert {name.replace("_", "-") for name in wanted(asked["dependencies"])} <= set(run)
    assert wanted(asked["optional-dependencies"]["dev"]) <= set(dev)


def test_the_server_and_the_suite_run_the_same_versions() -> None:
    run = pins((ROOT / "requirements" / "run.txt").read_text("utf-8"))
    dev = pins((ROOT / "requirements" / "dev.txt").read_text("utf-8"))
    versions = {name: block.split()[0] for name, block in run.items()}
    assert versions == {name: dev[name].split()[0] for name in versions}


def test_each_dependency_says_why_it_is_here() -> None:
    lines = (ROOT / "pyproject.toml").read_text("utf-8").splitlines()
    start, end = lines.index("dependencies = ["), lines.index("[tool.ruff]")
    said = False
    bare = []
    for line in (line.strip() for line in lines[start:end]):
        if line.startswith("#"):
            said = True
        elif line.startswith('"'):
            # A reason covers the run of dependencies below it.
            bare += [] if said else [line]
        else:
            said = False
    assert bare == []


def test_the_npm_lock_has_hashes_and_no_addresses() -> None:
    text = (ROOT / "package-lock.json").read_text("utf-8")
    assert "://" not in text
    packages = json.loads(text)["packages"]
    assert all("integrity" in entry for name, entry in packages.items() if name)
    asked = json.loads((ROOT / "package.json").read_text("utf-8"))
    names = {*asked["dependencies"], *asked["devDependencies"]}
    assert names <= {name.rpartition("node_modules/")[2] for name in packages}
