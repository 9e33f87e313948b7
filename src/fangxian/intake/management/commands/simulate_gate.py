"""`script/manage simulate_gate`: a morning at a gate, sent to a server as its tablet and its machines send it."""

import json
import os
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fangxian.intake.arrivals import arrivals, steady
from fangxian.shared import clock
from fangxian.shared.ids import new_id

TABLET: Final = "gate-checks"
TURNSTILE: Final = "openings"
THERMOMETER: Final = "temperatures"
CAMERA: Final = "plates"
TOKENS: Final = {
    TABLET: "FANGXIAN_DEVICE_TOKEN", TURNSTILE: "FANGXIAN_TURNSTILE_TOKEN",
    THERMOMETER: "FANGXIAN_THERMOMETER_TOKEN", CAMERA: "FANGXIAN_CAMERA_TOKEN",
}  # fmt: skip
"""What each machine sends to, and the variable that holds its token. Without its token a machine is left out."""
ATTEMPTS: Final = 5
WAIT_SECONDS: Final = 10.0
NOBODY: Final = "2345678923"
FEVERS: Final = 0.004
BARE_FACES: Final = 0.01
CARS: Final = 0.1
SLIPS: Final = 0.002


@dataclass(frozen=True)
class Arrival:
    """What the machines send about one person or car that is due at an instant of `time.perf_counter`."""

    due: float
    machine: str
    check: dict[str, Any]
    reading: dict[str, Any] | None = None
    slips: bool = False
    """Goes through the turnstile whatever the check said."""


@dataclass
class Seen:
    """What the senders saw, under one lock."""

    seconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Street:
    """Who comes: nearly all with a mask and no fever, and one in ten by car where a camera reads plates."""

    def __init__(self, machines: Container[str], permits: list[str], plates: list[str], chance: random.Random) -> None:
        self._machines, self._permits, self._plates, self._chance = machines, permits, plates, chance
        self._count = 0

    def next(self, due: float) -> Arrival:
        chance = self._chance
        self._count += 1
        if CAMERA in self._machines and chance.random() < CARS:
            plate = chance.choice(self._plates) if self._plates else f"沪A{chance.randrange(100_000):05}"
            return Arrival(due, CAMERA, _record(plate=plate, occupants=chance.randint(1, 4), dir="in"))
        fever = chance.random() < FEVERS
        temp = round(chance.uniform(37.3, 39.0) if fever else chance.gauss(36.4, 0.2), 1)
        permit = self._permits[self._count % len(self._permits)] if self._permits else ""
        known = {"token": permit} if permit else {"number": NOBODY}
        check = _record(
            dir="in", mask=chance.random() >= BARE_FACES, identity=True, declared=True, **known
        )  # fmt: skip
        reading = {"temp": temp, "method": "forehead"}
        slips = chance.random() < SLIPS
        if THERMOMETER in self._machines:
            return Arrival(due, TABLET, check, _record(**reading), slips)
        return Arrival(due, TABLET, check | reading, None, slips)


def _record(**values: Any) -> dict[str, Any]:
    return {"id": str(new_id()), **values}


class Sender(threading.Thread):
    """One connection that is kept. What is not answered is sent again, with the same id."""

    def __init__(
        self, url: str, tokens: Mapping[str, str], waiting: "queue.SimpleQueue[Arrival | None]", seen: Seen
    ) -> None:
        super().__init__(daemon=True)
        self._parts, self._waiting, self._seen, self._tokens = urlsplit(url), waiting, seen, tokens
        self._line: HTTPConnection | None = None

    def run(self) -> None:
        while (one := self._waiting.get()) is not None:
            if one.reading is not None:
                self._tell(THERMOMETER, one.reading)
            item = self._send(one.machine, one.check)
            if item is not None:
                with self._seen.lock:
                    # from when it was due: a server that is slow also makes those wait who come behind
                    self._seen.seconds.append(time.perf_counter() - one.due)
                    self._seen.outcomes[f"{item['outcome'] or item['status']} {item['code']}".strip()] += 1
            through = one.slips or (item is not None and item["outcome"] == "admit")
            if through and one.machine == TABLET and TURNSTILE in self._tokens:
                self._tell(TURNSTILE, _record(dir="in"))

    def _tell(self, machine: str, record: dict[str, Any]) -> None:
        if self._send(machine, record) is not None:
            with self._seen.lock:
                self._seen.stored[machine] += 1

    def _send(self, machine: str, record: dict[str, Any]) -> Any | None:
        body = json.dumps(record | {"at": clock.to_us(clock.now())}).encode()
        for _attempt in range(ATTEMPTS):
            try:
                status, told = self._post(machine, body)
            except (OSError, HTTPException, ValueError) as error:
                self._line = None
                self._fault(type(error).__name__)
                time.sleep(0.2)
                continue
            if status == 200:
                return told["items"][0]
            self._fault(f"{machine} {status}")
            if status != 503:
                return None
            time.sleep(1)
        return None

    def _post(self, machine: str, body: bytes) -> tuple[int, Any]:
        if self._line is None:
            kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
            self._line = kind(self._parts.netloc, timeout=WAIT_SECONDS)
        headers = {"Authorization": f"Bearer {self._tokens[machine]}", "Content-Type": "application/json"}
        self._line.request("POST", f"/intake/v1/{machine}", body, headers)
        answer = self._line.getresponse()
        return answer.status, json.loads(answer.read())

    def _fault(self, name: str) -> None:
        with self._seen.lock:
            self._seen.faults[name] += 1


def percentile(ordered: list[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


class Command(BaseCommand):
    help = (
        f"Drive a gate against a server from a morning's arrivals. Tokens are read from {', '.join(TOKENS.values())}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000")
        parser.add_argument("--people", type=int, default=1_000)
        parser.add_argument("--speed", type=float, default=60.0, help="how many times faster than the morning")
        parser.add_argument("--rate", type=float, help="so many a second, evenly, instead of the morning's curve")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--senders", type=int, default=16)
        parser.add_argument("--passes", type=Path, help="a file with the token of one pass on each line")
        parser.add_argument("--plates", type=Path, help="a file with one plate on each line, for the camera")

    def handle(self, **options: Any) -> None:
        tokens = {machine: token for machine, name in TOKENS.items() if (token := os.environ.get(name, ""))}
        people = options["people"]
        if TABLET not in tokens:
            raise CommandError(f"Put the token of a registered tablet into {TOKENS[TABLET]}. Nothing was sent.")
        if urlsplit(options["url"]).scheme not in ("http", "https") or people < 1 or options["speed"] <= 0:
            raise CommandError("The address begins with http:// or https://, and people and speed are above 0.")
        if options["rate"] is not None and options["rate"] <= 0:
            raise CommandError("The rate is above 0. Nothing was sent.")
        chance = random.Random(options["seed"])  # noqa: S311 - repeated from its seed
        street = Street(tokens, self._lines(options["passes"]), self._lines(options["plates"]), chance)
        rate, speed = options["rate"], options["speed"]
        times = steady(people, rate) if rate else [at / speed for at in arrivals(people, options["seed"])]
        seen, waiting = Seen(), queue.SimpleQueue[Arrival | None]()
        senders = [Sender(options["url"], tokens, waiting, seen) for _ in range(options["senders"])]
        for sender in senders:
            sender.start()
        began = time.perf_counter()
        for at in times:
            due = began + at - times[0]
            time.sleep(max(0.0, due - time.perf_counter()))
            waiting.put(street.next(due))
        for _sender in senders:
            waiting.put(None)
        for sender in senders:
            sender.join()
        self._tell(seen, people, time.perf_counter() - began)

    def _lines(self, path: Path | None) -> list[str]:
        if path is None:
            return []
        found = [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
        if not found:
            raise CommandError("A file of passes or plates is empty. Nothing was sent.")
        return found

    def _tell(self, seen: Seen, people: int, lasted: float) -> None:
        ordered, count = sorted(seen.seconds), len(seen.seconds)
        self.stdout.write(f"{count:,} of {people:,} answered in {lasted:.1f} s, {count / lasted:,.0f} a second")
        if ordered:
            shares = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
            told = [f"{name} {percentile(ordered, part) * 1000:.1f} ms" for part, name in shares]
            self.stdout.write(", ".join([*told, f"longest {ordered[-1] * 1000:.1f} ms"]))
        for name, number in seen.outcomes.most_common():
            self.stdout.write(f"{number:8,}  {name}")
        for name, number in sorted(seen.stored.items()):
            self.stdout.write(f"{number:8,}  {name} stored")
        for name, number in seen.faults.most_common():
            self.stdout.write(f"{number:8,}  fault: {name}")
        if count < people:
            raise CommandError(f"{people - count:,} checks were not answered.")
