"""A street in a round of masks: two committees of six doors each, two pharmacies, everything that selling needs."""

from dataclasses import dataclass
from datetime import date, datetime

from fangxian.duties.actions import apply_playbook
from fangxian.masks import rules
from fangxian.masks.actions import rounds, supply
from fangxian.masks.actions.rounds import NewRound
from fangxian.masks.models import Counter, Registration, Round, Shelf, Variant
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support import playbooks
from tests.support.factories import MORNING, Street, make_street


@dataclass
class MaskGround:
    street: Street
    pharmacies: list[Place]
    round: Round

    @property
    def adult(self) -> Variant:
        return Variant.objects.get(round=self.round, key="adult")

    @property
    def committees(self) -> list[Place]:
        return self.street.neighbourhoods


def make_round(
    *, doors_per_block: int = 3, goods: str = "masks", policy: str = "queue", now: datetime = MORNING,
    announced: bool = True, register_from: date = date(2020, 2, 17), number: int = 2,
) -> MaskGround:  # fmt: skip
    """MORNING is 08:00 on 17 February; registration opens at 09:00, sale on the 18th. A pharmacy for each committee."""
    street = make_street(doors_per_block, now)
    apply_playbook(plan=playbooks.plan(), effective_at=now, by="test", now=now)
    new = [NewPlace(PlaceKind.PHARMACY, f"第{n}药房", street.street.id, address=f"虹桥路{n}号") for n in (1, 2)]
    pharmacies = places.add(places=new, by="test", now=now)
    wanted = NewRound(goods=goods, register_from=register_from, number=number, policy=policy)
    round = rounds.make_round(street=street.street, new=wanted, by="test", now=now)
    for committee, pharmacy in zip(street.neighbourhoods, pharmacies, strict=True):
        rounds.add_outlet(round=round, pharmacy=pharmacy, by="test", now=now)
        rounds.serve(round=round, committee=committee, pharmacy=pharmacy, by="test", now=now)
    if announced:
        rounds.announce(round=round, by="test", now=now)
    return MaskGround(street, pharmacies, round)


def registered(
    ground: MaskGround, committee: int, *seqs: int, wants: str = "adult=5", now: datetime = MORNING, **more: object
) -> list[Registration]:
    """Registrations of the doors of a committee, as rows; numbers follow each other from 1 on."""
    place = ground.committees[committee]
    doors = list(Place.objects.filter(place.subtree, kind=PlaceKind.DWELLING).order_by("path"))
    rows = []
    for seq in seqs:
        id_ = new_id()
        rows.append(
            Registration(
                id=id_, round=ground.round, committee=place, seq=seq, unit=doors[seq - 1].id, applicant="王芳",
                channel="desk", wants=wants, secret=id_.hex, observed_us=clock.to_us(now),
                received_us=clock.to_us(now), **more,
            )
        )  # fmt: skip
    Registration.objects.bulk_create(rows)
    Counter.objects.update_or_create(
        round=ground.round, committee=place, defaults={"short": rules.short_name(place.name), "last": max(seqs)}
    )
    return rows


def stocked(
    ground: MaskGround, pharmacy: int, quantity: int, *, variant: str = "adult", reserve: int | None = None,
    now: datetime = MORNING,
) -> Shelf:  # fmt: skip
    """Goods arrive at a pharmacy; `reserve` puts another reserve than the round's share."""
    kind = Variant.objects.select_related("item").get(round=ground.round, key=variant)
    place = ground.pharmacies[pharmacy]
    supply.arrive(
        round=ground.round, pharmacy=place, variant=kind, quantity=quantity, price_fen=250, by="test", now=now,
        batch=f"{place.name}{quantity}",
    )  # fmt: skip
    shelf = Shelf.objects.get(round=ground.round, pharmacy=place, variant=kind)
    if reserve is not None:
        shelf.reserve = reserve
        shelf.save(update_fields=["reserve"])
    return shelf
