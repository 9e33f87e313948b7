"""`script/manage simulate_gate`: a morning at a gate, sent to a server as a tablet sends it."""

import json
import os
import queue
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fangxian.intake.arrivals import arrivals, steady
from fangxian.shared import clock
from fangxian.shared.ids import new_id

TOKEN: Final = "FANGXIAN_DEVICE_TOKEN"  # noqa: S105 - the name of a variable
ADDRESS: Final = "/intake/v1/gate-checks"
ATTEMPTS: Final = 5
WAIT_SECONDS: Final = 10.0
NOBODY: Final = "2345678923"
FEVERS: Final = 0.004
BARE_FACES: Final = 0.01


@dataclass
class Seen:
    """What the senders saw, under one lock."""

    seconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


def body_of(chance: random.Random, permit: str) -> bytes:
    """One person: nearly all with a mask and no fever."""
    fever = chance.random() < FEVERS
    item: dict[str, Any] = {
        "id": str(new_id()), "at": clock.to_us(clock.now()), "dir": "in", "mask": chance.random() >= BARE_FACES,
        "temp": round(chance.uniform(37.3, 39.0) if fever else chance.gauss(36.4, 0.2), 1), "method": "forehead",
        "identity": True, "declared": True, **({"token": permit} if permit else {"number": NOBODY}),
    }  # fmt: skip
    return json.dumps(item).encode()


class Sender(threading.Thread):
    """One connection that is kept. What is not answered is sent again, with the same id."""

    def __init__(self, url: str, token: str, waiting: "queue.SimpleQueue[bytes | None]", seen: Seen) -> None:
        super().__init__(daemon=True)
        self._parts, self._waiting, self._seen = urlsplit(url), waiting, seen
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._line: HTTPConnection | None = None

    def run(self) -> None:
        while (body := self._waiting.get()) is not None:
            began = time.perf_counter()
            answer = self._send(body)
            with self._seen.lock:
                if answer is not None:
                    self._seen.seconds.append(time.perf_counter() - began)
                    self._seen.outcomes[answer] += 1

    def _send(self, body: bytes) -> str | None:
        for _attempt in range(ATTEMPTS):
            try:
                status, told = self._post(body)
            except (OSError, HTTPException, ValueError) as error:
                self._line = None
                self._fault(type(error).__name__)
                time.sleep(0.2)
                continue
            if status == 200:
                item = told["items"][0]
                return f"{item['outcome'] or item['status']} {item['code']}".strip()
            self._fault(str(status))
            if status != 503:
                return None
            time.sleep(1)
        return None

    def _post(self, body: bytes) -> tuple[int, Any]:
        if self._line is None:
            kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
            self._line = kind(self._parts.netloc, timeout=WAIT_SECONDS)
        self._line.request("POST", ADDRESS, body, self._headers)
        answer = self._line.getresponse()
        return answer.status, json.loads(answer.read())

    def _fault(self, name: str) -> None:
        with self._seen.lock:
            self._seen.faults[name] += 1


def percentile(ordered: list[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


class Command(BaseCommand):
    help = f"Drive checks against a server from a morning's arrivals. The device's token is read from {TOKEN}."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000")
        parser.add_argument("--people", type=int, default=1_000)
        parser.add_argument("--speed", type=float, default=60.0, help="how many times faster than the morning")
        parser.add_argument("--rate", type=float, help="so many a second, evenly, instead of the morning's curve")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--senders", type=int, default=16)
        parser.add_argument("--passes", type=Path, help="a file with the token of one pass on each line")

    def handle(self, **options: Any) -> None:
        token, people = os.environ.get(TOKEN, ""), options["people"]
        if not token:
            raise CommandError(f"Put the token of a registered tablet into {TOKEN}. Nothing was sent.")
        if urlsplit(options["url"]).scheme not in ("http", "https") or people < 1 or options["speed"] <= 0:
            raise CommandError("The address begins with http:// or https://, and people and speed are above 0.")
        if options["rate"] is not None and options["rate"] <= 0:
            raise CommandError("The rate is above 0. Nothing was sent.")
        permits = self._permits(options["passes"])
        rate, speed = options["rate"], options["speed"]
        times = steady(people, rate) if rate else [at / speed for at in arrivals(people, options["seed"])]
        seen, waiting = Seen(), queue.SimpleQueue[bytes | None]()
        senders = [Sender(options["url"], token, waiting, seen) for _ in range(options["senders"])]
        for sender in senders:
            sender.start()
        began, chance = time.perf_counter(), random.Random(options["seed"])  # noqa: S311 - repeated from its seed
        for number, at in enumerate(times):
            time.sleep(max(0.0, began + at - times[0] - time.perf_counter()))
            waiting.put(body_of(chance, permits[number % len(permits)]))
        for _sender in senders:
            waiting.put(None)
        for sender in senders:
            sender.join()
        self._tell(seen, people, time.perf_counter() - began)

    def _permits(self, path: Path | None) -> list[str]:
        if path is None:
            return [""]
        found = [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
        if not found:
            raise CommandError("The file of passes is empty. Nothing was sent.")
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
        for name, number in seen.faults.most_common():
            self.stdout.write(f"{number:8,}  fault: {name}")
        if count < people:
            raise CommandError(f"{people - count:,} checks were not answered.")
