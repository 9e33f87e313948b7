"""`script/bench [NAME] [--json]`: measurements, each in a scratch database that is thrown away."""

import json
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from fangxian.command import benches as command
from fangxian.duties import benches as duties
from fangxian.gates import bench_checks, bench_passes, bench_trace
from fangxian.masks import bench_allocation, bench_page, bench_registrations
from fangxian.registry import import_bench, search_bench
from fangxian.shared.measure import Figure
from fangxian.workplaces import bench_board, bench_queues, bench_rosters, bench_stagger

BENCHES: dict[str, tuple[str, Callable[[], Iterator[Figure]]]] = {
    "board": ("the board of a street and of all Shanghai", command.boards),
    "sweep": ("a million duties with one percent due, and all due in one minute", duties.sweep),
    "import": ("a list of 17,000 people taken in", import_bench.run),
    "gate-checks": ("the complete check at a gate, beside a Django view that writes a row", bench_checks.run),
    "passes": ("17,000 passes signed and stored, and a code drawn", bench_passes.run),
    "trace": ("who was there, over five million checks", bench_trace.run),
    "registrations": ("one hot round of masks, beside a Django view that writes a row", bench_registrations.run),
    "allocation": ("a night's calls of a city: 3.7 million registrations, 500 pharmacies", bench_allocation.run),
    "public-page": ("the public page of a round, beside the server's empty answer", bench_page.run),
    "building-board": ("the board of 38 office buildings, their enterprises and people", bench_board.run),
    "rosters": ("17,000 people stated on ledgers, accepted, and their passes signed", bench_rosters.run),
    "search": ("a name fragment among a million people", search_bench.run),
    "stagger": ("who comes when, for 38 buildings with 17,000 people and for ten times as many", bench_stagger.run),
    "queues": ("simulated queues beside the textbook and beside another simulator", bench_queues.run),
}


class Command(BaseCommand):
    help = "Measure. Without a name, list what can be measured."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?")
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        name = options["name"]
        if name is None:
            for key, (what, _run) in BENCHES.items():
                self.stdout.write(f"{key:<10} {what}")
            return
        if name not in BENCHES:
            raise CommandError(f"There is no measurement called {name}. Known: {', '.join(BENCHES)}.")
        with tempfile.TemporaryDirectory(prefix="fangxian-bench.") as folder:
            if connection.vendor == "sqlite":
                # a file, since a database in memory has neither a journal nor a second connection
                # named as a server's own, for measurements that start one on it
                connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "db.sqlite3")
            original = connection.settings_dict["NAME"]
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            try:
                for figure in BENCHES[name][1]():
                    self._print(figure, as_json=options["json"])
            finally:
                connection.creation.destroy_test_db(original, verbosity=0)

    def _print(self, figure: Figure, *, as_json: bool) -> None:
        line = figure.line(connection.vendor)
        if as_json:
            self.stdout.write(json.dumps(line, ensure_ascii=False))
        else:
            mark = {True: "ok", False: "MISSED", None: "-"}[figure.ok]
            target = "" if figure.target is None else f" (target {figure.target:g})"
            self.stdout.write(
                f"{figure.name:<40} {figure.value:>12.2f} {figure.unit:<5}{target:<16} {mark:<7} {figure.size}; "
                f"{line['machine']}"
            )
        self.stdout.flush()
