"""Judging a playbook as a whole: either a plan, or every fault with its file, line and reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fangxian.duties.plan_schema import Flaw, Path, Plan, PlanError
from fangxian.duties.plan_source import Source, SourceFault, parse
from fangxian.duties.plan_words import say_path, say_reason


@dataclass(frozen=True)
class Fault:
    """One thing to mend. ``line`` is None when the file itself is the fault."""

    file: str
    line: int | None
    where: str
    code: str
    values: Mapping[str, str | int | float]

    @property
    def reason(self) -> str:
        return say_reason(self.code, self.values)

    @property
    def place(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        return f"{self.place}: {where}{self.reason}"


@dataclass(frozen=True)
class Checked:
    """``plan`` is None exactly when there are faults."""

    plan: Plan | None
    faults: tuple[Fault, ...]


def check_files(files: Mapping[str, bytes], before: tuple[SourceFault, ...] = ()) -> Checked:
    """Judge the files of one playbook; ``before`` are faults that opening the upload has already found."""
    source = parse(files)
    if not files:
        return Checked(None, tuple(Fault(f.file, f.line, "", f.code, f.values) for f in (*before, *source.faults)))
    faults = [Fault(f.file, f.line, "", f.code, f.values) for f in (*before, *source.faults)]
    try:
        plan = Plan.from_sections(source.sections)
    except PlanError as error:
        unread = {fault.file for fault in faults}
        # A file that could not be read is not also reported as missing.
        faults += [fault for flaw in error.flaws if (fault := _fault(source, flaw)).file not in unread]
        plan = None
    faults.sort(key=lambda fault: (fault.file, fault.line or 0))
    return Checked(None if faults else plan, tuple(faults))


def _fault(source: Source, flaw: Flaw) -> Fault:
    path = _written_path(source.sections.get(flaw.section), flaw.path)
    values = {"key": path[-1], **flaw.values} if path else flaw.values
    return Fault(f"{flaw.section}.toml", source.line(flaw.section, path), say_path(path), flaw.code, values)


def _written_path(data: object, path: Path) -> Path:
    """The path as the author wrote it: the validator adds the type of a schedule as a step of its own."""
    written: list[str | int] = []
    for position, step in enumerate(path):
        if isinstance(data, Mapping) and data.get("type") == step and step not in data:
            continue
        written.append(step)
        last = position == len(path) - 1
        if isinstance(data, Mapping) and not last:
            data = data.get(str(step))
        elif isinstance(data, list) and isinstance(step, int) and not last:
            data = data[step] if step < len(data) else None
    return tuple(written)
