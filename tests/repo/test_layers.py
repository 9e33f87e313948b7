"""Packages point down only, in imports, in string foreign keys and in the dependencies of migrations."""

import os
import subprocess
import sys
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from tests.support.repository import ROOT, SOURCE, layers, project


def first_party() -> dict[str, str]:
    """App label to package, for our own packages."""
    return {
        config.label: config.name.removeprefix("fangxian.")
        for config in apps.get_app_configs()
        if config.name.startswith("fangxian.")
    }


def test_imports_keep_the_contract() -> None:
    result = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_contract_has_no_exceptions() -> None:
    for contract in project()["tool"]["importlinter"]["contracts"]:
        assert contract.get("ignore_imports", []) == []


def test_every_package_has_a_row_and_is_installed() -> None:
    packages = {file.parent.name for file in SOURCE.glob("*/__init__.py")}
    assert packages == set(layers().row)
    assert packages - {"config"} == set(first_party().values())


def test_foreign_keys_point_down() -> None:
    ours = first_party()
    wrong = []
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label not in ours:
            continue
        for field in model._meta.get_fields(include_hidden=True):
            if field.auto_created or not field.is_relation or field.related_model is None:
                continue
            target = field.related_model._meta.app_label
            source = model._meta.app_label
            if target in ours and not layers().may_know(ours[source], ours[target]):
                wrong.append(f"{model._meta.label}.{field.name} -> {target}")
    assert wrong == []


def test_migrations_depend_downward() -> None:
    ours = first_party()
    wrong = []
    for (label, name), migration in MigrationLoader(None, ignore_no_migrations=True).disk_migrations.items():
        if label not in ours:
            continue
        for target, _ in [*migration.dependencies, *migration.run_before]:
            if target == "__setting__":
                target = settings.AUTH_USER_MODEL.split(".")[0]
            if target in ours and not layers().may_know(ours[label], ours[target]):
                wrong.append(f"{label}.{name} -> {target}")
    assert wrong == []
