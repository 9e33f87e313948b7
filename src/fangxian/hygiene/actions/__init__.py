"""Every write of hygiene, by verb."""

from fangxian.hygiene.actions.enrol import Enrolled, enrol_areas, list_agents, withdraw_areas
from fangxian.hygiene.actions.forget import forget_old
from fangxian.hygiene.actions.log import LogEntry, LogError, Logged, Taken, keep_photo, log, log_many, open_photo
from fangxian.hygiene.actions.stores import restocked

__all__ = [
    "Enrolled",
    "LogEntry",
    "LogError",
    "Logged",
    "Taken",
    "enrol_areas",
    "forget_old",
    "keep_photo",
    "list_agents",
    "log",
    "log_many",
    "open_photo",
    "restocked",
    "withdraw_areas",
]
