"""The gate log ends with the plan's days, and visitors' names on their passes; the counts of the gates stay."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from fangxian.audit import actions as audit
from fangxian.gates.actions.visits import forget_visitors
from fangxian.gates.models import Check, Opening, Parcel, Pass, Presence, Reading, Release, Used, VisitRequest
from fangxian.gates.plan import plan_at
from fangxian.gates.queries.bundle import once_key
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.clock import DAY_US
from fangxian.shared.writer import Pace, in_chunks

LOOKED_AT: Final = 2_000


def purge(*, now: datetime, by: str = "worker", limit: int = LOOKED_AT) -> int:
    """Delete up to `limit` old rows of each kind. Returns how many; call again until 0.

    A check that is not folded yet stays, whatever its age: nothing is lost before it was counted. The keys are found
    without the writer, which is then held for milliseconds at a time, each time with its entry in the audit.
    """
    days = plan_at(now).log_days
    if days is None:
        return 0
    before_us = clock.to_us(now - timedelta(days=days))
    gone: Counter[str] = Counter()

    def delete(kind: str, rows: QuerySet[Any], keys: Sequence[Any]) -> None:
        # what has changed since the keys were found no longer answers to `rows`
        count = rows.filter(pk__in=keys).delete()[0]
        if count:
            gone[kind] += count
            audit.record(by=by, act="gates.purged", now=now, detail={kind: count})

    ended = _ended(before_us, limit)
    ended["used"] = (Used.objects.all(), _old_counts(before_us, limit))
    for kind, (rows, keys) in ended.items():
        # a pace of its own: a check costs the writer more than a count
        in_chunks(keys, partial(delete, kind, rows), pace=Pace.for_database())
    gone["names"] = forget_visitors(before_us=before_us, by=by, now=now, limit=limit)
    return gone.total()


def _ended(before_us: int, limit: int) -> dict[str, tuple[QuerySet[Any], list[Any]]]:
    """The log, and what stands beside it and ends with it: rows, and the keys of the first."""
    checks = Check.objects.filter(folded=True, observed_us__lt=before_us)
    others = {
        "releases": Release.objects.filter(at_us__lt=before_us),
        "openings": Opening.objects.filter(settled=True, at_us__lt=before_us),
        "readings": Reading.objects.filter(at_us__lt=before_us),
        "presence": Presence.objects.filter(inside=False, since_us__lt=before_us),
        "visits": VisitRequest.objects.filter(until_us__lt=before_us),
        "parcels": Parcel.objects.filter(taken_us__lt=before_us),
    }
    found = {kind: (rows, list(rows.values_list("pk", flat=True)[:limit])) for kind, rows in others.items()}
    return {"checks": (checks, _old_checks(checks, before_us, limit)), **found}


def _old_checks(rows: QuerySet[Check], before_us: int, limit: int) -> list[UUID]:
    """Ids begin with their time, so the oldest stand first in the index of the key. A machine may make others: what is
    left of those is found place by place, in the index of a place's passages."""
    oldest = UUID(int=(before_us // 1_000) << 80)
    found = list(rows.filter(id__lt=oldest).order_by("id").values_list("id", flat=True)[:limit])
    if len(found) == limit:
        return found
    gates = Place.objects.filter(kind=PlaceKind.GATE)
    for place_id in {gate.parent_id or gate.id for gate in gates.only("id", "parent_id")}:
        found += rows.filter(place_id=place_id, id__gte=oldest).values_list("id", flat=True)[: limit - len(found)]
        if len(found) == limit:
            break
    return found


def _old_counts(before_us: int, limit: int) -> list[str]:
    """Caps and outings of days long gone, and single uses of passes long over. Referrals' numbers and those inside now
    stay."""
    day = before_us // DAY_US
    dated = Used.objects.filter(Q(key__startswith="cap:") | Q(key__startswith="out:")).values_list("key", flat=True)
    old = (key for key in dated.iterator() if int(key.rsplit(":", 1)[1]) < day)
    over = Pass.objects.filter(once=True, until_us__lt=before_us)
    once = Used.objects.filter(key__in=over.values(key_=once_key("pk"))).values_list("key", flat=True)
    return [key for _, key in zip(range(limit), chain(old, once.iterator()), strict=False)]
