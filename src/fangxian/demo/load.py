"""The whole way from a seed to a street in the middle of its work."""

import gc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.models import RoleGrant
from fangxian.accounts.roles import Role
from fangxian.demo import cast, gates, masks, morning, tree, workbooks, workplaces
from fangxian.demo.cast import Account
from fangxian.demo.generator import generate
from fangxian.demo.ground import STREET_CODE
from fangxian.demo.replay import Replay, Told
from fangxian.demo.street import Street
from fangxian.demo.tree import Ground
from fangxian.demo.workbooks import Book
from fangxian.duties import actions as duties
from fangxian.duties.plan_check import check_files
from fangxian.duties.plan_schema import Plan
from fangxian.duties.plan_source import read_folder
from fangxian.hygiene.playbook import HygieneSection
from fangxian.places import loading
from fangxian.places.models import PlaceKind
from fangxian.registry.actions import mark_folded
from fangxian.registry.imports import actions as imports
from fangxian.registry.imports import rows
from fangxian.registry.models import Change, ImportKind
from fangxian.screening.folds import CONSUMER

Say = Callable[[str], None]
PLAYBOOK = "covid-2020-02"
BY = "demonstration"
# the register is filled in the morning before the replay begins
PREPARED_BEFORE = timedelta(hours=3)
PLANNED_BEFORE = timedelta(days=7)
KINDS = {
    "dwellings": gettext_lazy("dwellings"), "areas": gettext_lazy("public areas"),
    "enterprises": gettext_lazy("enterprises"), "persons": gettext_lazy("residents"),
    "vehicles": gettext_lazy("vehicles"), "employees": gettext_lazy("returning employees"),
}  # fmt: skip
STEPS = {
    "generate": gettext_lazy("street made up"), "ground": gettext_lazy("places, accounts and plan in the database"),
    "lists": gettext_lazy("lists written as people send them"),
    "replay": gettext_lazy("rounds opened, two days replayed"),
    "ledgers": gettext_lazy("office buildings, filings, ledgers of returning staff, a week of reports and inspections"),
    "passes": gettext_lazy("passes of those who may work, filings that wait"),
    "gates": gettext_lazy("gates set up, resident permits issued, today's entries"),
    "workplaces": gettext_lazy("one zone suspended, the wave of the next morning planned"),
    "masks": gettext_lazy("the second round of masks, registered, called and collected"),
}  # fmt: skip


@dataclass
class Imported:
    """What the importer made of the lists of one kind."""

    books: int = 0
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    seconds: float = 0.0


@dataclass
class Loaded:
    street: Street
    accounts: list[Account]
    imported: dict[str, Imported]
    told: Told
    gates: gates.AtTheGates
    workplaces: workplaces.AtWork
    masks: masks.InTheRound
    seconds: dict[str, float] = field(default_factory=dict)


class Loader:
    """Loads one street into an empty database. `say` gets a line for each step."""

    def __init__(self, *, now: datetime, seed: int, households: int, password: str, say: Say) -> None:
        self.when = morning.timeline(now)
        self.prepared = self.when.begin - PREPARED_BEFORE
        self.password = password
        self.say = say
        self.plan = _plan()
        self.seconds: dict[str, float] = {}
        began = perf_counter()
        self.street = generate(
            neighbourhoods=[
                (one.code, one.name)
                for one in loading.of_street(STREET_CODE)
                if one.kind == PlaceKind.NEIGHBOURHOOD
            ],
            reference=self.when.today, seed=seed, households=households,
        )  # fmt: skip
        self._took("generate", began)

    def run(self) -> Loaded:
        # the made-up street is a million objects that live to the end; without this every collection walks them all
        gc.collect()
        gc.freeze()
        try:
            return self._run()
        finally:
            gc.unfreeze()

    def _run(self) -> Loaded:
        began = perf_counter()
        ground = tree.load(street=self.street, by=BY, now=self.prepared)
        accounts = cast.open_accounts(
            street=self.street, ground=ground, password=self.password, by=BY, now=self.prepared
        )
        cast.fill_posts(street=self.street, ground=ground, by=BY, now=self.prepared)
        # the plan held before these two days: the round of masks began under it
        planned = self.prepared - PLANNED_BEFORE
        duties.apply_playbook(plan=self.plan, effective_at=planned, by=BY, now=planned)
        self._took("ground", began)
        imported = self._import(ground)
        hr = cast.open_hr_account(street=self.street, password=self.password, by=BY, now=self.prepared)
        began = perf_counter()
        # no round is open that these changes could touch, so the worker need not look at each of them later
        mark_folded(consumer=CONSUMER, change_ids=list(Change.objects.values_list("id", flat=True)))
        prepared = workplaces.prepare(street=self.street, ground=ground, when=self.when, by=BY)
        self._took("ledgers", began)
        began = perf_counter()
        told = Replay(self.street, ground, self.plan, self.when, self.say, by=BY, also=(prepared.tell,)).run()
        self._took("replay", began)
        began = perf_counter()
        issued = workplaces.issue(prepared=prepared, when=self.when)
        self._took("passes", began)
        began = perf_counter()
        at_gates = gates.load(street=self.street, ground=ground, by=BY, prepared=self.prepared, now=self.when.end)
        self._took("gates", began)
        began = perf_counter()
        at_work = workplaces.run(ground=ground, prepared=prepared, issued=issued, when=self.when)
        self._took("workplaces", began)
        began = perf_counter()
        in_round = masks.load(
            street=self.street, ground=ground, by=BY, now=self.when.end, rng=Random(self.street.seed + 4)
        )
        self._took("masks", began)
        accounts += [hr] if hr else []
        return Loaded(self.street, accounts, imported, told, at_gates, at_work, in_round, self.seconds)

    def _import(self, ground: Ground) -> dict[str, Imported]:
        found: dict[str, Imported] = {}
        with TemporaryDirectory(prefix="fangxian-lists-") as folder:
            began = perf_counter()
            books = workbooks.write(self.street, Path(folder), _area_words(self.plan))
            self._took("lists", began)
            senders = _senders(ground)
            for number, book in enumerate(books, start=1):
                tally = found.setdefault(_heading(book), Imported())
                self._take(book, ground, senders, tally)
                if number == len(books) or _heading(books[number]) != _heading(book):
                    self.say(_summary(_heading(book), tally))
        return found

    def _take(self, book: Book, ground: Ground, senders: dict[str, str], tally: Imported) -> None:
        began = perf_counter()
        by = senders.get(book.place, BY)
        kind, content = ImportKind(book.kind), book.path.read_bytes()
        opened = rows.open_book(content, book.path.name, kind)
        batch = imports.upload(
            content=content, name=book.path.name, kind=kind, place=ground[book.place], by=by, now=self.prepared,
            book=opened,
        )  # fmt: skip
        imports.set_mapping(batch=batch, chosen=batch.mapping, by=by, now=self.prepared)
        batch = imports.take_in(batch=batch, by=by, now=self.prepared, book=opened)
        tally.books += 1
        for name in ("rows", "created", "updated", "unchanged", "refused"):
            setattr(tally, name, getattr(tally, name) + getattr(batch, name))
        tally.seconds += perf_counter() - began

    def _took(self, step: str, began: float) -> None:
        self.seconds[step] = round(perf_counter() - began, 1)
        self.say(_("%(step)s: %(seconds)s s") % {"step": STEPS[step], "seconds": self.seconds[step]})


def _summary(heading: str, tally: Imported) -> str:
    return _(
        "%(kind)s: %(books)d lists, %(rows)d rows: %(created)d new, %(updated)d changed, %(refused)d refused; "
        "%(seconds).1f s"
    ) % {
        "kind": KINDS[heading], "books": tally.books, "rows": tally.rows, "created": tally.created,
        "updated": tally.updated, "refused": tally.refused, "seconds": tally.seconds,
    }  # fmt: skip


def _heading(book: Book) -> str:
    return "employees" if book.kind == "persons" and "B" in book.place else book.kind


def _plan() -> Plan:
    checked = check_files(read_folder(settings.PLAYBOOKS_DIR / PLAYBOOK))
    if checked.plan is None:
        raise ValueError(f"the playbook {PLAYBOOK} has faults: script/manage playbook check {PLAYBOOK} lists them")
    return checked.plan


def _area_words(plan: Plan) -> dict[str, str]:
    return {kind.key: kind.title.zh for kind in plan.read(HygieneSection).area_types}


def _senders(ground: Ground) -> dict[str, str]:
    """Who sends the lists of a place: the committee's secretary, the building's manager."""
    codes = {place.id: code for code, place in ground.by_code.items()}
    buildings = {place.grid_id: code for code, place in ground.by_code.items() if place.kind == PlaceKind.BUILDING}
    senders: dict[str, str] = {}
    grants = RoleGrant.objects.filter(
        role__in=(Role.COMMITTEE_SECRETARY, Role.PROPERTY_MANAGER), place__in=list(codes)
    ).select_related("staff")
    for grant in grants:
        assert grant.place_id is not None
        code = buildings.get(grant.place_id) or codes[grant.place_id]
        senders.setdefault(code, grant.staff.actor)
    return senders


def totals(imported: dict[str, Imported]) -> Counter[str]:
    """Rows of all lists by what became of them."""
    found: Counter[str] = Counter()
    for tally in imported.values():
        for name in ("rows", "created", "updated", "unchanged", "refused"):
            found[name] += getattr(tally, name)
    return found
