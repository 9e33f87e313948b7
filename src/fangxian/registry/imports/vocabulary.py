"""Words that packages above own and lists use: the types of public areas of the playbook in force."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from fangxian.registry.imports.kinds.areas import type_key

AreaTypes = Callable[[datetime], Mapping[str, str]]


def area_types(now: datetime) -> dict[str, str]:
    """Wording to key, from the function that settings name: this package does not know who keeps the playbook."""
    source: AreaTypes = import_string(settings.IMPORT_AREA_TYPES)
    return {type_key(word): key for word, key in source(now).items()}
