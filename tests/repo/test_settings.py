"""The environment that the program reads is written down, and wrong settings are refused with a reason."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from fangxian.config import env, keys
from fangxian.config import settings as program_settings
from tests.support.repository import ROOT

DOCUMENT = ROOT / "docs" / "settings.md"


def table() -> str:
    rows = []
    for variable in sorted(env.declared.values(), key=lambda variable: variable.name):
        default = variable.default.replace(str(program_settings.ROOT), ".") or "(empty)"
        rows.append(f"| `{variable.name}` | `{default}` | {variable.meaning} |")
    return "\n".join(["| variable | default | meaning |", "| --- | --- | --- |", *rows])


def test_every_setting_is_documented() -> None:
    assert table() in DOCUMENT.read_text("utf-8"), f"docs/settings.md should hold:\n{table()}"


def test_the_suite_runs_with_its_own_settings() -> None:
    assert settings.ENV == "test"
    assert not str(settings.DATA_DIR).startswith(str(ROOT))


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FANGXIAN", "DATABASE"))}
    return subprocess.run(
        [sys.executable, "-c", "import fangxian.config.settings"],
        env={**clean, "PYTHONPATH": str(ROOT / "src"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


KEY = "1:" + "A" * 43 + "="
PRODUCTION = {
    "FANGXIAN_ENV": "production",
    "FANGXIAN_HOSTS": "street.example",
    "FANGXIAN_SECRET_KEY": "x" * 60,
    "FANGXIAN_FIELD_KEYS": KEY,
    "FANGXIAN_BLIND_KEYS": KEY,
}


def test_production_starts_when_all_is_given(tmp_path: Path) -> None:
    result = start(**PRODUCTION, FANGXIAN_DATA=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"FANGXIAN_HOSTS": ""}, "FANGXIAN_HOSTS"),
        ({"FANGXIAN_SECRET_KEY": ""}, "FANGXIAN_SECRET_KEY"),
        ({"FANGXIAN_SECRET_KEY": "short"}, "FANGXIAN_SECRET_KEY"),
        ({"FANGXIAN_FIELD_KEYS": ""}, "FANGXIAN_FIELD_KEYS"),
        ({"FANGXIAN_BLIND_KEYS": "1:short"}, "FANGXIAN_BLIND_KEYS"),
        ({"FANGXIAN_DEBUG": "1"}, "FANGXIAN_DEBUG"),
        ({"FANGXIAN_HTTPS": "0"}, "FANGXIAN_HTTPS"),
        ({"FANGXIAN_ENV": "staging"}, "FANGXIAN_ENV"),
        ({"DATABASE_URL": "mysql://somewhere/else"}, "DATABASE_URL"),
    ],
)
def test_production_refuses_what_is_unsafe(change: dict[str, str], reason: str, tmp_path: Path) -> None:
    result = start(**{**PRODUCTION, **change}, FANGXIAN_DATA=str(tmp_path))
    assert result.returncode != 0
    assert "ImproperlyConfigured" in result.stderr
    assert reason in result.stderr


def test_keys_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "data" / "keys"
    made = keys.from_file(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert keys.from_file(file) == made
    assert list(file.parent.iterdir()) == [file]


def test_keys_that_others_can_read_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    keys.from_file(file)
    file.chmod(0o644)
    with pytest.raises(ImproperlyConfigured, match="owner"):
        keys.from_file(file)


def test_the_current_key_comes_first() -> None:
    second = "2:" + "B" * 43 + "="
    assert list(keys.parse_keys(f"{second},{KEY}", "keys")) == [2, 1]


def test_a_database_address_is_taken_apart() -> None:
    held = env.database("postgres://us%40er:p%2Fw@db.example:5433/street?schema=s310105009&sslmode=require", Path("x"))
    assert (held["NAME"], held["USER"], held["PASSWORD"]) == ("street", "us@er", "p/w")
    assert (held["HOST"], held["PORT"]) == ("db.example", "5433")
    assert held["OPTIONS"] == {"options": "-c search_path=s310105009", "sslmode": "require"}


def test_a_socket_directory_is_a_host() -> None:
    assert env.database("postgres://fangxian@/postgres?host=/run/pg", Path("x"))["HOST"] == "/run/pg"


@pytest.mark.parametrize("schema", ["a;drop", "a b", "a,public", "a%20-c%20x"])
def test_a_schema_name_holds_no_commands(schema: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="schema"):
        env.database(f"postgres://u@h/n?schema={schema}", Path("x"))
