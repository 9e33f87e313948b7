"""What changes from one plan to another, by rule and by section. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeGuard

from fangxian.duties import plan_words as words
from fangxian.duties.plan_schema import Path, Plan, RuleSpec, Section, section_specs


class ChangeKind(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    ENDED = "ended"


@dataclass(frozen=True)
class FieldChange:
    """One value. ``path`` is inside the rule, item or section that changes; None stands for absent."""

    path: Path
    old: Any
    new: Any

    @property
    def label(self) -> str:
        return " · ".join(words.say_field(step) if isinstance(step, str) else str(step + 1) for step in self.path)

    @property
    def old_text(self) -> str:
        return words.say_value(self.path, self.old)

    @property
    def new_text(self) -> str:
        return words.say_value(self.path, self.new)


@dataclass(frozen=True)
class RuleChange:
    kind: ChangeKind
    key: str
    old: RuleSpec | None
    new: RuleSpec | None
    fields: tuple[FieldChange, ...]

    @property
    def rule(self) -> RuleSpec:
        found = self.new or self.old
        assert found is not None
        return found


@dataclass(frozen=True)
class ItemChange:
    """Something of another section: an item of a list (threshold, region, checklist item), or its own fields."""

    kind: ChangeKind
    section: str
    path: Path  # () for the section's own fields, else (list, key)
    title: Mapping[str, str | None] | None
    fields: tuple[FieldChange, ...]

    @property
    def list_label(self) -> str:
        return words.say_field(str(self.path[0])) if self.path else words.say_section(self.section)

    @property
    def title_text(self) -> str:
        return words.say_text(self.title) if self.title else ""

    @property
    def key(self) -> str:
        return str(self.path[1]) if len(self.path) > 1 else ""


@dataclass(frozen=True)
class PlanDiff:
    old: Plan | None
    new: Plan
    rules: tuple[RuleChange, ...]
    items: tuple[ItemChange, ...]

    @property
    def same(self) -> bool:
        return not self.rules and not self.items

    def rules_of(self, kind: ChangeKind) -> tuple[RuleChange, ...]:
        return tuple(change for change in self.rules if change.kind == kind)


def compare(old: Plan | None, new: Plan) -> PlanDiff:
    """From ``old`` (None: nothing is in force yet) to ``new``."""
    items: list[ItemChange] = []
    for name in section_specs():
        if name != "rules":
            before = old.sections.get(name) if old is not None else None
            items += _section_changes(name, before, new.sections.get(name))
    return PlanDiff(old, new, tuple(_rule_changes(old.rules if old else (), new.rules)), tuple(items))


def _rule_changes(old: Sequence[RuleSpec], new: Sequence[RuleSpec]) -> Iterator[RuleChange]:
    before, after = {r.key: r for r in old}, {r.key: r for r in new}
    for key, rule in after.items():
        was = before.get(key)
        if was is None:
            yield RuleChange(ChangeKind.ADDED, key, None, rule, ())
        elif was != rule:
            fields = tuple(_field_changes(_dump(was), _dump(rule)))
            yield RuleChange(ChangeKind.CHANGED, key, was, rule, fields)
    for key, was in before.items():
        if key not in after:
            yield RuleChange(ChangeKind.ENDED, key, was, None, ())


def _section_changes(name: str, old: Section | None, new: Section | None) -> Iterator[ItemChange]:
    before, after = _dump(old), _dump(new)
    own: list[FieldChange] = []
    for field in dict.fromkeys([*after, *before]):
        was, now = before.get(field), after.get(field)
        if _is_keyed(was) or _is_keyed(now):
            yield from _item_changes(name, field, was or [], now or [])
        else:
            own += _field_changes({field: was} if was is not None else {}, {field: now} if now is not None else {})
    if own:
        kind = ChangeKind.ADDED if old is None else ChangeKind.ENDED if new is None else ChangeKind.CHANGED
        yield ItemChange(kind, name, (), None, tuple(own))


def _item_changes(section: str, field: str, old: list[Any], new: list[Any]) -> Iterator[ItemChange]:
    before, after = {item["key"]: item for item in old}, {item["key"]: item for item in new}
    for key, item in after.items():
        was = before.get(key)
        if was is None:
            yield ItemChange(
                ChangeKind.ADDED, section, (field, key), item.get("title"), tuple(_field_changes({}, item))
            )
        elif was != item:
            fields = tuple(_field_changes(was, item))
            yield ItemChange(ChangeKind.CHANGED, section, (field, key), item.get("title"), fields)
    for key, was in before.items():
        if key not in after:
            yield ItemChange(ChangeKind.ENDED, section, (field, key), was.get("title"), tuple(_field_changes(was, {})))


def _field_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[FieldChange]:
    for field in dict.fromkeys([*new, *old]):
        was, now = old.get(field), new.get(field)
        if was == now or field == "key":
            continue
        if _is_table(was) and _is_table(now):
            for inner in dict.fromkeys([*now, *was]):
                if was.get(inner) != now.get(inner):
                    yield FieldChange((field, inner), was.get(inner), now.get(inner))
        else:
            yield FieldChange((field,), was, now)


def _is_table(value: object) -> TypeGuard[dict[str, Any]]:
    """A group of values of their own, such as the defaults of a round; texts and schedules are one value each."""
    return isinstance(value, dict) and not {"zh", "en"} <= value.keys() and "type" not in value


def _is_keyed(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(i, dict) and "key" in i for i in value)


def _dump(model: Section | RuleSpec | None) -> dict[str, Any]:
    """With defaults filled in: what the author left out and what he wrote as the default are the same plan."""
    return {} if model is None else model.model_dump(mode="json", by_alias=True)
