"""Every write of hygiene, by verb."""

from fangxian.hygiene.actions.enrol import Enrolled, enrol_areas, list_agents, withdraw_areas
from fangxian.hygiene.actions.log import LogEntry, LogError, Logged, Taken, keep_photo, log, log_many, open_photo

__all__ = [
    "Enrolled",
    "LogEntry",
    "LogError",
    "Logged",
    "Taken",
    "enrol_areas",
    "keep_photo",
    "list_agents",
    "log",
    "log_many",
    "open_photo",
    "withdraw_areas",
]
