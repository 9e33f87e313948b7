"""Residents and employees: matched, made or brought up to date, attached to their door, household and employer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fangxian.places.models import PlaceKind
from fangxian.registry import matching
from fangxian.registry.identity import new_document, new_phone
from fangxian.registry.imports.kinds.persons import PersonRow
from fangxian.registry.imports.rows import Checked
from fangxian.registry.imports.taking.doors import door_of
from fangxian.registry.imports.taking.firms import Firms, OwnFirms
from fangxian.registry.imports.taking.homes import Homes
from fangxian.registry.imports.taking.pending import Pending
from fangxian.registry.imports.taking.people import Known, People, Sought
from fangxian.registry.imports.taking.run import Run
from fangxian.registry.imports.taking.where import floor_key
from fangxian.registry.matching import Likeness, Signal, Verdict
from fangxian.registry.models import (
    Attachment,
    Candidate,
    ChangeKind,
    Person,
    Relation,
    Subject,
    SubjectKind,
)
from fangxian.registry.refusals import Code, Refusal
from fangxian.shared.ids import new_id
from fangxian.shared.text import name_key

NOTE_MOST = 200


@dataclass
class _Case:
    """One row on its way: what it asks for and where it leads."""

    checked: Checked
    row: PersonRow
    pending: Pending
    door: UUID | None = None
    office: UUID | None = None
    firm: UUID | None = None

    @property
    def doors(self) -> list[UUID]:
        return [one for one in (self.door, self.office, self.firm) if one is not None]


def prepare(rows: Sequence[Checked], run: Run) -> list[Pending]:
    """One Pending a row, in order. Reads the register, writes nothing."""
    firms = Firms(name_key(one.record.employer) for one in rows if isinstance(one.record, PersonRow))
    own = OwnFirms(run.firms) if run.firms else None
    cases = [_case(one, run, firms, own) for one in rows]
    good = [case for case in cases if not case.pending.errors]
    sought = {id(case): Sought.of(case.row, case.doors) for case in good}
    people = People(list(sought.values()))
    homes = Homes(case.door for case in good if case.door is not None)
    for case in good:
        _decide(case, sought[id(case)], people, homes, run)
    return [case.pending for case in cases]


def _case(one: Checked, run: Run, firms: Firms, own: OwnFirms | None) -> _Case:
    row = one.record
    if not isinstance(row, PersonRow):
        raise TypeError("a list of persons holds persons")
    pending = Pending()
    case = _Case(one, row, pending)
    firm = own.find(row.employer) if own else firms.find(name_key(row.employer)) if row.employer else None
    if isinstance(firm, Refusal):
        return _refused(case, run, "employer", firm)
    case.firm = firm
    where = run.where
    inside = where.root.kind in (PlaceKind.BUILDING, PlaceKind.FLOOR)
    # an enterprise's people work in its building, wherever they live
    at_work = bool(row.office) or (inside and (bool(run.firms) or not row.home.says_anything))
    if row.home.says_anything or not at_work:
        door = door_of(where, row.home, pending)
        if at_work and isinstance(door, Refusal) and _lives_elsewhere(one, door, run):
            # whoever works here and lives in another district is counted at their desk, and at no door of the street
            pass
        elif isinstance(door, Refusal):
            return _refused(case, run, "address" if "address" in one.columns else "room", door)
        else:
            case.door = door.id
    if at_work:
        site = where.office_of(row.office)
        if isinstance(site, Refusal):
            return _refused(case, run, "office", site)
        floor = site.floors.get(floor_key(row.floor)) if row.floor else None
        case.office = floor.id if floor else site.spot.id
    return case


def _lives_elsewhere(one: Checked, door: Refusal, run: Run) -> bool:
    column = one.columns.get("address")
    if door.code is not Code.ADDRESS_NO_COMPOUND or column is None or column >= len(one.line.cells):
        return False
    return run.where.is_elsewhere(str(one.line.cells[column] or ""))


def _refused(case: _Case, run: Run, field: str, refusal: Refusal) -> _Case:
    run.where.forget(case.pending.places)
    known = ("address", "compound", "room", "block", "office", "name")
    column = next((one for one in (_column(field, refusal), *known) if one in case.checked.columns), field)
    case.pending = Pending.refuse({column: refusal})
    return case


def _column(field: str, refusal: Refusal) -> str:
    return "compound" if refusal.code in (Code.ADDRESS_NO_COMPOUND, Code.ADDRESS_SEVERAL) and field == "room" else field


def _decide(case: _Case, sought: Sought, people: People, homes: Homes, run: Run) -> None:
    holders = people.by_documents(sought)
    if len(holders) > 1:
        _give_back(case, run, "document", Refusal(Code.DOCUMENTS_CONFLICT))
        return
    same = people.known[holders[0]] if holders else None
    if same is not None and matching.name_signal(sought.traits, same.traits()) is Signal.NAME_DIFFERS:
        # a number typed into the wrong row would rename somebody
        _give_back(case, run, "name", Refusal(Code.NAME_CONFLICT))
        return
    found = None if holders else people.best(sought)
    if found is not None and found[1].verdict is Verdict.SAME:
        same = found[0]
    held = same or _new(case, run)
    if same is not None:
        _renew(case, held, filling_only=bool(run.firms))
    elif found is not None:
        case.pending.rows.append(_candidate(held, found, run))
    created = same is None
    _identify(case, held, sought)
    _attach(case, held, homes, run)
    people.add(held)
    if created:
        case.pending.touch(held.id, ChangeKind.ADDED)
    case.pending.settle(created)


def _give_back(case: _Case, run: Run, field: str, refusal: Refusal) -> None:
    run.where.forget(case.pending.places)
    column = next((one for one in case.checked.columns if one.startswith(field)), field)
    case.pending = Pending.refuse({column: refusal})


def _new(case: _Case, run: Run) -> Known:
    row = case.row
    subject = Subject(id=new_id(), kind=SubjectKind.PERSON, label=row.name, created_us=run.now_us)
    person = Person(
        subject_id=subject.id, name=row.name, name_key=row.name_key, sex=row.sex, birth_date=row.birth_date,
        nationality=row.nationality or "CN", language=row.language, note=row.note[:NOTE_MOST],
    )  # fmt: skip
    case.pending.rows += [subject, person]
    return Known(person)


def _candidate(held: Known, found: tuple[Known, Likeness], run: Run) -> Candidate:
    older, likeness = found
    return Candidate(
        id=new_id(), newer_id=held.id, older_id=older.id, batch_id=run.batch_id, score=likeness.score,
        reasons=[signal.value for signal in likeness.signals],
    )  # fmt: skip


def _renew(case: _Case, held: Known, *, filling_only: bool) -> None:
    """Filled cells that say something else than the register win; empty cells change nothing.

    An enterprise adds what the register lacks (`filling_only`): what stands there is the committee's to change.
    """
    row, person = case.row, held.person
    changed: list[str] = []
    fresh: dict[str, str | date | None] = {
        "sex": row.sex, "birth_date": row.birth_date, "nationality": row.nationality, "note": row.note[:NOTE_MOST],
    }  # fmt: skip
    for name, value in fresh.items():
        if value and getattr(person, name) != value and not (filling_only and getattr(person, name)):
            setattr(person, name, value)
            changed.append(name)
    if not filling_only and "language" in case.checked.columns and row.language != person.language:
        person.language = row.language
        changed.append("language")
    if not filling_only and row.name_key != person.name_key and row.name_key.isascii() == person.name_key.isascii():
        # a name in Latin letters beside one in characters is another spelling, no new name
        person.name, person.name_key = row.name, row.name_key
        changed += ["name", "name_key"]
        case.pending.updates.append((Subject(id=held.id, label=row.name), ("label",)))
    if changed:
        case.pending.updates.append((person, tuple(changed)))
        case.pending.touch(held.id, ChangeKind.CHANGED)


def _identify(case: _Case, held: Known, sought: Sought) -> None:
    for document, keys in sought.document_keys:
        if not any(key in held.documents for key in keys):
            case.pending.rows.append(new_document(held.id, document, keys[0]))
            held.documents[keys[0]] = document.kind
            case.pending.touch(held.id, ChangeKind.CHANGED)
    for phone, keys in sought.phone_keys:
        if held.phones.isdisjoint(keys):
            case.pending.rows.append(new_phone(held.id, phone, keys[0]))
            held.phones.add(keys[0])
            case.pending.touch(held.id, ChangeKind.CHANGED)


def _attach(case: _Case, held: Known, homes: Homes, run: Run) -> None:
    row = case.row
    since = min(row.arrived, run.today) if row.arrived else run.today
    if case.door is not None:
        _link(case, held, run, Relation.LIVES, place=case.door, since=since)
        household = homes.household(case.door, case.pending, run)
        _link(case, held, run, Relation.MEMBER, other=household, role=row.relation, since=since)
    if case.office is not None:
        role = "" if case.firm else row.employer[:40]
        _link(case, held, run, Relation.WORKS, place=case.office, role=role, since=since)
    if case.firm is not None:
        _link(case, held, run, Relation.EMPLOYED, other=case.firm, since=since)


def _link(
    case: _Case, held: Known, run: Run, relation: Relation, *, since: date, place: UUID | None = None,
    other: UUID | None = None, role: str = "",
) -> None:  # fmt: skip
    if (relation.value, place, other) in held.links:
        return
    case.pending.rows.append(
        Attachment(
            id=new_id(), subject_id=held.id, relation=relation, place_id=place, other_id=other, role=role[:40],
            since=since, source=run.source,
        )
    )  # fmt: skip
    held.links.add((relation.value, place, other))
    case.pending.touch(held.id, ChangeKind.MOVED)
