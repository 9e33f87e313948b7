"""Which lots are taken, and that a book recomputed from its transfers sums to nothing."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from fangxian.stock.rules import Entry, Held, Take, book, choose_lots

TODAY = date(2020, 2, 17)
NEAR, FAR = UUID(int=901), UUID(int=902)


def lot(number: int, quantity: int, expires: date | None, account: UUID = NEAR) -> Held:
    return Held(UUID(int=number), account, quantity, expires)


def test_it_takes_what_expires_first_and_undated_lots_last() -> None:
    held = [lot(1, 10, None), lot(2, 10, date(2020, 9, 1)), lot(3, 10, date(2020, 3, 1))]
    assert choose_lots(held, 25, today=TODAY) == (
        Take(UUID(int=3), NEAR, 10), Take(UUID(int=2), NEAR, 10), Take(UUID(int=1), NEAR, 5),
    )  # fmt: skip


def test_an_expired_lot_stays_where_it_is_and_the_last_day_still_counts() -> None:
    held = [lot(1, 10, date(2020, 2, 16)), lot(2, 10, TODAY)]
    assert choose_lots(held, 15, today=TODAY) == (Take(UUID(int=2), NEAR, 10),)
    assert choose_lots(held, 15, today=TODAY, expired_too=True)[0] == Take(UUID(int=1), NEAR, 10)


def test_the_nearer_store_goes_first_even_if_the_farther_expires_sooner() -> None:
    held = [lot(1, 3, date(2021, 1, 1)), lot(2, 10, date(2020, 3, 1), FAR)]
    assert choose_lots(held, 5, today=TODAY) == (Take(UUID(int=1), NEAR, 3), Take(UUID(int=2), FAR, 2))


HELD = st.lists(
    st.builds(
        lot, st.integers(1, 30), st.integers(0, 50), st.none() | st.dates(date(2019, 1, 1), date(2022, 1, 1)),
        st.sampled_from([NEAR, FAR]),
    ),
    max_size=12,
    unique_by=lambda row: (row.lot_id, row.account_id),
)  # fmt: skip


@given(HELD, st.integers(1, 300))
def test_it_takes_exactly_what_there_is_up_to_what_is_wanted(held: list[Held], wanted: int) -> None:
    takes = choose_lots(held, wanted, today=TODAY)
    usable = sum(row.quantity for row in held if row.expires_on is None or row.expires_on >= TODAY)
    assert sum(take.quantity for take in takes) == min(wanted, usable)
    by_key = {(row.lot_id, row.account_id): row.quantity for row in held}
    assert all(0 < take.quantity <= by_key[(take.lot_id, take.account_id)] for take in takes)


ID = st.integers(1, 6).map(lambda number: UUID(int=number))


@given(st.lists(st.builds(Entry, ID, ID, ID, st.integers(1, 1000))))
def test_for_each_lot_the_book_sums_to_nothing(entries: list[Entry]) -> None:
    totals: dict[UUID, int] = {}
    for (lot_id, _account), quantity in book(entries).items():
        totals[lot_id] = totals.get(lot_id, 0) + quantity
    assert set(totals.values()) <= {0}
