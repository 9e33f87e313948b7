"""A plan as the TOML files that would be uploaded to get it again."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from fangxian.duties.plan_schema import Plan

_BARE = re.compile(r"[A-Za-z0-9_-]+")
# The archive of a plan must be the same bytes each time; zip wants some date.
_ZIP_DATE = (2020, 1, 1, 0, 0, 0)


def to_files(plan: Plan) -> dict[str, str]:
    """File name -> TOML text. Reading them back gives a plan with the same ``sha256``."""
    return {f"{name}.toml": _table_text(data) for name, data in plan.to_sections().items()}


def to_zip(plan: Plan) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in to_files(plan).items():
            archive.writestr(zipfile.ZipInfo(f"{plan.head.name}/{name}", _ZIP_DATE), text.encode())
    return buffer.getvalue()


def _table_text(section: Mapping[str, Any]) -> str:
    plain = [f"{_key(k)} = {_value(v)}" for k, v in section.items() if not _is_table(v) and not _is_tables(v)]
    blocks = ["\n".join(plain)] if plain else []
    for key, value in section.items():
        if _is_table(value):
            blocks.append("\n".join([f"[{_key(key)}]", *_pairs(value)]))
        elif _is_tables(value):
            blocks += ["\n".join([f"[[{_key(key)}]]", *_pairs(item)]) for item in value]
    return "\n\n".join(blocks) + "\n"


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in table.items()]


def _is_table(value: object) -> bool:
    return isinstance(value, dict) and not {"zh", "en"} <= value.keys()


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are a subset of TOML's, except that TOML also wants DEL escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, dict):
        return "{ " + ", ".join(_pairs(value)) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return repr(value)
