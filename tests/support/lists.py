"""Lists sent to the small street."""

import io
from datetime import datetime
from typing import Any

import python_calamine

from fangxian.files import actions as files
from fangxian.places.models import Place
from fangxian.registry.imports import actions
from fangxian.registry.models import ImportBatch, ImportKind
from tests.support import workbooks
from tests.support.factories import MORNING

WANG = "310105196003030019"
"""A number whose check digit holds: born 3 March 1960, a man."""
PERSON_HEAD = ["姓名", "身份证号", "联系电话", "住址"]


def send(
    rows: workbooks.Rows, kind: ImportKind, place: Place, *, by: str = "sender", now: datetime = MORNING
) -> ImportBatch:
    """Upload a list and take it in as proposed."""
    batch = actions.upload(content=workbooks.xlsx(rows), name="名册.xlsx", kind=kind, place=place, by=by, now=now)
    return actions.take_in(batch=batch, by=by, now=now)


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, refused."""
    assert batch.created + batch.updated + batch.unchanged + batch.refused == batch.rows
    return batch.created, batch.updated, batch.unchanged, batch.refused


def report(batch: ImportBatch, language: str = "zh-hans") -> list[list[Any]]:
    """The rows of the workbook of refused rows."""
    _row, content = files.read(batch.reports[language])
    return python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
