"""Rows of the register, by what they say."""

from fangxian.registry.models.changes import Change, ChangeFolded, ChangeKind, MoveFolded
from fangxian.registry.models.identity import Document, DocumentKind, Phone
from fangxian.registry.models.imports import Candidate, ImportBatch, ImportKind, ImportMapping, ImportStatus, Verdict
from fangxian.registry.models.search import SearchRow
from fangxian.registry.models.subjects import (
    Attachment,
    Enterprise,
    Household,
    Merge,
    Person,
    Relation,
    Sex,
    Subject,
    SubjectKind,
    Vehicle,
    VehicleClass,
)

__all__ = [
    "Attachment",
    "Candidate",
    "Change",
    "ChangeFolded",
    "ChangeKind",
    "Document",
    "DocumentKind",
    "Enterprise",
    "Household",
    "ImportBatch",
    "ImportKind",
    "ImportMapping",
    "ImportStatus",
    "Merge",
    "MoveFolded",
    "Person",
    "Phone",
    "Relation",
    "SearchRow",
    "Sex",
    "Subject",
    "SubjectKind",
    "Vehicle",
    "VehicleClass",
    "Verdict",
]
