"""Enterprises: known by their credit code, else by their name; tenants of a unit, a floor or a building."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from fangxian.places.actions import NewPlace
from fangxian.places.models import PlaceKind
from fangxian.registry.identity import new_phone, phone_lookups
from fangxian.registry.imports.kinds.enterprises import EnterpriseRow
from fangxian.registry.imports.rows import Checked
from fangxian.registry.imports.taking.pending import Pending
from fangxian.registry.imports.taking.run import Run
from fangxian.registry.imports.taking.where import Site, Spot, floor_key, room_key
from fangxian.registry.models import Attachment, ChangeKind, Enterprise, Phone, Relation, Subject, SubjectKind
from fangxian.registry.refusals import Refusal
from fangxian.shared.ids import new_id


@dataclass
class _Firm:
    enterprise: Enterprise
    tenancies: set[UUID] = field(default_factory=set)
    phones: set[bytes] = field(default_factory=set)


class _Firms:
    def __init__(self, rows: Sequence[EnterpriseRow]) -> None:
        codes, names = {row.uscc for row in rows if row.uscc}, {row.name_key for row in rows}
        live = Enterprise.objects.filter(subject__merged_into__isnull=True)
        found = {one.subject_id: one for one in live.filter(uscc__in=codes)}
        found |= {one.subject_id: one for one in live.filter(name_key__in=names)}
        self.firms = {pk: _Firm(one) for pk, one in found.items()}
        tenants = Attachment.objects.filter(
            subject_id__in=found, relation=Relation.TENANT, until__isnull=True, place__isnull=False
        )
        for subject_id, place_id in tenants.values_list("subject_id", "place_id"):
            if place_id is not None:
                self.firms[subject_id].tenancies.add(place_id)
        for subject_id, key in Phone.objects.filter(subject_id__in=found).values_list("subject_id", "index"):
            self.firms[subject_id].phones.add(bytes(key))

    def find(self, row: EnterpriseRow) -> _Firm | None:
        """By code; by name only where neither side has another code."""
        firms = self.firms.values()
        by_code = next((one for one in firms if row.uscc and one.enterprise.uscc == row.uscc), None)
        if by_code is not None:
            return by_code
        named = [one for one in firms if one.enterprise.name_key == row.name_key]
        return next((one for one in named if not row.uscc or not one.enterprise.uscc), None)

    def add(self, firm: _Firm) -> None:
        self.firms[firm.enterprise.subject_id] = firm


def prepare(rows: Sequence[Checked], run: Run) -> list[Pending]:
    """One Pending a row, in order. Reads the register, writes nothing."""
    firms = _Firms([one.record for one in rows if isinstance(one.record, EnterpriseRow)])
    return [_take(one, run, firms) for one in rows]


def _take(one: Checked, run: Run, firms: _Firms) -> Pending:
    row = one.record
    if not isinstance(row, EnterpriseRow):
        raise TypeError("a list of enterprises holds enterprises")
    pending = Pending()
    site = run.where.office_of(row.office)
    if isinstance(site, Refusal):
        column = next((key for key in ("office", "address", "name") if key in one.columns), "office")
        return Pending.refuse({column: site})
    spot = _unit(row, site, run, pending)
    firm = firms.find(row)
    created = firm is None
    if firm is None:
        subject = Subject(id=new_id(), kind=SubjectKind.ENTERPRISE, label=row.name, created_us=run.now_us)
        firm = _Firm(
            Enterprise(
                subject_id=subject.id, name=row.name, name_key=row.name_key, uscc=row.uscc or None,
                industry=row.industry, headcount=row.headcount, contact=row.contact,
            )
        )  # fmt: skip
        firms.add(firm)
        pending.rows += [subject, firm.enterprise]
        pending.touch(subject.id, ChangeKind.ADDED)
    else:
        _renew(row, firm, pending)
    _tenancy(firm, spot.id, pending, run)
    for phone in row.phones:
        keys = phone_lookups(phone.value)
        if firm.phones.isdisjoint(keys):
            pending.rows.append(new_phone(firm.enterprise.subject_id, phone.value, keys[0]))
            firm.phones.add(keys[0])
            pending.touch(firm.enterprise.subject_id, ChangeKind.CHANGED)
    pending.settle(created)
    return pending


def _renew(row: EnterpriseRow, firm: _Firm, pending: Pending) -> None:
    """Filled cells win; another name for the same code is kept as an alias."""
    enterprise = firm.enterprise
    changed: list[str] = []
    fresh: dict[str, str | int | None] = {
        "uscc": row.uscc, "industry": row.industry, "headcount": row.headcount, "contact": row.contact,
    }  # fmt: skip
    for name, value in fresh.items():
        if value not in ("", None) and getattr(enterprise, name) != value:
            setattr(enterprise, name, value)
            changed.append(name)
    if row.name_key != enterprise.name_key and row.name not in enterprise.aliases:
        enterprise.aliases = [*enterprise.aliases, row.name]
        changed.append("aliases")
    if changed:
        pending.updates.append((enterprise, tuple(changed)))
        pending.touch(enterprise.subject_id, ChangeKind.CHANGED)


def _tenancy(firm: _Firm, place: UUID, pending: Pending, run: Run) -> None:
    if place in firm.tenancies:
        return
    firm.tenancies.add(place)
    pending.rows.append(
        Attachment(
            id=new_id(), subject_id=firm.enterprise.subject_id, relation=Relation.TENANT, place_id=place,
            since=run.today, source=run.source,
        )
    )  # fmt: skip
    pending.touch(firm.enterprise.subject_id, ChangeKind.MOVED)


def _unit(row: EnterpriseRow, site: Site, run: Run, pending: Pending) -> Spot:
    """The unit, else the floor, else the building; floors and units that the tree lacks are made."""
    parent = site.spot
    if site.spot.kind != PlaceKind.BUILDING:
        return parent
    if row.floor:
        parent = site.floors.get(floor_key(row.floor)) or _made(
            PlaceKind.FLOOR, f"{floor_key(row.floor)}层", parent, site, run, pending
        )
    if row.unit:
        found = site.units.get(room_key(row.unit))
        return found or _made(PlaceKind.UNIT, row.unit, parent, site, run, pending)
    return parent


def _made(kind: PlaceKind, name: str, parent: Spot, site: Site, run: Run, pending: Pending) -> Spot:
    place = NewPlace(kind=kind, name=name, parent=parent.id, grid=parent.grid)
    pending.places.append(place)
    return run.where.remember(place, site, parent)
