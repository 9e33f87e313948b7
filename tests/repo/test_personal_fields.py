"""Every field that can hold something about a person says what it holds, or the suite fails.

`field_classes` of a model: `direct` names or points at a person, `indirect` tells something about one, `sensitive` does
harm when it leaks, `sealed` is encrypted, `keyed` is a blind index, `secret` opens something, `none` is not personal.
"""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models

PACKAGES = tuple(
    config.label for config in apps.get_app_configs() if config.name.startswith("fangxian.") and config.models
)
CLASSES = {"direct", "indirect", "sensitive", "sealed", "keyed", "secret", "none"}
# Numbers, switches, instants and links hold no text; a link's target is classified where it is stored.
HOLDS_VALUES = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.BinaryField,
    models.DateField,
    models.UUIDField,
    models.GenericIPAddressField,
    models.FileField,
)


def our_models() -> Iterator[type[models.Model]]:
    for package in PACKAGES:
        yield from apps.get_app_config(package).get_models()


def must_be_classified(field: models.Field) -> bool:  # type: ignore[type-arg]  # its arguments vary by field
    return isinstance(field, HOLDS_VALUES) and not isinstance(field, models.DateTimeField) and not field.primary_key


def unclassified(model: type[models.Model]) -> list[str]:
    classes = getattr(model, "field_classes", {})
    return [
        f"{model._meta.label}.{field.name}"
        for field in model._meta.concrete_fields
        if must_be_classified(field) and field.name not in classes
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_field_is_classified(package: str) -> None:
    assert [name for model in apps.get_app_config(package).get_models() for name in unclassified(model)] == []


def test_every_package_with_rows_is_looked_at() -> None:
    assert {"accounts", "duties", "gates", "masks", "notices", "registry", "rota", "stock"} <= set(PACKAGES)


def test_classes_are_known_and_name_real_fields() -> None:
    for model in our_models():
        names = {field.name for field in model._meta.concrete_fields}
        classes: dict[str, str] = getattr(model, "field_classes", {})
        assert set(classes) <= names, model._meta.label
        assert set(classes.values()) <= CLASSES, model._meta.label


def test_what_is_sealed_or_keyed_is_bytes() -> None:
    for model in our_models():
        for name, kind in getattr(model, "field_classes", {}).items():
            if kind in {"sealed", "keyed"}:
                assert isinstance(model._meta.get_field(name), models.BinaryField), f"{model._meta.label}.{name}"
