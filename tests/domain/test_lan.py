"""HTTPS on the street's own network: certificates that a browser accepts, made and renewed on this machine."""

import os
import socket
import ssl
import stat
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from django.conf import settings

from fangxian.config import lan

NOW = datetime(2026, 2, 17, tzinfo=UTC)


def test_it_makes_an_authority_once_and_a_certificate_for_each_address(tmp_path: Path) -> None:
    files = lan.ensure(tmp_path / "tls", "192.168.1.20", NOW)
    authority, server = files.authority.read_bytes(), files.server.read_bytes()
    lan.ensure(tmp_path / "tls", "192.168.1.20", NOW + timedelta(days=30))
    assert (files.authority.read_bytes(), files.server.read_bytes()) == (authority, server)
    lan.ensure(tmp_path / "tls", "gate.street.lan", NOW)
    assert files.authority.read_bytes() == authority
    assert files.server.read_bytes() != server
    found = x509.load_pem_x509_certificate(files.server.read_bytes())
    found.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))


def test_it_renews_before_the_certificate_ends(tmp_path: Path) -> None:
    files = lan.ensure(tmp_path, "192.168.1.20", NOW)
    before = files.server.read_bytes()
    lan.ensure(tmp_path, "192.168.1.20", NOW + timedelta(days=lan.SERVER_DAYS - 10))
    assert files.server.read_bytes() != before


def test_nobody_else_reads_the_keys(tmp_path: Path) -> None:
    files = lan.ensure(tmp_path / "tls", "192.168.1.20", NOW)
    for path in (files.authority_key, files.server_key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.sqlite
def test_a_client_that_trusts_the_authority_reaches_the_server(tmp_path: Path) -> None:
    files = lan.ensure(tmp_path / "tls", "127.0.0.1", datetime.now(UTC))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--host", "127.0.0.1", "--port",
        str(port), "--no-ws", "--log-level", "error", "--ssl-certificate", str(files.server), "--ssl-keyfile",
        str(files.server_key), "fangxian.config.wsgi:application",
    ]  # fmt: skip
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "fangxian.config.settings", "FANGXIAN_HTTPS": "1",
        "FANGXIAN_DATA": str(tmp_path), "PYTHONPATH": str(settings.ROOT / "src"),
    }  # fmt: skip
    process = subprocess.Popen(command, env=environment)
    try:
        trusting = ssl.create_default_context(cafile=str(files.authority))
        address = f"https://127.0.0.1:{port}/intake/metrics"
        for _ in range(300):
            try:
                with urllib.request.urlopen(address, context=trusting, timeout=5) as answer:
                    assert b'"gate_checks"' in answer.read()
                break
            except ConnectionError:
                time.sleep(0.1)
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionError):
                    raise
                time.sleep(0.1)
        with pytest.raises(urllib.error.URLError, match="certificate"):
            urllib.request.urlopen(address, context=ssl.create_default_context(), timeout=5)
    finally:
        process.terminate()
        process.wait(10)
