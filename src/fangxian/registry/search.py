"""Finding people, plates and places by fragments of their names.

One token per Chinese character, kana, hangul syllable or Latin word; one per pinyin syllable; one per initial; and
phrase queries over them. A trigram index finds nothing for two characters, which is what people type. Tokens go into
the index in ASCII, so that both databases split them alike whatever their locale. The counting node of each subject is
a token too, which lets a narrow reach narrow the search inside the index.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from fangxian.accounts.access import Reach
from fangxian.places.models import LABEL_WIDTH, Place
from fangxian.registry.models import Attachment, Phone, SearchRow, Subject, SubjectKind
from fangxian.shared import crypto, text
from fangxian.shared.ids import from_db

LIMIT: Final = 50
PREFIX: Final = 3
BATCH: Final = 1_000
_ENCODED: Final = re.compile(r"(u[0-9a-f]{4,5})+")
PLACED: Final = ("lives", "works", "parks", "tenant")


@dataclass(frozen=True)
class Found:
    subject_id: UUID
    kind: str
    label: str


def _ascii(token: str) -> str:
    """A token as the index keeps it: ASCII letters and digits as they are, every other character by its number."""
    return "".join(char if char.isascii() and char.isalnum() else f"u{ord(char):x}" for char in token)


def tokens_of(name: str) -> str:
    """What the index keeps for a name."""
    return " ".join(_ascii(token) for token in text.name_tokens(name))


def row_of(subject: Subject, area: str) -> SearchRow:
    """The row of a subject that has none yet; `area` as `area_tokens` gives it, for all its places together."""
    tokens = tokens_of(subject.label)
    if subject.kind == SubjectKind.VEHICLE:
        # people remember a plate without its province and letter: 沪A12345 is asked for as 12345
        tokens += f" {subject.label[1:].casefold()} {subject.label[2:].casefold()}"
    return SearchRow(subject=subject, tokens=tokens, area=area)


def area_tokens(place: Place) -> str:
    """Labels of the line above a place and of its grid, each a token: `p` + label at any depth, `g` + grid id."""
    return area_tokens_of(place.path, place.grid_id)


def area_tokens_of(path: str, grid_id: UUID | None) -> str:
    labels = [f"p{path[i : i + LABEL_WIDTH]}" for i in range(0, len(path), LABEL_WIDTH)]
    if grid_id is not None:
        labels.append(f"g{grid_id.hex}")
    return " ".join(labels)


def index(subject_ids: Sequence[UUID]) -> None:
    """Make or renew the rows of these subjects, in the caller's transaction."""
    subjects = list(Subject.objects.filter(id__in=subject_ids).exclude(kind=SubjectKind.WORK))
    areas: dict[UUID, set[str]] = {}
    rows = Attachment.objects.filter(
        subject_id__in=subject_ids, until__isnull=True, relation__in=PLACED, place__isnull=False
    ).select_related("place")
    for row in rows:
        if row.place is not None:
            areas.setdefault(row.subject_id, set()).update(area_tokens(row.place).split())
    places = {p.id: p for p in Place.objects.filter(id__in=[s.id for s in subjects if s.kind == SubjectKind.PLACE])}
    made = []
    for subject in subjects:
        own = places.get(subject.id)
        tokens = area_tokens(own) if own else " ".join(sorted(areas.get(subject.id, ())))
        made.append(row_of(subject, tokens))
    _save(made)


def index_places(subjects: Sequence[Subject]) -> None:
    """As `index`, for place subjects that were just made."""
    places = {p.id: p for p in Place.objects.filter(id__in=[s.id for s in subjects])}
    _save([row_of(subject, area_tokens(places[subject.id])) for subject in subjects])


def _save(rows: Iterable[SearchRow]) -> None:
    SearchRow.objects.bulk_create(
        rows, batch_size=BATCH, update_conflicts=True, unique_fields=["subject"],
        update_fields=["tokens", "area"],
    )  # fmt: skip


def by_name(query: str, reach: Reach, *, kinds: Sequence[str] = (), limit: int = LIMIT) -> list[Found]:
    """Subjects whose name holds the fragment: Chinese characters, pinyin, or initials, whole words for Latin names."""
    phrases = [[_ascii(token) for token in phrase] for phrase in text.query_phrases(query)]
    if not phrases or not reach:
        return []
    subject_ids = _match(phrases, _reach_tokens(reach), limit * 2 if kinds else limit)
    where = Q(id__in=subject_ids, merged_into__isnull=True)
    if kinds:
        where &= Q(kind__in=kinds)
    found = {row.id: Found(row.id, row.kind, row.label) for row in Subject.objects.filter(where)}
    return [found[pk] for pk in subject_ids if pk in found][:limit]


def _reach_tokens(reach: Reach) -> list[str]:
    tokens = [f"p{path[-LABEL_WIDTH:]}" for path in reach.paths]
    return tokens + [f"g{grid.hex}" for grid in sorted(reach.grids)]


def _match(phrases: Sequence[Sequence[str]], areas: Sequence[str], limit: int) -> list[UUID]:
    sql, params = (_postgres_query if connection.vendor == "postgresql" else _sqlite_query)(phrases, areas)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, limit])
        return [from_db(row[0]) for row in cursor.fetchall()]


def _may_be_unfinished(token: str) -> bool:
    """Whether the last token may be the beginning of a longer one; of two letters half the index would be."""
    return len(token) >= PREFIX and not _ENCODED.fullmatch(token)


def _sqlite_query(phrases: Sequence[Sequence[str]], areas: Sequence[str]) -> tuple[str, list[str]]:
    names = " OR ".join(
        f'tokens : "{" ".join(phrase)}"' + (" *" if _may_be_unfinished(phrase[-1]) else "") for phrase in phrases
    )
    where = " OR ".join(f"area : {token}" for token in areas)
    sql = (
        "SELECT r.subject_id FROM registry_search s JOIN registry_searchrow r ON r.id = s.rowid "
        "WHERE registry_search MATCH %s LIMIT %s"
    )
    return sql, [f"({names}) AND ({where})"]


def _postgres_query(phrases: Sequence[Sequence[str]], areas: Sequence[str]) -> tuple[str, list[str]]:
    wanted = [" <-> ".join(phrase) + (":*" if _may_be_unfinished(phrase[-1]) else "") for phrase in phrases]
    names = " OR ".join(["tokens_v @@ %s::tsquery"] * len(wanted))
    return (
        f"SELECT subject_id FROM registry_searchrow WHERE ({names}) AND area_v @@ %s::tsquery LIMIT %s",
        [*wanted, " | ".join(areas)],
    )


def by_phone(number: str, within: Q) -> list[Found]:
    """Subjects with this number (E.164), or with these last four digits."""
    if len(number) == 4 and number.isdigit():
        where = Q(last4_index__in=crypto.blind_all(number, "phone-last4"))
    else:
        where = Q(index__in=crypto.blind_all(number, "phone"))
    rows = (
        Phone.objects.filter(where, subject__merged_into__isnull=True)
        .filter(subject__in=Subject.objects.filter(within))
        .select_related("subject")[:LIMIT]
    )
    return [Found(row.subject.id, row.subject.kind, row.subject.label) for row in rows]
