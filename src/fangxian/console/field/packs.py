"""What a day pack holds: the worker's own doors and open drafts; no documents, phones or health facts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import get_language

from fangxian.accounts.access import NotAllowedError
from fangxian.accounts.roles import Capability
from fangxian.console.field import reads
from fangxian.console.field.forms import door_choices, vehicle_choices
from fangxian.console.view import Who
from fangxian.duties import gap_queries
from fangxian.hygiene import queries as hygiene
from fangxian.places.models import Place
from fangxian.screening import queries
from fangxian.screening.actions import section_at, take_pack
from fangxian.screening.models import Round
from fangxian.screening.playbook import ScreeningSection
from fangxian.shared import clock, sealing
from fangxian.shared.sealing import to_text

MOST_GROUNDS = 4
"""A pack is for the doors that one person can walk in a shift; who reaches a whole street chooses grids."""


class TooMuchError(NotAllowedError):
    """More grids than a phone takes along; some must be chosen."""


def make_pack(who: Who, ground_ids: Sequence[UUID]) -> dict[str, Any]:
    """Take a pack for these grounds (all of the person's, where none is named). Raises TooMuchError, NotFoundError."""
    grounds = [reads.ground_within(who.held, ground_id) for ground_id in ground_ids] or queries.grounds(who.held)
    if len(grounds) > MOST_GROUNDS:
        raise TooMuchError
    rounds = queries.open_rounds(who.held)
    pack = take_pack(
        staff=who.staff, nodes=[ground.id for ground in grounds], rounds=[round.id for round in rounds],
        by=who.staff.actor, now=who.now,
    )  # fmt: skip
    key_id, point = sealing.public_key()
    section, language = section_at(who.now), get_language() or "zh-hans"
    held = who.reach(Capability.DISINFECT)
    return {
        "id": str(pack.id), "issued_us": pack.issued_us, "expires_us": pack.expires_us, "epoch": pack.epoch,
        "staff": str(who.staff.id), "name": who.staff.name, "key": key_id, "point": to_text(point),
        "grounds": [{"id": str(ground.id), "name": ground.name} for ground in grounds],
        "rounds": [_round(round, grounds) for round in rounds],
        "areas": hygiene.pack_areas(held, who.now, language) if held else [],
        "duties": [_duty(line) for line in gap_queries.my_one_offs(who.staff, who.now)],
        **_words(section, who, language),
    }  # fmt: skip


def _words(section: ScreeningSection | None, who: Who, language: str) -> dict[str, Any]:
    regions = section.key_regions_at(who.now) if section else ()
    return {
        "door_choices": dict(door_choices(section)),
        "vehicle_choices": dict(vehicle_choices(section)),
        "regions": [{"key": region.key, "title": region.title.say(language)} for region in regions],
        "travel_days": section.round.travel_days if section else 14,
        "retry_hours": section.round.retry_hours if section else 4,
        "door_note": section.door_note.model_dump() if section else {},
    }


def _round(round: Round, grounds: Sequence[Place]) -> dict[str, Any]:
    doors: list[dict[str, Any]] = []
    vehicles: list[dict[str, Any]] = []
    places: dict[UUID, str] = {}
    for ground in reads.grounds_in(round, grounds):
        doors += _doors(round, ground)
        compounds = queries.compounds_of(ground)
        places |= {place.id: place.name for place in compounds} or {ground.id: ground.name}
        if "vehicles" in round.kinds:
            known = {row["plate"] for row in vehicles}
            vehicles += [
                {
                    "plate": row.plate, "place": str(row.place_id), "where": row.where, "seen_us": row.seen_us,
                    "disposition": row.disposition,
                }
                for row in queries.vehicles(round, ground, compounds)
                if row.plate not in known
            ]  # fmt: skip
    return {
        "id": str(round.id), "title": round.title, "due_us": round.due_us, "kinds": round.kinds, "doors": doors,
        "vehicles": vehicles, "places": [{"id": str(key), "name": name} for key, name in places.items()],
    }  # fmt: skip


def _doors(round: Round, ground: Place) -> list[dict[str, Any]]:
    rows = queries.doors(round, ground)
    people = queries.residents([row.id for row in rows])
    return [
        {
            "id": str(row.id), "compound": row.compound, "block": row.block, "room": row.room, "state": row.state,
            "disposition": row.disposition, "seen_us": row.seen_us, "next_us": row.next_try_us,
            "people": [
                {"id": str(person.subject_id), "name": person.name, "language": person.language}
                for person in people.get(row.id, ())
            ],
        }
        for row in rows
    ]  # fmt: skip


def _duty(line: gap_queries.DutyLine) -> dict[str, Any]:
    return {"id": str(line.id), "title": line.subject, "where": line.where, "due_us": clock.to_us(line.due_at)}
