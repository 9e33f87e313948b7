"""A pharmacy's day is counted: goods and money against the rows, and what differs is explained."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.masks.actions import channel, facts, shelves, supply, tasks
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import DayClose, MessageKind, Outlet, Round, Shelf, Variant
from fangxian.masks.playbook import CLOSE
from fangxian.masks.queries.shelves import Sold, book_of, sold_on
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.writer import write_lock

MOST_FEN = 10**12
MOST_PROBLEMS = 20


def instance_of(round: Round, day: date) -> str:
    """The instance of the cohort in which the pharmacies of a round owe the closing of a day."""
    return f"{day.isoformat()}:{round.number}"


@write_lock()
def close_day(
    *, round: Round, pharmacy: Place, day: date, counted: Mapping[str, int], money_fen: int, explanation: str,
    problems: Sequence[str], by: str, now: datetime,
) -> DayClose:  # fmt: skip
    """Count a day. Raises MaskError when a difference has no explanation; the book then follows what was counted.

    What was counted is what lay there at the end of that day, however late it is entered.

    Closing again replaces the day's figures: goods that a counter without network handed out may become known later.
    """
    _check(round, pharmacy, day, money_fen, problems, now)
    now_us = clock.to_us(now)
    keys = dict(Shelf.objects.filter(round=round, pharmacy=pharmacy).values_list("variant__key", "variant_id"))
    held = shelves.lock(round_id=round.id, pharmacy_id=pharmacy.id, variant_ids=keys.values(), now_us=now_us)
    expected, sold = book_of(round, pharmacy, day), sold_on(round, pharmacy, day)
    if set(counted) != set(expected) or any(not 0 <= count <= supply.MOST_PIECES for count in counted.values()):
        raise MaskError(_("Count every kind that is sold here, 0 where nothing is left. The day is not closed."))
    agreed = {key: counted[key] for key in expected}
    explained = explanation.strip()[:400]
    if (agreed != expected or money_fen != sold.money_fen) and not explained:
        titles = {key: _said(held[variant].variant) for key, variant in keys.items()}
        raise MaskError(_difference(titles, expected, agreed, sold, money_fen))
    row = _store(round, pharmacy, day, sold, agreed, expected, money_fen, explained, now, by)
    for key, shelf in ((key, held[variant]) for key, variant in keys.items()):
        if agreed[key] != expected[key]:
            # of an earlier day the difference is what counts: goods came and went since
            there = max(0, shelves.on_hand(shelf) + agreed[key] - expected[key])
            supply.correct(
                round=round, pharmacy=pharmacy, variant=shelf.variant, counted=there, reason=explained, by=by, now=now,
                day=day,
            )  # fmt: skip
    _raise_problems(row, problems, by, now)
    done = duties.Done(pharmacy.id, now, f"mask-close:{row.id.hex}")
    duties.fulfil(cohort=CLOSE, instance=instance_of(round, day), items=[done], by=by, now=now)
    tasks.settle(source=facts.close_again(row), by=by, now=now)
    audit.record(
        by=by, act="masks.day.closed", now=now, target=f"day_close:{row.id}", place=pharmacy.id,
        detail={"day": day.isoformat(), "money_fen": money_fen, "expected_fen": sold.money_fen},
    )  # fmt: skip
    return row


def _check(
    round: Round, pharmacy: Place, day: date, money_fen: int, problems: Sequence[str], now: datetime
) -> None:  # fmt: skip
    if day > clock.local_day(now):
        raise MaskError(_("That day has not come yet. Nothing was closed."))
    if not Outlet.objects.filter(round=round, pharmacy=pharmacy).exists():
        raise MaskError(_("This pharmacy does not sell in the round. Nothing was closed."))
    if not 0 <= money_fen <= MOST_FEN:
        raise MaskError(_("The money counted is not right. Nothing was closed. Enter what is in the till."))
    if len(problems) > MOST_PROBLEMS or any(len(problem) > channel.MOST_TEXT for problem in problems):
        raise MaskError(_("There are too many problems, or one is too long. Nothing was closed. Shorten them."))


def _said(variant: Variant) -> str:
    """What a variant is called in the language of whoever closes the day."""
    titles: dict[str, str] = variant.title
    return titles.get((get_language() or "zh")[:2]) or supply.title_of(variant)


def _difference(
    titles: Mapping[str, str], expected: Mapping[str, int], counted: Mapping[str, int], sold: Sold, money_fen: int
) -> str:
    """What differs, by how much, so that whoever counted can count that again."""
    parts = [
        _("%(variant)s: counted %(counted)d, by the book %(expected)d")
        % {"variant": titles[key], "counted": counted[key], "expected": expected[key]}
        for key in expected
        if counted[key] != expected[key]
    ]
    if money_fen != sold.money_fen:
        parts.append(
            _("money: counted %(counted).2f yuan, by the book %(expected).2f yuan")
            % {"counted": money_fen / 100, "expected": sold.money_fen / 100}
        )
    return _("The day is not closed yet. %(differences)s. Count again, or explain the difference.") % {
        "differences": "; ".join(parts)
    }


def _store(
    round: Round, pharmacy: Place, day: date, sold: Sold, counted: Mapping[str, int], expected: Mapping[str, int],
    money_fen: int, explanation: str, now: datetime, by: str,
) -> DayClose:  # fmt: skip
    row, _made = DayClose.objects.update_or_create(
        round=round, pharmacy=pharmacy, day=day,
        defaults={
            "sold": sold.by_variant, "by_committee": sold.by_committee, "counted": dict(counted),
            "expected": dict(expected), "money_fen": money_fen, "money_expected_fen": sold.money_fen,
            "explanation": explanation, "made_us": clock.to_us(now), "by": by,
        },
    )  # fmt: skip
    return row


def _raise_problems(row: DayClose, problems: Sequence[str], by: str, now: datetime) -> None:
    """Each common problem is a question of the channel with an owner; those of an earlier closing stay."""
    have: list[str] = list(row.problems)
    fresh = [said for problem in problems if (said := problem.strip()) and said not in have]
    for text in dict.fromkeys(fresh):
        channel.say(round=row.round, kind=MessageKind.QUESTION, text=text, pharmacy=row.pharmacy, by=by, now=now)
    row.problems = have + list(dict.fromkeys(fresh))
    row.save(update_fields=["problems"])
