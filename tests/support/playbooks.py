"""The shipped playbooks, and broken copies of them."""

from pathlib import Path

from fangxian.duties.plan_check import Checked, check_files
from fangxian.duties.plan_schema import Plan
from fangxian.duties.plan_source import read_folder

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
NAMES = tuple(sorted(path.name for path in PLAYBOOKS.iterdir() if path.is_dir()))
COVID = "covid-2020-02"
INFLUENZA = "influenza-school"


def files(name: str = COVID) -> dict[str, bytes]:
    return read_folder(PLAYBOOKS / name)


def plan(name: str = COVID) -> Plan:
    checked = check_files(files(name))
    assert checked.plan is not None, [str(fault) for fault in checked.faults]
    return checked.plan


def edited(file: str, old: str, new: str, name: str = COVID) -> dict[str, bytes]:
    """The files with the first ``old`` of one file replaced, so that a test names only what it breaks."""
    found = files(name)
    text = found[file].decode()
    assert old in text, f"{file} no longer holds {old!r}"
    found[file] = text.replace(old, new, 1).encode()
    return found


def check_edited(file: str, old: str, new: str) -> Checked:
    return check_files(edited(file, old, new))


def line_of(file: str, text: str, name: str = COVID) -> int:
    """The 1-based line of the first occurrence."""
    whole = files(name)[file].decode()
    return whole[: whole.index(text)].count("\n") + 1
