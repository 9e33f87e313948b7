"""What the street knows of an enterprise: its facts, who looks after it, visits, posts and supplies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.places.models import Place
from fangxian.places.queries import counting_nodes
from fangxian.registry import actions as registry
from fangxian.registry import identifiers, search
from fangxian.registry.models import ChangeKind, Enterprise, Subject
from fangxian.registry.refusals import Refusal
from fangxian.shared import clock, text
from fangxian.shared.language import in_street_words
from fangxian.shared.writer import write_lock
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import Filing, FilingStatus, Firm, FirmPost, PostKind, Supply, Visit
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.playbook import HEALTH, VISIT
from fangxian.workplaces.queries import firms as reads

TWO_NAMES: Final = gettext_lazy("one enterprise under two names")
NONE_LEFT: Final = gettext_lazy("no filing in force")
MOST_ALIASES = 20
MOST_NAMES = 10
MOST_OF_GOODS = 100_000_000


class SameCodeError(WorkplaceError):
    """Another enterprise of the register has this credit code; `other` is that one."""

    def __init__(self, message: str, other: Enterprise) -> None:
        super().__init__(message)
        self.other = other


@dataclass(frozen=True)
class Facts:
    """What the firm page edits: the register's own fields, and the landlord."""

    name: str
    aliases: tuple[str, ...] = ()
    uscc: str = ""
    industry: str = ""
    headcount: int | None = None
    contact: str = ""
    landlord: str = ""
    landlord_soe: bool | None = None


@write_lock()
def set_facts(*, enterprise: Enterprise, facts: Facts, by: str, now: datetime) -> Firm:
    """Write an enterprise's facts. A name that it had stays as an alias, so that old lists still find it.

    Raises SameCodeError where the credit code belongs to another record, WorkplaceError for what cannot be read.
    """
    row = Enterprise.objects.select_for_update().get(subject_id=enterprise.subject_id)
    name = facts.name.strip()[:120]
    if not name:
        raise WorkplaceError(_("An enterprise needs a name. Nothing was changed."))
    code = _code(facts.uscc, row)
    aliases = _aliases(facts.aliases, name, row)
    fresh = {
        "name": name, "name_key": text.name_key(name)[:120], "aliases": aliases, "uscc": code,
        "industry": facts.industry.strip()[:60], "headcount": facts.headcount, "contact": facts.contact.strip()[:60],
    }  # fmt: skip
    changed = [field for field, value in fresh.items() if getattr(row, field) != value]
    if changed:
        Enterprise.objects.filter(subject_id=row.subject_id).update(**fresh)
        if "name" in changed:
            Subject.objects.filter(id=row.subject_id).update(label=name)
            search.index([row.subject_id])
        registry.record_changes(subject_ids=[row.subject_id], kind=ChangeKind.CHANGED, now=now)
    firm = firm_of(row.subject_id, now)
    firm.landlord, firm.landlord_soe = facts.landlord.strip()[:120], facts.landlord_soe
    firm.changed_us = clock.to_us(now)
    firm.save(update_fields=["landlord", "landlord_soe", "changed_us"])
    _record("facts", row.subject_id, by, now, fields=sorted(changed))
    return firm


def _code(written: str, row: Enterprise) -> str | None:
    if not written.strip():
        return None
    read = identifiers.read_credit_code(written)
    if isinstance(read, Refusal):
        raise WorkplaceError(read.text)
    other = Enterprise.objects.filter(uscc=read.value).exclude(subject_id=row.subject_id).first()
    if other is not None:
        said = _("%(name)s has this credit code in the register already. Nothing was changed.") % {"name": other.name}
        raise SameCodeError(said, other)
    return read.value


def _aliases(wanted: Sequence[str], name: str, row: Enterprise) -> list[str]:
    names = [one.strip()[:120] for one in wanted]
    if row.name != name:
        names.append(row.name)
    kept = [one for one in dict.fromkeys(names) if one and one != name]
    if len(kept) > MOST_ALIASES:
        raise WorkplaceError(
            _("An enterprise can have %(most)d other names. Nothing was changed.") % {"most": MOST_ALIASES}
        )
    return kept


@write_lock()
def same_as(*, absorbed: Enterprise, survivor: Enterprise, by: str, now: datetime) -> None:
    """Two records are one enterprise under two names: the register makes them one, and the name stays as an alias.

    Refused while both have a filing in force in one building: one of them has to be ended first.
    """
    live = Filing.objects.exclude(status=FilingStatus.ENDED)
    there = live.filter(enterprise_id=survivor.subject_id).values("place_id")
    both = live.filter(enterprise_id=absorbed.subject_id, place_id__in=there)
    clash = both.select_related("place").first()
    if clash is not None:
        said = _("Both have a filing for %(place)s. Nothing was changed. End one of the two filings first.")
        raise WorkplaceError(said % {"place": clash.place.name})
    try:
        registry.merge(
            absorbed=absorbed.subject, survivor=survivor.subject, reason=in_street_words(TWO_NAMES), by=by,
            now=now,
        )  # fmt: skip
    except registry.RegistryError as error:
        raise WorkplaceError(str(error)) from error
    names = [*survivor.aliases, absorbed.name, *absorbed.aliases]
    kept = [one for one in dict.fromkeys(names) if one != survivor.name]
    Enterprise.objects.filter(subject_id=survivor.subject_id).update(aliases=kept)
    _record("merged", survivor.subject_id, by, now)


def firm_of(enterprise_id: UUID, now: datetime) -> Firm:
    """The street's own row of an enterprise, made when it is first needed. In the caller's transaction."""
    row, _made = Firm.objects.get_or_create(enterprise_id=enterprise_id, defaults={"changed_us": clock.to_us(now)})
    return row


@write_lock()
def assign_worker(*, enterprise_id: UUID, worker: UUID | None, by: str, now: datetime) -> Firm:
    """Say which building worker visits an enterprise: from now on a visit is owed every so many days."""
    firm = firm_of(enterprise_id, now)
    firm.worker, firm.changed_us = worker, clock.to_us(now)
    firm.save(update_fields=["worker", "changed_us"])
    places = reads.buildings_of([enterprise_id])
    if worker is not None and places:
        owe(enterprise_id, places[0], (VISIT,), by, now)
    elif worker is None:
        owe_no_more(enterprise_id, by, now)
    _record("worker", enterprise_id, by, now, worker=worker.hex if worker else "")
    return firm


def owe(enterprise_id: UUID, place: Place, cohorts: Sequence[str], by: str, now: datetime) -> None:
    """Enrol an enterprise in these cohorts. Who is in already stays. In the caller's transaction."""
    node = counting_nodes([place])[place.id]
    for cohort in cohorts:
        member = duties.NewMember(enterprise_id, place.id, node)
        duties.enrol(cohort=cohort, members=[member], by=by, now=now)


def owe_no_more(enterprise_id: UUID, by: str, now: datetime) -> None:
    """Withdraw from what nothing in force asks for any more. In the caller's transaction."""
    at_work = Filing.objects.filter(
        enterprise_id=enterprise_id, status__in=(FilingStatus.ACCEPTED, FilingStatus.SUSPENDED)
    ).exists()
    visited = Firm.objects.filter(enterprise_id=enterprise_id, worker__isnull=False).exists()
    ended = [] if at_work else [HEALTH] if visited else [HEALTH, VISIT]
    for cohort in ended:
        duties.withdraw(
            cohort=cohort, subject_ids=[enterprise_id], reason=in_street_words(NONE_LEFT), by=by, now=now
        )  # fmt: skip


@write_lock()
def visit(*, id: UUID, enterprise_id: UUID, observed_at: datetime, note: str, by: str, now: datetime) -> Visit:
    """Somebody of the street was at the enterprise. Sent again under the same id it is the same visit."""
    known = Visit.objects.filter(id=id).first()
    if known is not None:
        return known
    if observed_at > now:
        raise WorkplaceError(_("The visit lies in the future. Nothing was kept. Write when you were there."))
    observed = clock.to_us(observed_at)
    row = Visit.objects.create(
        id=id, enterprise_id=enterprise_id, observed_us=observed, received_us=clock.to_us(now),
        note=note.strip()[:400], by=by,
    )  # fmt: skip
    firm = firm_of(enterprise_id, now)
    firm.visited_us = max(firm.visited_us or 0, observed)
    firm.save(update_fields=["visited_us"])
    done = duties.Done(enterprise_id, observed_at, f"firm-visit:{row.id.hex}")
    duties.fulfil(cohort=VISIT, items=[done], by=by, now=now)
    _record("visited", enterprise_id, by, now)
    return row


@write_lock()
def set_posts(
    *, enterprise_id: UUID, posts: Mapping[PostKind, Sequence[str]], by: str, now: datetime
) -> None:  # fmt: skip
    """Who holds each kind of post named in `posts` from now on; who is left out holds it no more."""
    at_us = clock.to_us(now)
    held = {
        (row.kind, row.name): row for row in FirmPost.objects.filter(enterprise_id=enterprise_id, until_us__isnull=True)
    }
    wanted = dict.fromkeys(
        (kind.value, name.strip()[:60]) for kind, names in posts.items() for name in names[:MOST_NAMES] if name.strip()
    )
    kinds = {kind.value for kind in posts}
    ended = [row.id for key, row in held.items() if key[0] in kinds and key not in wanted]
    FirmPost.objects.filter(id__in=ended).update(until_us=at_us)
    fresh = [key for key in wanted if key not in held]
    FirmPost.objects.bulk_create(
        [FirmPost(enterprise_id=enterprise_id, kind=kind, name=name, since_us=at_us, by=by) for kind, name in fresh]
    )
    if ended or fresh:
        _record("posts", enterprise_id, by, now, ended=len(ended), named=len(fresh))


@write_lock()
def count_supplies(
    *, enterprise_id: UUID, quantities: Mapping[str, int], people: int, by: str, now: datetime
) -> None:  # fmt: skip
    """What an enterprise holds ready, by the plan's goods. Raises WorkplaceError for a quantity that cannot be."""
    goods = {one.key: one for one in plan_at(now).section.goods}
    if any(quantity < 0 or quantity > MOST_OF_GOODS for quantity in quantities.values()):
        raise WorkplaceError(_("A quantity is a whole number from 0 on. Nothing was changed."))
    at_us = clock.to_us(now)
    for key, quantity in quantities.items():
        if key in goods:
            per_day = reads.used_in_a_day(goods[key], people)
            fresh = {"quantity": quantity, "per_day": per_day, "counted_us": at_us, "by": by}
            Supply.objects.update_or_create(holder_id=enterprise_id, goods=key, defaults=fresh)
    _record("supplies", enterprise_id, by, now, goods=len(quantities))


def reckon_supplies(enterprise_id: UUID, people: int, now: datetime) -> None:
    """Other numbers of people use up the same goods sooner or later. In the caller's transaction."""
    goods = {one.key: one for one in plan_at(now).section.goods}
    for row in Supply.objects.filter(holder_id=enterprise_id, goods__in=goods):
        Supply.objects.filter(id=row.id).update(per_day=reads.used_in_a_day(goods[row.goods], people))


def _record(act: str, enterprise_id: UUID, by: str, now: datetime, **detail: object) -> None:
    audit.record(
        by=by, act=f"workplaces.firm.{act}", now=now, target=f"enterprise:{enterprise_id}", detail=detail
    )  # fmt: skip
