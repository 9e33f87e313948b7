"""As whom somebody who is signed in acts on a filing."""

from collections.abc import Collection
from uuid import UUID

from fangxian.accounts.roles import Capability
from fangxian.console.view import Who
from fangxian.workplaces.models import Filing
from fangxian.workplaces.queries import filings
from fangxian.workplaces.rules import Actor


def actors(who: Who, filing: Filing, ids: Collection[UUID], sender: str) -> frozenset[Actor]:
    """`ids`: all records of its enterprise; `sender`: who sent the present version in."""
    return filings.actors_on(
        filing, ids=ids, sender=sender, firm=who.reach(Capability.FIRM), endorse=who.reach(Capability.ENDORSE),
        decide=who.reach(Capability.FILINGS), subjects=[one.subject for one in who.grants if one.subject],
        by=who.staff.actor,
    )  # fmt: skip


def is_own(who: Who, ids: Collection[UUID]) -> bool:
    return any(one.subject in ids for one in who.grants if one.subject)
