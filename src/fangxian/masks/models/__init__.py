"""Rounds of scarce goods. Instants are microseconds UTC, money is fen, goods are pieces."""

from fangxian.masks.models.calls import ACTIVE_CALLS, Call, CallStatus, Collection, Run
from fangxian.masks.models.channel import DayClose, Message, MessageKind
from fangxian.masks.models.registrations import (
    Application,
    ApplicationStatus,
    Attempt,
    Channel,
    Counter,
    Dispute,
    DisputeStatus,
    Registration,
    Special,
    SpecialUnit,
    Yield,
)
from fangxian.masks.models.rounds import Outlet, Policy, Round, Serving, Variant
from fangxian.masks.models.supply import Arrival, Shelf

__all__ = [
    "ACTIVE_CALLS", "Application", "ApplicationStatus", "Arrival", "Attempt", "Call", "CallStatus", "Channel",
    "Collection", "Counter", "DayClose", "Dispute", "DisputeStatus", "Message", "MessageKind", "Outlet", "Policy",
    "Registration", "Round", "Run", "Serving", "Shelf", "Special", "SpecialUnit", "Variant", "Yield",
]  # fmt: skip
