"""A real browser against real processes.

The journeys run against Granian and the worker as `script/server` starts them, on the suite's own SQLite file. At
http://127.0.0.1 a browser grants what it grants to https pages (camera, service worker, WebCrypto), so the pages that
work offline are tested as they are used. The clock is the machine's own.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

CHROMIUM = os.environ.get("FANGXIAN_CHROMIUM", "/usr/bin/chromium")
# Debian's Chromium asks its maker's servers for this and that at every start; a test machine has no way out.
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # Chromium's sandbox does not start for root, and these pages are our own.
    "--no-sandbox",
]
START_SECONDS = 30.0


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this room is a journey, whether it says so or not."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(django_db_setup: None) -> Iterator[str]:
    """The address of a Granian process on the suite's database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("granian")),
        *("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--blocking-threads", "32", "--blocking-threads-idle-timeout", "600", "--no-ws", "--log-level", "warning"),
        "fangxian.config.wsgi:application",
    ]
    process = subprocess.Popen(command, env=_environment())
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        _stop(process)


@pytest.fixture
def worker(transactional_db: None, server: str) -> Iterator[None]:
    """The worker's loop, for as long as the test lasts."""
    environment = {**_environment(), "FANGXIAN_PROBE": f"{server}/health/"}
    process = subprocess.Popen([sys.executable, "-m", "django", "worker"], env=environment)
    yield
    assert process.poll() is None, "the worker ended during the journey"
    _stop(process)


@pytest.fixture
def visit(browser: Browser, transactional_db: None, server: str) -> Iterator[Callable[..., Page]]:
    """`visit("/board/")` opens a page in a new browser profile: another person at another desk.

    In the same profile go on with `page.goto(...)`. A message on the console's error level, an exception in a
    script and a violation of the Content-Security-Policy fail the journey.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "the server responded with a status of" not in message.text:
            faults.append(message.text)

    def open_page(path: str = "/", *, width: int = 1440, height: int = 900, language: str = "zh-CN") -> Page:
        context = browser.new_context(
            base_url=server,
            locale=language,
            timezone_id="Asia/Shanghai",
            viewport={"width": width, "height": height},
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", note)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults, faults


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "fangxian.config.settings",
        "FANGXIAN_ENV": "test",
        "FANGXIAN_DATA": str(settings.DATA_DIR),
        "PYTHONPATH": str(settings.ROOT / "src"),
    }


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended while it started"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not start in time")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


@pytest.fixture
def tablet(browser: Browser, transactional_db: None, server: str) -> Iterator[Page]:
    """What is not fetched while it is offline is no fault; an error in a script or a violation of the policy is."""
    context = browser.new_context(
        base_url=server, locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1024, "height": 768},
        has_touch=True,
    )  # fmt: skip
    faults: list[str] = []
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    yield page
    context.close()
    assert not faults, faults
