"""The tablet over https under a name of the street's network, with the certificate of `script/server --lan`.

A browser trusts localhost without https, so the name is another one; it leads to this machine, which no test leaves.
"""

import base64
import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from playwright.sync_api import Browser, Page

from fangxian.config import lan
from fangxian.gates.models import Check
from tests.journeys import test_gate_tablet as at_the_gate
from tests.journeys.conftest import CHROMIUM, QUIET, wait_for
from tests.journeys.test_gate_tablet import Office, answer, begin_work, forged, scan

pytestmark = pytest.mark.django_db(transaction=True)
office = at_the_gate.office
NAME = "gate.street.lan"


def _trusted(path: Path) -> str:
    """The key that this Chromium is told to trust: what installing the authority does on a tablet."""
    key = x509.load_pem_x509_certificate(path.read_bytes()).public_key()
    return base64.b64encode(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    ).decode()


@pytest.fixture
def page(transactional_db: None, tmp_path: Path, browser: Browser) -> Iterator[Page]:
    files = lan.ensure(tmp_path / "tls", NAME, datetime.now(UTC))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "fangxian.config.settings", "FANGXIAN_ENV": "test",
        "FANGXIAN_DATA": str(settings.DATA_DIR), "PYTHONPATH": str(settings.ROOT / "src"), "FANGXIAN_HTTPS": "1",
        "FANGXIAN_HOSTS": NAME,
    }  # fmt: skip
    command = [
        str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--host", "127.0.0.1", "--port",
        str(port), "--blocking-threads", "16", "--no-ws", "--log-level", "warning", "--ssl-certificate",
        str(files.server), "--ssl-keyfile", str(files.server_key), "fangxian.config.wsgi:application",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment)
    trust = f"--ignore-certificate-errors-spki-list={_trusted(files.server)}"
    try:
        wait_for(port, process)
        leads = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
        # a browser of its own: the trusted key is an argument of its start, and with it goes a profile on disk
        context = browser.browser_type.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=CHROMIUM, args=[*QUIET, trust, leads], locale="zh-CN",
            timezone_id="Asia/Shanghai", base_url=f"https://{NAME}:{port}", viewport={"width": 1024, "height": 768},
            has_touch=True,
        )  # fmt: skip
        yield context.new_page()
        context.close()
    finally:
        process.terminate()
        process.wait(10)


def test_the_tablet_works_at_the_streets_own_address(page: Page, office: Office) -> None:
    begin_work(page, office)
    assert page.url.startswith(f"https://{NAME}:")
    assert page.evaluate("window.isSecureContext && !!navigator.mediaDevices && !!crypto.subtle") is True
    scan(page, forged(office.passes[0].token))
    answer(page, "forged", "refuse")
    assert Check.objects.get().code == "forged"
