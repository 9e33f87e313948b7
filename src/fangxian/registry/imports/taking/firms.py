"""Enterprises by the names that lists give them."""

from collections.abc import Iterable
from uuid import UUID

from fangxian.registry.models import Enterprise
from fangxian.registry.refusals import Code, Refusal
from fangxian.shared.text import name_key


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


class OwnFirms:
    """The enterprises that the sender answers for: every row belongs to one of them, or is not theirs to send."""

    def __init__(self, ids: Iterable[UUID]) -> None:
        rows = Enterprise.objects.filter(subject_id__in=list(ids), subject__merged_into__isnull=True)
        self._held = {row.subject_id: row for row in rows}

    def find(self, employer: str) -> UUID | Refusal:
        """The one that the row names, by its name, an alias or a part of it; the only one where it names none."""
        key = name_key(employer)
        fits = [one for one, row in self._held.items() if not key or _bears(row, key)]
        if len(fits) == 1:
            return fits[0]
        return Refusal(Code.OTHER_FIRM, {"names": ", ".join(sorted(row.name for row in self._held.values())) or "–"})


def _bears(row: Enterprise, key: str) -> bool:
    names = [row.name_key, *(name_key(alias) for alias in row.aliases)]
    return any(key in name or name in key for name in names if name)
