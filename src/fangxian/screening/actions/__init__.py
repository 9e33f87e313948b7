"""Every write to screening, by verb."""

from fangxian.screening.actions.errors import ScreeningError
from fangxian.screening.actions.findings import dismiss_finding, identify, report_dwelling
from fangxian.screening.actions.items import PersonAnswer, Recorded, Sighting, Status, Visit
from fangxian.screening.actions.packs import take_pack
from fangxian.screening.actions.rounds import announce_round, close_round, enrol_missing, open_round
from fangxian.screening.actions.tasks import section_at
from fangxian.screening.actions.vehicles import record_sighting, record_sightings
from fangxian.screening.actions.visits import record_visit, record_visits

__all__ = [
    "PersonAnswer",
    "Recorded",
    "ScreeningError",
    "Sighting",
    "Status",
    "Visit",
    "announce_round",
    "close_round",
    "dismiss_finding",
    "enrol_missing",
    "identify",
    "open_round",
    "record_sighting",
    "record_sightings",
    "record_visit",
    "record_visits",
    "report_dwelling",
    "section_at",
    "take_pack",
]
