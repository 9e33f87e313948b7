"""Which column means what: proposed from headings and cells, corrected by a person, remembered for the sender."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz

from fangxian.registry.imports.fields import IGNORED, Field
from fangxian.registry.imports.reader import Cell
from fangxian.shared.text import simplify, squeeze

CUT_OFF = 85
SAMPLES = 60
_STRICT_SHARE = 0.9
_EXACT = 98
_TELLING = 3
_BRACKETS = re.compile(r"[(\[【〔{].*?[)\]】〕}]")
_MARKS = re.compile(r"[*＊:：★☆\r\n\t]|必填|选填")
# words before a heading that do not change what it means …
_QUALIFIERS = (
    "员工",
    "人员",
    "本人",
    "居民",
    "住户",
    "业主",
    "返沪",
    "返岗",
    "来沪",
    "车主",
    "企业",
    "单位",
    "被登记人",
    "the",
    "现",
)
# … and words that make it another person's
_OTHERS = (
    "紧急",
    "监护人",
    "家属",
    "父亲",
    "母亲",
    "房东",
    "介绍人",
    "填表",
    "填报",
    "登记人",
    "网格员",
    "楼组长",
    "负责民警",
)


class How(StrEnum):
    REMEMBERED = "remembered"
    EXACT = "exact"
    CLOSE = "close"
    CONTENT = "content"
    NONE = "none"


@dataclass(frozen=True)
class Column:
    """One column and the field proposed for it (empty: not used)."""

    header: str
    field: str
    how: How
    samples: tuple[str, ...] = ()


def header_key(header: object) -> str:
    """A heading as it is compared: simplified, small letters, no spaces, marks or 必填."""
    return _MARKS.sub("", simplify(squeeze(str(header or ""))).casefold()).strip("-_.。、")


def fingerprint(headers: Iterable[str]) -> str:
    """The same for the same headings in any order, with or without the reasons in a workbook that went back."""
    keys = sorted({header_key(header) for header in headers} - {"", *IGNORED})
    return hashlib.sha256(json.dumps(keys, ensure_ascii=False).encode()).hexdigest()


def _variants(key: str) -> list[str]:
    bare = _BRACKETS.sub("", key)
    inside = [part.strip("()[]【】〔〕{}") for part in _BRACKETS.findall(key)]
    parts = [part for part in re.split(r"[/、,或及和]", bare) if len(part) > 1]
    return list(dict.fromkeys(part for part in (key, bare, *parts, *inside) if part))


def similarity(header: object, field: Field) -> int:
    """0 to 100: how surely a heading means a field, by its words alone."""
    key = header_key(header)
    if not key or key in IGNORED or any(word in key for word in _OTHERS):
        return 0
    best = 0
    for number, variant in enumerate(_variants(key)):
        for word in field.words:
            if variant == word:
                best = max(best, 100 - 2 * number)
            elif len(word) > 1 and variant.endswith(word) and variant.removesuffix(word) in _QUALIFIERS:
                best = max(best, 92 - 2 * number)
            elif len(word) > 2 and (ratio := fuzz.ratio(variant, word)) >= CUT_OFF:
                best = max(best, min(int(ratio), 95) - 2 * number)
    return best


def hits(headers: Sequence[object], fields: Sequence[Field]) -> set[str]:
    """The fields that a row would name if it were the row of headings."""
    found: set[str] = set()
    for header in headers:
        if isinstance(header, str) and len(header) <= 60:
            scored = [(similarity(header, field), field.key) for field in fields]
            best = max(scored, key=lambda pair: pair[0])
            if best[0] >= CUT_OFF:
                found.add(best[1])
    return found


def propose(
    headers: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    fields: Sequence[Field],
    remembered: Mapping[str, str] | None = None,
) -> list[Column]:
    """One proposal per column. A remembered mapping wins; then headings that the cells do not contradict; then cells
    that can be nothing else."""
    samples = [_samples(rows, index) for index in range(len(headers))]
    chosen: dict[int, tuple[str, How]] = {}
    if remembered:
        known = {field.key for field in fields}
        for index, header in enumerate(headers):
            key = header_key(header)
            if key in remembered:
                field = remembered[key]
                chosen[index] = (field if field in known else "", How.REMEMBERED)
    used = {field for field, _how in chosen.values()}
    _by_heading(headers, samples, fields, chosen, used)
    _by_content(samples, fields, chosen, used)
    return [
        Column(header, *chosen.get(index, ("", How.NONE)), samples=tuple(str(cell)[:40] for cell in samples[index][:3]))
        for index, header in enumerate(headers)
    ]


def _samples(rows: Sequence[Sequence[Cell]], index: int) -> list[Cell]:
    cells: list[Cell] = []
    for row in rows:
        if index < len(row) and row[index] is not None:
            cells.append(row[index])
            if len(cells) >= SAMPLES:
                break
    return cells


def _share(field: Field, cells: Sequence[Cell]) -> float:
    if field.shape is None or not cells:
        return 1.0
    return sum(field.shape(cell) for cell in cells) / len(cells)


def _by_heading(
    headers: Sequence[str],
    samples: Sequence[Sequence[Cell]],
    fields: Sequence[Field],
    chosen: dict[int, tuple[str, How]],
    used: set[str],
) -> None:
    scored = [
        (similarity(header, field), _share(field, samples[index]), -index, -rank, field)
        for index, header in enumerate(headers)
        for rank, field in enumerate(fields)
    ]
    for score, share, minus_index, _rank, field in sorted(scored, key=lambda one: one[:4], reverse=True):
        if score < CUT_OFF:
            break
        index = -minus_index
        if index in chosen or (field.key in used and not field.many):
            continue
        # a column that is called a number is checked as one, however bad its cells: they are refused with a reason
        sure = score >= _EXACT and (field.identifying or len(samples[index]) < _TELLING)
        if share < 0.5 and not sure:
            continue
        chosen[index] = (field.key, How.EXACT if score >= _EXACT else How.CLOSE)
        used.add(field.key)


def _by_content(
    samples: Sequence[Sequence[Cell]],
    fields: Sequence[Field],
    chosen: dict[int, tuple[str, How]],
    used: set[str],
) -> None:
    for index, cells in enumerate(samples):
        if index in chosen or len(cells) < 3:
            continue
        for field in fields:
            if field.strict is None or field.key in used:
                continue
            if sum(field.strict(cell) for cell in cells) / len(cells) >= _STRICT_SHARE:
                chosen[index] = (field.key, How.CONTENT)
                used.add(field.key)
                break
