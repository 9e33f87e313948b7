"""What a counter keeps for work without a network: the numbers that somebody may show there, locked with a PIN.

Names and masked documents are in it only for what may still be handed out here; of a slip's secret only its hash.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.accounts import access
from fangxian.console.mask_counter.reach import pharmacies_within, pharmacy_within
from fangxian.console.templatetags.ui import say
from fangxian.console.view import Who
from fangxian.masks.models import Counter, Round
from fangxian.masks.queries import pharmacy as reads
from fangxian.masks.queries.rounds import at_counter
from fangxian.masks.queries.training import is_trained
from fangxian.places.models import Place
from fangxian.screening.actions import take_pack
from fangxian.screening.models import DayPack
from fangxian.shared import clock, sealing
from fangxian.shared.sealing import to_text


class PackError(Exception):
    """No list was taken; the message says why and what to do."""


def make_pack(who: Who, wanted: UUID | None) -> dict[str, Any]:
    """Take a list for a pharmacy: the only one within reach, where none is named. Raises PackError, NotFoundError."""
    place = _place(who, wanted)
    round = at_counter(place, who.now).round
    outlet = reads.sells_in(round, place) if round is not None else None
    if round is None or outlet is None:
        raise PackError(_("This pharmacy sells in no round at the moment. Nothing was taken."))
    pack = take_pack(staff=who.staff, nodes=[place.id], rounds=[], by=who.staff.actor, now=who.now)
    key_id, point = sealing.public_key()
    return {
        "id": str(pack.id), "issued_us": pack.issued_us, "expires_us": pack.expires_us, "epoch": pack.epoch,
        "staff": str(who.staff.id), "name": who.staff.name, "key": key_id, "point": to_text(point),
        "trained": is_trained(who.staff.actor, who.now),
        "list": listed(round, place, who.now),
    }  # fmt: skip


def _place(who: Who, wanted: UUID | None) -> Place:
    if wanted is not None:
        return pharmacy_within(who, wanted)
    found = pharmacies_within(who.held)
    if len(found) != 1:
        raise PackError(_("Several pharmacies are within your reach. Open one, and its counter from there."))
    return found[0]


def place_of(who: Who, pack_id: UUID) -> Place:
    """The pharmacy of a live pack that this person took, still within reach. Raises NotFoundError."""
    pack = DayPack.objects.filter(id=pack_id, staff=who.staff.id, expires_us__gt=clock.to_us(who.now)).first()
    if pack is None or pack.epoch != who.staff.session_epoch or len(pack.nodes) != 1:
        raise access.NotFoundError(_("This list has ended. Take a new one."))
    return pharmacy_within(who, UUID(pack.nodes[0]))


def listed(round: Round, place: Place, now: datetime) -> dict[str, Any]:
    prices = reads.prices(round, place)
    shorts = Counter.objects.filter(round=round).order_by("short").values_list("short", flat=True)
    return {
        "made_us": clock.to_us(now), "number": round.number, "place": place.name, "shorts": list(shorts),
        "kinds": {
            row.key: {"title": say(row.title), "price_fen": prices.get(row.key)} for row in round.variants.all()
        },
        "lines": [asdict(line) for line in reads.counter_list(round, place, now)],
    }  # fmt: skip
