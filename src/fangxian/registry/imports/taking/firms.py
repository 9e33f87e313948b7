"""Enterprises by the names that lists give them."""

from collections.abc import Iterable
from uuid import UUID

from fangxian.registry.models import Enterprise


class Firms:
    """Those enterprises of the register that bear one of these names; a name that several bear finds none."""

    def __init__(self, name_keys: Iterable[str]) -> None:
        wanted = {key for key in name_keys if key}
        self._held: dict[str, list[UUID]] = {}
        rows = Enterprise.objects.filter(name_key__in=wanted, subject__merged_into__isnull=True)
        for subject_id, key in rows.values_list("subject_id", "name_key"):
            self._held.setdefault(key, []).append(subject_id)

    def find(self, key: str) -> UUID | None:
        found = self._held.get(key, [])
        return found[0] if len(found) == 1 else None
