"""A round as a demand on which policies can be compared."""

from fangxian.masks import rules
from fangxian.masks.comparing import Demand, Household, age_band
from fangxian.masks.models import Arrival, Counter, Outlet, Registration, Round
from fangxian.masks.queries.rounds import pharmacy_of
from fangxian.shared import clock


def demand_of(round: Round) -> Demand:
    """All variants together: a household asks for everything that it registered for. Names and addresses stay out."""
    first = clock.local_day(clock.from_us(round.register_from_us))
    shorts = dict(Counter.objects.filter(round=round).values_list("committee_id", "short"))
    rows = Registration.objects.filter(round=round, withdrawn_us__isnull=True).order_by("id")
    households = [
        Household(
            row.id.hex, shorts[row.committee_id], row.seq,
            (clock.local_day(clock.from_us(row.received_us)) - first).days,
            sum(rules.parse_wants(row.wants).values()),
            age_band(first.year - row.birth_year if row.birth_year else None), bool(row.special),
        )
        for row in rows.iterator()
    ]  # fmt: skip
    served = {shorts[committee]: place.name for committee, place in pharmacy_of(round).items() if committee in shorts}
    arrivals: dict[tuple[int, str], int] = {}
    for name, at_us, quantity in Arrival.objects.filter(round=round).values_list("pharmacy__name", "at_us", "quantity"):
        key = ((clock.local_day(clock.from_us(at_us)) - first).days + 1, name)
        arrivals[key] = arrivals.get(key, 0) + quantity
    places = [
        -(-(row.open_until - row.open_from) // round.slot_minutes) * row.slot_people
        for row in Outlet.objects.filter(round=round, dropped_us__isnull=True)
    ]
    return Demand(
        [one for one in households if one.committee in served], served, arrivals, first,
        (clock.local_day(clock.from_us(round.register_until_us)) - first).days, min(places, default=0),
        round.reserve_permille, (clock.local_day(clock.from_us(round.sale_from_us)) - first).days,
    )  # fmt: skip
