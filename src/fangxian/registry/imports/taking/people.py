"""The persons that a chunk of rows may mean: read in a few queries, added to as rows make new ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from uuid import UUID

from django.db.models import QuerySet

from fangxian.registry import identifiers, matching
from fangxian.registry.identity import LIFELONG, document_lookups, phone_lookups
from fangxian.registry.imports.kinds.persons import PersonRow
from fangxian.registry.matching import Likeness, Traits, Verdict
from fangxian.registry.models import Attachment, Document, Person, Phone, Relation, Subject
from fangxian.shared.text import pinyin_key

Link = tuple[str, UUID | None, UUID | None]


@dataclass
class Known:
    """One person as the register has them, or will have them once the rows before this one are written."""

    person: Person
    documents: dict[bytes, str] = field(default_factory=dict)
    phones: set[bytes] = field(default_factory=set)
    links: set[Link] = field(default_factory=set)
    _traits: Traits | None = None

    @property
    def id(self) -> UUID:
        return self.person.subject_id

    def traits(self) -> Traits:
        """As of the last `People.add`: a row is compared with everybody behind its door."""
        if self._traits is None:
            self._traits = self._made_traits()
        return self._traits

    def forget_traits(self) -> None:
        self._traits = None

    def _made_traits(self) -> Traits:
        doors = {one for relation, place, other in self.links for one in (place, other) if one is not None
                 and relation in (Relation.LIVES, Relation.WORKS, Relation.EMPLOYED)}  # fmt: skip
        return Traits(
            self.person.name_key, pinyin_key(self.person.name), self.person.birth_date, self.person.sex,
            frozenset(self.documents), frozenset(i for i, kind in self.documents.items() if kind in LIFELONG),
            frozenset(self.phones), frozenset(doors),
        )  # fmt: skip


@dataclass(frozen=True)
class Sought:
    """What a row gives to find a person by."""

    name: str
    name_key: str
    birth_date: date | None
    sex: str
    documents: tuple[identifiers.Document, ...]
    phones: tuple[str, ...]
    doors: frozenset[UUID]

    @classmethod
    def of(cls, row: PersonRow, doors: Iterable[UUID]) -> "Sought":
        return cls(
            row.name, row.name_key, row.birth_date, row.sex, row.documents,
            tuple(phone.value for phone in row.phones), frozenset(doors),
        )  # fmt: skip

    @cached_property
    def document_keys(self) -> list[tuple[identifiers.Document, list[bytes]]]:
        return [(one, document_lookups(one)) for one in self.documents]

    @cached_property
    def phone_keys(self) -> list[tuple[str, list[bytes]]]:
        return [(one, phone_lookups(one)) for one in self.phones]

    @cached_property
    def traits(self) -> Traits:
        indexes = {keys[0]: document.kind for document, keys in self.document_keys}
        return Traits(
            self.name_key, pinyin_key(self.name), self.birth_date, self.sex, frozenset(indexes),
            frozenset(index for index, kind in indexes.items() if kind in LIFELONG),
            frozenset(key for _phone, keys in self.phone_keys for key in keys), self.doors,
        )  # fmt: skip


class People:
    """Candidates for one chunk, by document, telephone, name and door."""

    def __init__(self, sought: Sequence[Sought]) -> None:
        self.known: dict[UUID, Known] = {}
        self.by_document: dict[bytes, UUID] = {}
        self.by_phone: dict[bytes, set[UUID]] = {}
        self.by_name: dict[str, set[UUID]] = {}
        self.by_door: dict[UUID, set[UUID]] = {}
        self._alias: dict[UUID, UUID] = {}
        self._load(sought)

    def _load(self, sought: Sequence[Sought]) -> None:
        document_keys = {key for one in sought for _document, keys in one.document_keys for key in keys}
        phone_keys = {key for one in sought for _phone, keys in one.phone_keys for key in keys}
        ids = set(Document.objects.filter(number_index__in=document_keys).values_list("subject_id", flat=True))
        ids |= set(Phone.objects.filter(index__in=phone_keys).values_list("subject_id", flat=True))
        born: dict[str, set[date | None]] = {}
        for one in sought:
            born.setdefault(one.name_key, set()).add(one.birth_date)
        for subject_id, key, day in Person.objects.filter(name_key__in=born).values_list(
            "subject_id", "name_key", "birth_date"
        ):
            # another birth date under the same name cannot reach the threshold unless a telephone agrees
            if day is None or None in born[key] or day in born[key]:
                ids.add(subject_id)
        doors = {door for one in sought for door in one.doors}
        ids |= set(
            Attachment.objects.filter(place_id__in=doors, relation=Relation.LIVES, until__isnull=True).values_list(
                "subject_id", flat=True
            )
        )
        self._fetch(ids)

    def _fetch(self, ids: set[UUID]) -> None:
        # a survivor may have been merged itself since
        level = ids
        while level:
            found = _pointers(Subject.objects.filter(id__in=level))
            self._alias |= found
            level = set(found.values()) - set(self._alias)
        self._alias |= _pointers(Subject.objects.filter(merged_into__in=ids))
        wanted = ids | set(self._alias.values()) | set(self._alias)
        for person in Person.objects.filter(subject_id__in=wanted):
            if person.subject_id not in self._alias:
                self.known[person.subject_id] = Known(person)
        for subject_id, key, kind in Document.objects.filter(subject_id__in=wanted).values_list(
            "subject_id", "number_index", "kind"
        ):
            self._held(subject_id).documents[bytes(key)] = kind
        for subject_id, key in Phone.objects.filter(subject_id__in=wanted).values_list("subject_id", "index"):
            self._held(subject_id).phones.add(bytes(key))
        for row in Attachment.objects.filter(subject_id__in=wanted, until__isnull=True).values_list(
            "subject_id", "relation", "place_id", "other_id"
        ):
            self._held(row[0]).links.add((row[1], row[2], row[3]))
        for held in self.known.values():
            self.add(held)

    def _survivor(self, subject_id: UUID) -> UUID:
        while subject_id in self._alias:
            subject_id = self._alias[subject_id]
        return subject_id

    def _held(self, subject_id: UUID) -> Known:
        """The person, or the one they were merged into; a vehicle's telephone belongs to nobody here."""
        return self.known.get(self._survivor(subject_id)) or Known(Person(subject_id=subject_id))

    def add(self, held: Known) -> None:
        """Make a person findable, now or again after something was added."""
        self.known[held.id] = held
        held.forget_traits()
        self.by_name.setdefault(held.person.name_key, set()).add(held.id)
        for key in held.documents:
            self.by_document.setdefault(key, held.id)
        for key in held.phones:
            self.by_phone.setdefault(key, set()).add(held.id)
        for relation, place, _other in held.links:
            if relation == Relation.LIVES and place is not None:
                self.by_door.setdefault(place, set()).add(held.id)

    def by_documents(self, one: Sought) -> list[UUID]:
        """Everybody who holds one of the row's documents, each once."""
        found = [key for _document, keys in one.document_keys for key in keys if key in self.by_document]
        return list(dict.fromkeys(self.by_document[key] for key in found))

    def best(self, one: Sought) -> tuple[Known, Likeness] | None:
        """The likeliest person, at or above the threshold of a possible double; the older one of two alike."""
        traits = one.traits
        ids = set(self.by_name.get(one.name_key, ()))
        for phone in traits.phones:
            ids |= self.by_phone.get(phone, set())
        for door in one.doors:
            ids |= self.by_door.get(door, set())
        best: tuple[Known, Likeness] | None = None
        for held in (self.known[i] for i in sorted(ids)):
            likeness = matching.compare(traits, held.traits())
            if likeness.verdict is not Verdict.NEW and (best is None or likeness.score > best[1].score):
                best = (held, likeness)
        return best


def _pointers(rows: QuerySet[Subject]) -> dict[UUID, UUID]:
    """Absorbed subject to survivor."""
    pairs = rows.filter(merged_into__isnull=False).values_list("id", "merged_into")
    return {one: survivor for one, survivor in pairs if survivor is not None}
