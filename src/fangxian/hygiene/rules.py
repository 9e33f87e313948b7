"""Pure decisions about disinfection: how a solution is mixed, and what in a record does not fit the plan."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from fangxian.hygiene.models import Mark
from fangxian.hygiene.playbook import Agent, AreaType

MOST_ML: Final = 1_000_000
MOST_MG_PER_L: Final = 1_000_000
CLOCK_TOLERANCE: Final = timedelta(minutes=2)


class MixFault(StrEnum):
    NOT_POSITIVE = "not_positive"
    TOO_MUCH = "too_much"
    STRONGER_THAN_STOCK = "stronger_than_stock"


class MixError(ValueError):
    """Such a solution cannot be mixed; `fault` says why."""

    def __init__(self, fault: MixFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Dilution:
    """Whole millilitres of each; together the working solution. `parts`: of water to one of stock, where whole."""

    stock_ml: int
    water_ml: int

    @property
    def parts(self) -> int | None:
        whole = self.stock_ml and self.water_ml % self.stock_ml == 0
        return self.water_ml // self.stock_ml if whole else None


def dilution(stock_mg_l: int, target_mg_l: int, working_ml: int) -> Dilution:
    """V_stock = C_target * V / C_stock. The stock is rounded up to a millilitre: a solution is never mixed too weak.

    Raises MixError.
    """
    _check(target_mg_l, working_ml)
    if stock_mg_l <= 0:
        raise MixError(MixFault.NOT_POSITIVE)
    if target_mg_l > stock_mg_l:
        raise MixError(MixFault.STRONGER_THAN_STOCK)
    stock_ml = -(-target_mg_l * working_ml // stock_mg_l)
    return Dilution(stock_ml, working_ml - stock_ml)


def tablets(mg_per_tablet: int, target_mg_l: int, working_ml: int) -> int:
    """Whole tablets for so much water, rounded up. Raises MixError."""
    _check(target_mg_l, working_ml)
    if mg_per_tablet <= 0:
        raise MixError(MixFault.NOT_POSITIVE)
    return -(-target_mg_l * working_ml // (mg_per_tablet * 1_000))


def _check(target_mg_l: int, working_ml: int) -> None:
    if target_mg_l <= 0 or working_ml <= 0:
        raise MixError(MixFault.NOT_POSITIVE)
    if target_mg_l > MOST_MG_PER_L or working_ml > MOST_ML:
        raise MixError(MixFault.TOO_MUCH)


def working_ml(kind: AreaType) -> int:
    """What is usually used for one such area."""
    return round(kind.litres * 1_000)


def strength(kind: AreaType) -> int | None:
    """mg/L that the plan asks for; None where the agent is used as it is."""
    return None if kind.mg_per_l is None else round(kind.mg_per_l)


def strength_for(kind: AreaType, agent: Agent) -> int | None:
    """The strength at which another agent does the work of this type: the plan's, or the agent as it is."""
    return None if agent.form == "ready" else strength(kind)


def agent_units(agent: Agent, mg_per_l: int | None, volume_ml: int) -> int:
    """How much of the agent itself is in the working solution, in the ledger's base unit.

    Never refuses: a strength beyond the bottle's is booked as the bottle undiluted.
    """
    if agent.form == "ready" or mg_per_l is None:
        return volume_ml if agent.base_unit == "ml" else 0
    if agent.form == "tablet":
        return tablets(round(agent.mg_per_tablet or 1), mg_per_l, volume_ml)
    stock = round(agent.stock_mg_per_l or mg_per_l)
    return dilution(stock, min(mg_per_l, stock), volume_ml).stock_ml


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as far as it is judged."""

    agent: str
    mg_per_l: int | None
    observed_at: datetime


def marks(
    seen: Seen, *, kind: AreaType | None, agent: Agent | None, open_then: bool, now: datetime
) -> tuple[Mark, ...]:
    """What in a record contradicts the plan or the register, in a fixed order. The record is kept whatever they say."""
    found = []
    if kind is None:
        found.append(Mark.NOT_LISTED)
    elif agent is not None:
        if agent.key != kind.agent:
            found.append(Mark.OTHER_AGENT)
        if _too_weak(seen, kind, agent):
            found.append(Mark.TOO_WEAK)
    if agent is None:
        found.append(Mark.UNKNOWN_AGENT)
    elif agent.stock_mg_per_l is not None and (seen.mg_per_l or 0) > agent.stock_mg_per_l:
        found.append(Mark.IMPOSSIBLE)
    if not open_then:
        found.append(Mark.CLOSED)
    if seen.observed_at > now + CLOCK_TOLERANCE:
        found.append(Mark.CLOCK)
    return tuple(found)


def _too_weak(seen: Seen, kind: AreaType, agent: Agent) -> bool:
    """A ready agent has no strength of its own; where the plan names no strength, none is too weak."""
    wanted = strength(kind)
    if wanted is None or agent.form == "ready":
        return False
    return seen.mg_per_l is None or seen.mg_per_l < wanted
