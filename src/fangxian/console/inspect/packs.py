"""What an inspector's phone keeps for work without a network: today's places, their checklists, what stands open there.

It is locked with a PIN: the names of property managers and what was agreed with them are in it.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.accounts import access
from fangxian.accounts.queries import Posts
from fangxian.accounts.roles import Role
from fangxian.console.inspect.reads import Visit, visits
from fangxian.console.view import Who
from fangxian.gates.models import GateSetup, Zone
from fangxian.inspections.models import FindingStatus, Severity
from fangxian.inspections.plan import TYPES, Version, plan_at, version_at
from fangxian.inspections.queries.findings import FindingLine, findings
from fangxian.places.models import Place, PlaceKind, subtree
from fangxian.screening.actions import take_pack
from fangxian.screening.models import DayPack
from fangxian.shared import clock, sealing
from fangxian.shared.sealing import to_text
from fangxian.workplaces.models import Measure

MOST_FINDINGS = 500
SIGNERS = 4
ZONES = (Zone.RED, Zone.YELLOW, Zone.BLUE)


def current_lists(now: datetime) -> dict[str, str]:
    """The fingerprint of the checklist that holds now, by the kind of place."""
    return {kind: version_at(kind, now).sha256 for kind in TYPES}


def make_pack(who: Who, wanted: UUID | None) -> dict[str, Any]:
    """Take today's places along, and `wanted` as well. Raises NotFoundError where that one is not theirs to inspect."""
    found = visits(who, wanted)
    nodes = [visit.place.id for visit in found]
    pack = take_pack(staff=who.staff, nodes=nodes, rounds=[], by=who.staff.actor, now=who.now)
    key_id, point = sealing.public_key()
    return {
        "id": str(pack.id), "issued_us": pack.issued_us, "expires_us": pack.expires_us, "epoch": pack.epoch,
        "staff": str(who.staff.id), "name": who.staff.name, "key": key_id, "point": to_text(point),
        **listed(found, who.now),
    }  # fmt: skip


def listed_again(who: Who, pack_id: UUID) -> dict[str, Any]:
    """The places of a live pack that this person took, and what was assigned since. Raises NotFoundError."""
    pack = DayPack.objects.filter(id=pack_id, staff=who.staff.id, expires_us__gt=clock.to_us(who.now)).first()
    if pack is None or pack.epoch != who.staff.session_epoch:
        raise access.NotFoundError(_("This list has ended. Take a new one."))
    return listed(visits(who, None), who.now)


def listed(found: Sequence[Visit], now: datetime) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    held = plan_at(now)
    versions = {kind: version_at(kind, now) for kind in {visit.place.kind for visit in found}}
    known = _known(found, now)
    spots = _spots([visit.place for visit in found])
    measures = _measures(found, now)
    posts = Posts([visit.place for visit in found], now)
    return {
        "made_us": clock.to_us(now),
        "severities": {term.key: term.title.say(language) for term in held.section.severities},
        "severity_words": {key: str(label) for key, label in Severity.choices},
        "lists": {version.sha256: _list(version, language) for version in versions.values()},
        "places": [
            {
                "id": str(visit.place.id), "kind": visit.place.kind, "name": visit.place.name, "address": visit.where,
                "assignment": visit.assignment, "occasion": visit.occasion, "occasion_word": visit.occasion_word,
                "list": versions[visit.place.kind].sha256, "spots": spots[visit.place.id],
                "findings": known[visit.place.id], "measures": measures[visit.place.id],
                "managers": _managers(posts, visit.place), "done": visit.score,
            }
            for visit in found
        ],
    }  # fmt: skip


def _list(version: Version, language: str) -> dict[str, Any]:
    return {
        "areas": [{"key": area.key, "title": area.title.say(language)} for area in version.section.areas],
        "items": [
            {
                "key": item.key, "area": item.area, "title": item.title.say(language),
                "criterion": item.criterion.say(language), "severity": item.severity, "suspends": item.suspends or "",
                "guidance": item.guidance.say(language) if item.guidance else "",
            }
            for item in version.items
        ],
    }  # fmt: skip


def _known(found: Sequence[Visit], now: datetime) -> dict[UUID, list[dict[str, Any]]]:
    """Open findings, those that were reported as put right first: these are judged."""
    places = [visit.place.id for visit in found]
    known: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    rows = findings(Q(place__in=places), now, limit=MOST_FINDINGS)
    for line in sorted(rows, key=lambda line: line.status != FindingStatus.MENDED):
        known[line.place_id].append(_finding(line))
    return known


def _finding(line: FindingLine) -> dict[str, Any]:
    return {
        "id": str(line.id), "item": line.item, "title": line.title, "spot": line.spot, "zone": line.zone,
        "severity": line.severity, "status": line.status, "status_word": str(FindingStatus(line.status).label),
        "opened_us": clock.to_us(line.opened_at), "times": line.times,
        "plan": f"{line.plan_who}: {line.plan_what}" if line.plan_what else "",
    }  # fmt: skip


def _spots(places: Sequence[Place]) -> dict[UUID, list[dict[str, str]]]:
    """The gates of each place, and the zones of a building. A door that only one zone uses stands for that zone."""
    # a place may be on the list twice: for its day, and to be re-inspected
    once = list({place.id: place for place in places}.values())
    spots: dict[UUID, list[dict[str, str]]] = {place.id: [] for place in once}
    where = Q(pk__in=[])
    for place in once:
        where |= subtree("path", place.path)
    gates = Place.objects.filter(where, kind=PlaceKind.GATE, closed_on__isnull=True).order_by("path")
    zones = dict(GateSetup.objects.filter(gate__in=[gate.id for gate in gates]).values_list("gate_id", "zones"))
    for gate in gates:
        own = zones.get(gate.id, "")
        for place in once:
            if gate.path.startswith(place.path):
                spots[place.id].append({"name": gate.name, "zone": own if len(own) == 1 else ""})
    for place in once:
        if place.kind == PlaceKind.BUILDING:
            spots[place.id] += [{"name": str(zone.label), "zone": zone.value} for zone in ZONES]
    return spots


def _measures(found: Sequence[Visit], now: datetime) -> dict[UUID, list[dict[str, str]]]:
    today = clock.local_day(now)
    rows = (
        Measure.objects.filter(
            Q(until__isnull=True) | Q(until__gte=today), place__in=[visit.place.id for visit in found]
        )
        .filter(since__lte=today)
        .select_related("enterprise")
        .order_by("enterprise__label", "kind", "id")
    )
    shown: dict[UUID, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        text = " · ".join(part for part in (str(row.get_kind_display()), row.text) if part)
        shown[row.place_id].append({"id": str(row.id), "firm": row.enterprise.label, "text": text})
    return shown


def _managers(posts: Posts, place: Place) -> list[str]:
    """Names that may sign."""
    role = Role.PROPERTY_MANAGER if place.kind == PlaceKind.BUILDING else Role.COMMITTEE_SECRETARY
    return [holder.name for holder in posts.nearest(role, place.id)][:SIGNERS]
