"""Identifiers: UUIDv7, made before the insert, so that a row can be referred to and resent before it is stored."""

from typing import Final
from uuid import UUID

import uuid_utils.compat
from django.db import connections

NIL: Final = UUID(int=0)


def new_id() -> UUID:
    return UUID(int=uuid_utils.compat.uuid7().int)


def db_id(value: UUID, alias: str = "default") -> str | UUID:
    """`value` exactly as the ORM stores it on this database: 32 hex digits on SQLite, native uuid on PostgreSQL.

    Raw writers use this, so that a row written by hand is found by the ORM.
    """
    return value if connections[alias].features.has_native_uuid_field else value.hex


def from_db(value: str | UUID) -> UUID:
    return value if isinstance(value, UUID) else UUID(hex=value)
