"""What goes on beside the gates while they are measured: somebody reads the console, and the worker folds."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http.cookiejar import CookieJar
from typing import Final
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from fangxian.accounts import actions as accounts
from fangxian.accounts.roles import Role
from fangxian.places.models import Place, PlaceKind
from fangxian.shared.ids import new_id

LOOK_SECONDS: Final = 0.5
"""Between two pages: quicker than anybody reads."""
_TOKEN: Final = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@contextmanager
def worker(environment: Mapping[str, str]) -> Iterator[None]:
    quiet = {**environment, "FANGXIAN_LOG_LEVEL": "ERROR"}
    process = subprocess.Popen([sys.executable, "-m", "django", "worker"], env=quiet, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


class Desk(threading.Thread):
    """Somebody who is signed in and opens one page after another. `seconds` is how long each answer took."""

    def __init__(self, port: int, gate: Place, now: datetime) -> None:
        super().__init__(daemon=True)
        self._root = f"http://127.0.0.1:{port}"
        self._pages = ("/", "/gates/", f"/gates/{gate.id}/")
        self._open = _signed_in(self._root, now)
        self._over = threading.Event()
        self.seconds: list[float] = []

    def run(self) -> None:
        while not self._over.is_set():
            for page in self._pages:
                began = time.perf_counter()
                with self._open.open(self._root + page, timeout=30) as answer:
                    answer.read()
                    # an answer that sends one to sign in would measure nothing
                    assert answer.url == self._root + page, answer.url
                self.seconds.append(time.perf_counter() - began)
                self._over.wait(LOOK_SECONDS)

    def stop(self) -> None:
        self._over.set()
        self.join(60)
        assert self.seconds, "nobody could read the console"


def _signed_in(root: str, now: datetime) -> OpenerDirector:
    name, password = f"bench-{new_id().hex[:12]}", new_id().hex
    staff = accounts.create_staff(username=name, name="测量", password=password, by="bench", now=now)
    street = Place.objects.get(kind=PlaceKind.STREET)
    accounts.grant(staff=staff, role=Role.SECTION_HEAD, place=street, by="bench", now=now)
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{root}/sign-in/", timeout=30) as answer:
        found = _TOKEN.search(answer.read().decode())
    assert found is not None
    said = urlencode({"username": name, "password": password, "csrfmiddlewaretoken": found.group(1)})
    with browser.open(f"{root}/sign-in/", said.encode(), timeout=30) as answer:
        answer.read()
    return browser
