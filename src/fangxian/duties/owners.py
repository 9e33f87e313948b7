"""Who owns a gap, or a duty that is not due yet: resolved at the moment of reading.

The owner is a role of the rule's escalation at the nearest place above; a step whose role nobody holds passes the gap
on to the next one at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fangxian.accounts.models import Staff
from fangxian.accounts.queries import Holder, Posts
from fangxian.duties import rules
from fangxian.duties.models import Duty, Gap, OneOff, Rule
from fangxian.duties.plan_schema import EscalationStep, RuleSpec
from fangxian.places.models import Place
from fangxian.shared import clock


@dataclass(frozen=True)
class Owner:
    """Who is to act now. `people` is empty when nobody holds any of the roles up to the last."""

    role: str
    people: tuple[Holder, ...]
    step: int
    empty_posts: tuple[str, ...] = ()

    def includes(self, staff_id: UUID) -> bool:
        return any(holder.staff_id == staff_id for holder in self.people)


@dataclass(frozen=True)
class Chain:
    """The steps of one duty: the plan's, or for a one-off duty whoever it was given to and then the street's own."""

    steps: tuple[EscalationStep, ...]
    staff: UUID | None = None


def chain_of(rule: Rule, one_off: OneOff | None) -> Chain:
    steps = RuleSpec.from_spec(rule.spec).escalation
    if one_off is None:
        return Chain(steps)
    first = EscalationStep(role=one_off.role or steps[0].role, after_minutes=0)
    rest = tuple(step for step in steps if step.role != first.role)
    if one_off.role or one_off.staff:
        rest = tuple(step.model_copy(update={"after_minutes": max(step.after_minutes, 120)}) for step in rest)
    return Chain((first, *rest), one_off.staff)


class Owners:
    """Resolves owners for a list of duties or gaps; the posts of all their places are read in one query."""

    def __init__(self, duties: Iterable[Duty], now: datetime, posts: Posts | None = None) -> None:
        """`duties` come with rule, one_off, place and node selected. `posts` are those of the whole street, if read."""
        known = list(duties)
        places: dict[UUID, Place] = {}
        for duty in known:
            places[duty.place_id], places[duty.node_id] = duty.place, duty.node
        self._now_us = clock.to_us(now)
        self._posts = posts or Posts(places.values(), now)
        self._posts.know(places.values())
        self._chains: dict[UUID, Chain] = {}
        by_rule: dict[int, Chain] = {}
        given = {duty.id: getattr(duty, "one_off", None) for duty in known}
        for duty in known:
            one_off = given[duty.id]
            if one_off is None:
                if duty.rule_id not in by_rule:
                    by_rule[duty.rule_id] = chain_of(duty.rule, None)
                self._chains[duty.id] = by_rule[duty.rule_id]
            else:
                self._chains[duty.id] = chain_of(duty.rule, one_off)
        ids = {chain.staff for chain in self._chains.values() if chain.staff and not self._posts.person(chain.staff)}
        self._people: Mapping[UUID, Staff] = Staff.objects.filter(is_active=True).in_bulk(list(ids)) if ids else {}

    def of_gap(self, gap: Gap) -> Owner:
        return self._resolve(gap.duty, first=gap.step, age_us=self._now_us - gap.lapsed_us)

    def of_duty(self, duty: Duty) -> Owner:
        """The owner of what is not due yet: the first step, unless a refusal raised it."""
        return self._resolve(duty, first=duty.step, age_us=0)

    def _resolve(self, duty: Duty, *, first: int, age_us: int) -> Owner:
        chain = self._chains[duty.id]
        due = rules.steps_due(chain.steps, first=first, age_us=age_us)
        held = [self._holders(chain, number, duty) for number in range(len(chain.steps))]
        step = rules.owner_step(chain.steps, due_step=due, held=[bool(people) for people in held])
        empty = tuple(chain.steps[number].role for number in range(due, step if step is not None else len(held)))
        if step is None:
            return Owner(chain.steps[-1].role, (), len(chain.steps) - 1, empty)
        return Owner(chain.steps[step].role, tuple(held[step]), step, empty)

    def _holders(self, chain: Chain, number: int, duty: Duty) -> Sequence[Holder]:
        if number == 0 and chain.staff is not None:
            known = self._posts.person(chain.staff)
            person = self._people.get(chain.staff)
            role = chain.steps[0].role
            if known is not None:
                return [Holder(known.staff_id, known.name, known.phone, role, duty.place_id, duty.place.name)]
            return (
                [Holder(person.id, person.name, person.phone, role, duty.place_id, duty.place.name)] if person else []
            )
        return self._posts.nearest(chain.steps[number].role, duty.place_id, duty.node_id)
