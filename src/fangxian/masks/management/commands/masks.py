"""`script/manage masks verify FILE`: work a night's calls out again from its published file.
`script/manage masks compare`: queue against lottery on the same demand."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from fangxian.masks import publishing
from fangxian.masks.comparing import Demand, Outcome, generate, journeys_without_calling, simulate
from fangxian.masks.models import Round
from fangxian.masks.queries.demand import demand_of

WIDE = 40


class Command(BaseCommand):
    help = "Check a published file of called numbers, or compare policies."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verify = verbs.add_parser("verify", help="work out the calls again from a published file")
        verify.add_argument("file", type=Path)
        verify.add_argument("--proof", action="store_true", help="print why each share is what it is")
        compare = verbs.add_parser("compare", help="queue against lottery on the same demand")
        compare.add_argument("--round", help="number of a round, or its id; without it a made-up street")
        compare.add_argument("--generate", action="store_true", help="a made-up street (the default)")
        compare.add_argument("--seed", default="fangxian")

    def handle(self, *_args: object, **options: object) -> None:
        if options["verb"] == "verify":
            self._verify(Path(str(options["file"])), proof=bool(options["proof"]))
            return
        number = options["round"]
        if number is None or options["generate"]:
            demand = generate(str(options["seed"]))
        else:
            demand = demand_of(self._round(str(number)))
        for line in chart(demand, str(options["seed"])):
            self.stdout.write(line)

    def _round(self, written: str) -> Round:
        """By its number, or by its id where several streets have a round of that number."""
        found = [
            round for round in Round.objects.select_related("street")
            if written in (str(round.number), str(round.id), round.id.hex)
        ]  # fmt: skip
        if not found:
            raise CommandError(_("There is no round %(number)s.") % {"number": written})
        if len(found) > 1:
            listed = "\n".join(f"{round.id.hex} {round.street.name}" for round in found)
            raise CommandError(
                _("Several streets have such a round. Give the id of one:\n%(rounds)s") % {"rounds": listed}
            )
        return found[0]

    def _verify(self, path: Path, *, proof: bool) -> None:
        try:
            report = publishing.verify(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(_("%(file)s cannot be read.") % {"file": path.name}) from error
        except publishing.PublishedError as error:
            raise CommandError(str(error)) from error
        for line in verdict(report, proof=proof):
            self.stdout.write(line)
        if not report.ok:
            sys.exit(1)


def verdict(report: publishing.Report, *, proof: bool) -> Iterator[str]:
    """What a check found, in words that need no knowledge of the program."""
    yield _("Round %(number)d, numbers called for %(day)s.") % {
        "number": report.number, "day": report.sale_day.isoformat(),
    }  # fmt: skip
    yield _(
        "The file lists %(waiting)d waiting households of %(committees)d committees at %(pharmacies)d pharmacies. "
        "Working it out again gives %(calls)d calls."
    ) % {
        "waiting": report.waiting, "committees": report.committees, "pharmacies": report.pharmacies,
        "calls": report.calls,
    }  # fmt: skip
    if proof:
        yield from report.proof
    if report.ok:
        yield _("Everything agrees: nobody was called out of turn, and not one piece more than there was.")
        yield _("Compare this fingerprint with the one on the public page: %(sha256)s") % {"sha256": report.sha256}
        return
    yield _("The file does NOT agree with itself. Keep it, and show these lines to the committee or the street:")
    for fault in report.faults:
        yield f"- {fault}"


def chart(demand: Demand, seed: str) -> Iterator[str]:
    outcomes = [simulate(demand, policy, seed) for policy in ("queue", "lottery")]
    yield _("%(households)d households, %(committees)d committees, %(pharmacies)d pharmacies, seed %(seed)s") % {
        "households": len(demand.households), "committees": len(demand.served_by),
        "pharmacies": len(set(demand.served_by.values())), "seed": seed,
    }  # fmt: skip
    names = {"queue": _("in order of registration"), "lottery": _("by lot")}
    for outcome in outcomes:
        yield ""
        yield f"== {names[outcome.policy]} =="
        yield from _of_one(outcome)
    yield ""
    yield from _saved(demand, outcomes, names)


def _of_one(outcome: Outcome) -> Iterator[str]:
    yield _(
        "Days from registering to buying: half within %(median)g, nine in ten within %(late)d, not served %(none)d"
    ) % {
        "median": outcome.median, "late": outcome.late, "none": outcome.unserved,
    }  # fmt: skip
    yield from _bars({str(day): float(count) for day, count in outcome.histogram().items()}, "{:.0f}")
    if outcome.half:
        low, high = min(outcome.half.values()), max(outcome.half.values())
        yield _("When half were served, committees lay between %(low).1f %% and %(high).1f %%") % {
            "low": low * 100, "high": high * 100,
        }  # fmt: skip
    yield _("Average day of the round on which they could buy, by committee")
    yield from _bars(outcome.by_committee, "{:.1f}")
    yield _("The same by age")
    yield from _bars(outcome.by_band, "{:.1f}")


def _bars(values: Mapping[str, float], form: str) -> Iterator[str]:
    most = max(values.values(), default=0) or 1
    for key, value in values.items():
        blocks = "█" * round(value / most * WIDE)
        yield f"  {key:>8} {blocks:<{WIDE}} {form.format(value)}"


def _saved(demand: Demand, outcomes: list[Outcome], names: Mapping[str, str]) -> Iterator[str]:
    without = journeys_without_calling(demand)
    yield _("Journeys to the pharmacy without calling numbers: %(count)d") % {"count": without}
    for outcome in outcomes:
        served = len(outcome.waits)
        yield _("%(policy)s: %(journeys)d journeys, %(saved)d saved") % {
            "policy": names[outcome.policy], "journeys": served, "saved": without - served,
        }  # fmt: skip
