"""Typed reading of the environment. Every variable is declared with its meaning; docs/settings.md is made from that."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Variable:
    name: str
    default: str
    meaning: str


declared: dict[str, Variable] = {}


def text(name: str, default: str, meaning: str) -> str:
    declared[name] = Variable(name, default, meaning)
    return os.environ.get(name, default)


def flag(name: str, default: bool, meaning: str) -> bool:
    raw = text(name, "1" if default else "0", meaning).strip().lower()
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"", "0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0.")


def number(name: str, default: int, meaning: str) -> int:
    raw = text(name, str(default), meaning)
    try:
        return int(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from error


def words(name: str, default: tuple[str, ...], meaning: str) -> list[str]:
    raw = text(name, ",".join(default), meaning)
    return [word.strip() for word in raw.split(",") if word.strip()]


def choice(name: str, default: str, allowed: tuple[str, ...], meaning: str) -> str:
    value = text(name, default, meaning)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of: {', '.join(allowed)}.")
    return value


def database(url: str, sqlite_path: Path) -> dict[str, object]:
    """Django's DATABASES entry. An empty `url` is the embedded SQLite file.

    `postgres://user:password@host:port/name?schema=s`; for a unix socket leave the host out and add `?host=/directory`.
    """
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": sqlite_path,
            # A new connection for each request is four times slower, and the cache below would be cold each time.
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # The writer's lock is taken at BEGIN, so that no transaction fails half-way when it turns to writing.
                "transaction_mode": "IMMEDIATE",
                # FULL: an answer given after a commit survives a power cut; WAL with NORMAL does not promise that.
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                    "PRAGMA cache_size=-65536; PRAGMA foreign_keys=ON; "
                    # who records something at a door must not pay for the checkpoint: the worker makes them, and
                    # this bound of 80 MB is for when it stands still
                    "PRAGMA wal_autocheckpoint=20000;"
                ),
                "timeout": 10,
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL must look like postgres://user:password@host:port/name?schema=name.")
    query = dict(parse_qsl(parts.query))
    options: dict[str, object] = {}
    schema = query.pop("schema", "")
    if schema:
        if not schema.replace("_", "").isalnum():
            raise ImproperlyConfigured("The schema in DATABASE_URL may hold letters, digits and underscores only.")
        options["options"] = f"-c search_path={schema}"
    host = query.pop("host", parts.hostname or "")
    options.update(query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
