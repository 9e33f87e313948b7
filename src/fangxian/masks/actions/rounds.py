"""The life of a round: made from the plan, announced, served by pharmacies, cancelled; who is to be told of it."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Exists, Max, OuterRef
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.duties.models import Member
from fangxian.duties.plan_schema import Text
from fangxian.masks import rules
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import Counter, Outlet, Registration, Round, Serving, Variant
from fangxian.masks.plan import plan_at
from fangxian.masks.playbook import DOORS, SPECIAL, GoodsRule, MasksSection
from fangxian.masks.queries.rounds import committees_of, facts_of
from fangxian.masks.sources import source_of
from fangxian.notices import actions as notices
from fangxian.notices.models import Channel, Notice
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import counting_nodes
from fangxian.registry import actions as registry
from fangxian.shared import clock, crypto
from fangxian.shared.ids import new_id
from fangxian.shared.writer import in_chunks, write_lock
from fangxian.stock import actions as stock
from fangxian.stock.models import Unit

T = TypeVar("T")

TELL_HOURS = 4
"""A round that is announced just before it opens still leaves this long to tell the doors of it."""


@dataclass(frozen=True)
class NewRound:
    """What is chosen for a round beside the plan's figures. `register_from` is its first day of registration."""

    goods: str
    register_from: date
    number: int | None = None
    policy: str | None = None
    register_days: int | None = None
    sale_after_days: int | None = None
    sale_days: int | None = None
    reserve_percent: float | None = None
    titles: Mapping[str, str] = field(default_factory=dict)


def make_round(*, street: Place, new: NewRound, by: str, now: datetime) -> Round:
    """A draft that only those who run it see. It copies the plan's figures: a later plan does not change it."""
    plan = plan_at(now)
    goods = next((one for one in plan.section.goods if one.key == new.goods), None)
    if goods is None:
        raise MaskError(_("The plan in force has no such goods. Nothing was made. Choose one of the plan's goods."))
    seed = secrets.token_hex(16)
    with write_lock():
        latest = Round.objects.filter(street=street).aggregate(last=Max("number"))["last"] or 0
        number = new.number or latest + 1
        if Round.objects.filter(street=street, number=number).exists():
            raise MaskError(
                _("Round %(number)d exists already. Nothing was made. Choose another number.") % {"number": number}
            )
        round = Round.objects.create(
            street=street, number=number, goods=goods.key, policy=new.policy or plan.section.policy,
            title=dict(new.titles) or _titles(goods, number), seed_commit=commitment(seed), seed_sealed=b"",
            playbook_id=plan.playbook_id, created_us=clock.to_us(now), by=by, **_figures(new, plan.section),
        )  # fmt: skip
        round.seed_sealed = crypto.seal(seed, _seed_aad(round.id))
        round.save(update_fields=["seed_sealed"])
        _make_variants(round, goods, by, now)
        audit.record(by=by, act="masks.round.made", now=now, target=f"round:{round.id}", place=street.id)
    return round


def _figures(new: NewRound, section: MasksSection) -> dict[str, Any]:
    """Instants and shares of a round. Days are whole days of the street: the last one counts."""
    first = new.register_from
    sale = first + timedelta(days=_chosen(new.sale_after_days, section.sale_after_days))
    last = first + timedelta(days=_chosen(new.register_days, section.register_days) - 1)
    sold_out = sale + timedelta(days=_chosen(new.sale_days, section.sale_days) - 1)
    start_us = _us(first, section.register_from)
    return {
        "register_from_us": start_us,
        "register_until_us": _us(last, section.register_until),
        "staff_from_us": start_us + section.staff_after_hours * clock.HOUR_US,
        # a plan may open counters earlier in the day than registration
        "sale_from_us": max(_us(sale, section.open_from), start_us),
        "sale_until_us": _us(sold_out, section.open_until),
        "reserve_permille": int(_chosen(new.reserve_percent, section.reserve_percent) * 10 + 0.5),
        "collect_days": section.collect_days,
        "slot_minutes": section.slot_minutes,
    }


def _chosen(chosen: T | None, planned: T) -> T:
    return planned if chosen is None else chosen


def _us(day: date, at: time) -> int:
    return clock.to_us(clock.at(day, at))


def commitment(seed: str) -> str:
    """What is published of a seed before it is revealed."""
    return hashlib.sha256(seed.encode()).hexdigest()


def _seed_aad(round_id: UUID) -> str:
    return f"masks_round.seed.{round_id}"


def _titles(goods: GoodsRule, number: int) -> dict[str, str]:
    title = goods.title
    return {
        "zh": f"第{number}轮{title.zh}预约登记",
        "en": f"Round {number}: {title.en}",
        "ja": f"第{number}回 {title.ja or title.en}の予約登録",
        "ko": f"{number}차 {title.ko or title.en} 예약 등록",
    }


def _make_variants(round: Round, goods: GoodsRule, by: str, now: datetime) -> None:
    for variant in goods.variants:
        item = stock.define_item(
            key=f"{goods.key}:{variant.key}", name=variant.title.zh, name_en=variant.title.en, unit=Unit.PIECE, by=by,
            now=now,
        )  # fmt: skip
        titles = {code: words for code, words in variant.title.model_dump().items() if words}
        Variant.objects.create(round=round, key=variant.key, title=titles, quota=variant.quota, item=item)


def announce(*, round: Round, by: str, now: datetime) -> Notice:
    """Residents see the round from now on. The worker then gives every door its duty to be told (`enrol_doors`)."""
    with write_lock():
        fresh = Round.objects.select_for_update().get(id=round.id)
        if fresh.cancelled_us is not None:
            raise MaskError(_("This round was cancelled and cannot be announced. Make a new one."))
        if fresh.announced_us is not None:
            raise MaskError(_("This round is announced already. Nothing was changed."))
        if not Outlet.objects.filter(round=fresh, dropped_us__isnull=True).exists():
            raise MaskError(_("No pharmacy sells in this round yet. Nothing was announced. Add one first."))
        served = set(Serving.objects.filter(round=fresh, until_us__isnull=True).values_list("committee_id", flat=True))
        bare = [place.name for place in committees_of(fresh) if place.id not in served]
        if bare:
            raise MaskError(
                _("No pharmacy serves: %(names)s. Nothing was announced. Give each committee a pharmacy first.")
                % {"names": "、".join(bare)}
            )
        fresh.announced_us = round.announced_us = clock.to_us(now)
        fresh.save(update_fields=["announced_us"])
        _make_counters(fresh)
        notice = notices.publish(
            place=fresh.street,
            source=source_of(fresh),
            title=fresh.title,
            body=_body(fresh, plan_at(now).section.notice),
            by=by,
            now=now,
        )
        audit.record(by=by, act="masks.round.announced", now=now, target=f"round:{fresh.id}", place=fresh.street_id)
    return notice


def _make_counters(round: Round) -> None:
    """One for each committee, so that a batch only ever adds to rows that exist. Two of one name are told apart."""
    used: set[str] = set()
    for committee in committees_of(round):
        short = rules.short_name(committee.name)
        if short in used:
            short = f"{short[:20]}{(committee.code or committee.path)[-3:]}"
        used.add(short)
        Counter.objects.get_or_create(round=round, committee=committee, defaults={"short": short})


def _body(round: Round, letter: Text) -> dict[str, str]:
    """The text of the letter and of the board, from the round's own figures. Braces of other words stay as they are."""
    facts = facts_of(round)
    variants = list(round.variants.order_by("id"))
    said: dict[str, str] = {}
    for code, words in letter.model_dump().items():
        wants = "、".join(f"{v.title.get(code) or v.title['en']} {facts.quotas[v.key]}" for v in variants)
        values = {
            "begin": _day(round.register_from_us), "end": _day(round.register_until_us),
            "sale": _day(round.sale_from_us), "wants": wants if code in ("zh", "ja") else wants.replace("、", ", "),
        }  # fmt: skip
        text = words or letter.en
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        said[code] = text
    return said


def _day(us: int) -> str:
    return f"{clock.local(clock.from_us(us)):%Y-%m-%d %H:%M}"


def enrol_doors(*, round: Round, by: str, now: datetime, polite: bool = True) -> int:
    """Every door of the street owes being told; every special household being registered. For the worker, in chunks."""
    doors = list(Place.objects.filter(round.street.subtree, kind=PlaceKind.DWELLING, closed_on__isnull=True))
    due_us = max(round.register_from_us, clock.to_us(now) + TELL_HOURS * clock.HOUR_US)
    count = _enrol(DOORS, round, doors, due_us, by, now, polite)
    special = list(Place.objects.filter(round.street.subtree, special_unit__isnull=False, closed_on__isnull=True))
    count += _enrol(SPECIAL, round, special, max(round.register_until_us - clock.DAY_US, due_us), by, now, polite)
    with write_lock():
        Round.objects.filter(id=round.id).update(enrolled_us=clock.to_us(now))
    return count


def enrol_new_doors(*, round: Round, by: str, now: datetime) -> int:
    """Doors that are no members yet, and that have not registered. Returns how many were enrolled."""
    owed = Member.objects.filter(subject_id=OuterRef("id"), cohort__key=DOORS, cohort__instance=round.id.hex)
    registered = Registration.objects.filter(round=round, unit=OuterRef("id"), withdrawn_us__isnull=True)
    doors = Place.objects.filter(
        ~Exists(owed), ~Exists(registered), round.street.subtree, kind=PlaceKind.DWELLING, closed_on__isnull=True
    ).order_by("path")
    due_us = max(round.register_from_us, clock.to_us(now) + TELL_HOURS * clock.HOUR_US)
    return _enrol(DOORS, round, list(doors), due_us, by, now, polite=True)


def _enrol(
    cohort: str, round: Round, places: Sequence[Place], due_us: int, by: str, now: datetime, polite: bool
) -> int:
    nodes = counting_nodes(places)
    opens_us = min(clock.to_us(now), due_us)

    def write(part: Sequence[Place]) -> None:
        registry.ensure_place_subjects(places=part, now=now)
        members = [
            duties.NewMember(place.id, place.id, nodes[place.id], opens_us=opens_us, due_us=due_us) for place in part
        ]
        duties.enrol(cohort=cohort, instance=round.id.hex, members=members, by=by, now=now)

    in_chunks(places, write, polite=polite)
    return len(places)


def tell_doors(
    *, round: Round, unit_ids: Sequence[UUID], channel: Channel, by: str, now: datetime, polite: bool = True
) -> int:
    """These doors were told of the round: by letter, at the door, by telephone. Returns how many."""
    notice = Notice.objects.filter(source=source_of(round)).order_by("made_us").first()
    if notice is None:
        raise MaskError(_("This round is not announced yet. Nothing was kept. Announce it first."))

    def write(part: Sequence[UUID]) -> None:
        places = list(Place.objects.filter(id__in=part))
        registry.ensure_place_subjects(places=places, now=now)
        notices.tell(notice=notice, subject_ids=list(part), channel=channel, by=by, now=now)
        done = [duties.Done(unit, now, f"mask-told:{notice.id.hex}") for unit in part]
        duties.fulfil(cohort=DOORS, instance=round.id.hex, items=done, by=by, now=now)

    in_chunks(list(unit_ids), write, polite=polite)
    return len(unit_ids)


def cancel(*, round: Round, reason: str, by: str, now: datetime) -> None:
    """No more registrations and no more calls. What was called may still be collected."""
    if not reason.strip():
        raise MaskError(_("Say why the round is cancelled: residents read it. Nothing was changed."))
    with write_lock():
        changed = Round.objects.filter(id=round.id, cancelled_us__isnull=True).update(
            cancelled_us=clock.to_us(now), reason=reason.strip()[:200]
        )
        if not changed:
            raise MaskError(_("This round was cancelled already. Nothing was changed."))
        audit.record(by=by, act="masks.round.cancelled", now=now, target=f"round:{round.id}", place=round.street_id)


def reveal_seed(*, round: Round, by: str, now: datetime) -> str:
    """The seed, for everybody to see. A lottery is drawn only after registration: nobody may register knowing it."""
    if round.seed:
        return round.seed
    if round.policy == "lottery" and clock.to_us(now) < round.register_until_us:
        raise MaskError(_("The seed is revealed once registration has closed. Nothing was changed."))
    seed = crypto.unseal(bytes(round.seed_sealed), _seed_aad(round.id))
    with write_lock():
        Round.objects.filter(id=round.id, seed="").update(seed=seed)
        audit.record(by=by, act="masks.seed.revealed", now=now, target=f"round:{round.id}")
    round.seed = seed
    return seed


def add_outlet(
    *, round: Round, pharmacy: Place, by: str, now: datetime, open_from: int | None = None,
    open_until: int | None = None, slot_people: int | None = None,
) -> Outlet:  # fmt: skip
    """A pharmacy sells in the round; hours are minutes of the local day, the plan's where none are given."""
    if pharmacy.kind != PlaceKind.PHARMACY or pharmacy.closed_on is not None:
        raise MaskError(_("Only an open pharmacy can sell in a round. Nothing was changed."))
    section = plan_at(now).section
    hours = {
        "open_from": _chosen(open_from, section.open_from.hour * 60 + section.open_from.minute),
        "open_until": _chosen(open_until, section.open_until.hour * 60 + section.open_until.minute),
        "slot_people": _chosen(slot_people, section.slot_people),
    }
    if not 0 <= hours["open_from"] < hours["open_until"] <= 1440 or hours["slot_people"] < 1:
        raise MaskError(_("The opening hours are not right. Nothing was changed. Closing comes after opening."))
    with write_lock():
        outlet, _made = Outlet.objects.update_or_create(
            round=round, pharmacy=pharmacy, defaults={**hours, "dropped_us": None, "reason": ""}
        )
        audit.record(by=by, act="masks.outlet.set", now=now, target=f"round:{round.id}", place=pharmacy.id)
    return outlet


def serve(*, round: Round, committee: Place, pharmacy: Place, by: str, now: datetime) -> Serving:
    """From now on this pharmacy serves the committee; numbers called before stay where they were called to."""
    if not Outlet.objects.filter(round=round, pharmacy=pharmacy, dropped_us__isnull=True).exists():
        raise MaskError(_("This pharmacy does not sell in the round. Nothing was changed. Add it first."))
    with write_lock():
        held = Serving.objects.filter(round=round, committee=committee, until_us__isnull=True).first()
        if held is not None and held.pharmacy_id == pharmacy.id:
            return held
        if held is not None:
            held.until_us = clock.to_us(now)
            held.save(update_fields=["until_us"])
        row = Serving.objects.create(
            id=new_id(), round=round, committee=committee, pharmacy=pharmacy, since_us=clock.to_us(now)
        )
        audit.record(by=by, act="masks.serving.set", now=now, target=f"round:{round.id}", place=committee.id)
    return row


def spread(*, round: Round, by: str, now: datetime) -> int:
    """Give each committee without a pharmacy the one that serves the fewest doors so far. Returns how many."""
    outlets = list(Outlet.objects.filter(round=round, dropped_us__isnull=True).select_related("pharmacy"))
    if not outlets:
        raise MaskError(_("No pharmacy sells in this round yet. Nothing was changed. Add one first."))
    served = dict(Serving.objects.filter(round=round, until_us__isnull=True).values_list("committee_id", "pharmacy_id"))
    doors = {
        place.id: Place.objects.filter(place.subtree, kind=PlaceKind.DWELLING, closed_on__isnull=True).count()
        for place in committees_of(round)
    }
    load = {outlet.pharmacy_id: 0 for outlet in outlets}
    for committee, pharmacy in served.items():
        load[pharmacy] = load.get(pharmacy, 0) + doors.get(committee, 0)
    pharmacies = {outlet.pharmacy_id: outlet.pharmacy for outlet in outlets}
    open_ = [place for place in committees_of(round) if place.id not in served]
    for place in sorted(open_, key=lambda one: (-doors[one.id], one.path)):
        least = min(pharmacies, key=lambda one: (load[one], pharmacies[one].path))
        serve(round=round, committee=place, pharmacy=pharmacies[least], by=by, now=now)
        load[least] += doors[place.id]
    return len(open_)
