"""What every room of the suite stands on."""

import ipaddress
import socket
from collections.abc import Iterator

import pytest
from django.db import connection

from fangxian.gates.actions import checks
from fangxian.masks.actions import register

pytest_plugins = ["tests.support.standing"]

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


class NetworkBlockedError(RuntimeError):
    """A test tried to leave this machine."""


def _check(family: int, address: object) -> None:
    if family == socket.AF_UNIX:
        return
    assert isinstance(address, tuple)
    host = str(address[0])
    if host != "localhost" and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        raise NetworkBlockedError(f"a test opened a connection to {host}")


def _guarded_connect(self: socket.socket, address: object) -> None:
    _check(self.family, address)
    _connect(self, address)  # type: ignore[arg-type]  # checked above


def _guarded_connect_ex(self: socket.socket, address: object) -> int:
    _check(self.family, address)
    return _connect_ex(self, address)  # type: ignore[arg-type]  # checked above


@pytest.fixture(autouse=True, scope="session")
def only_this_machine() -> Iterator[None]:
    """Tests reach loopback and unix sockets, nothing else."""
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _guarded_connect)
    patch.setattr(socket.socket, "connect_ex", _guarded_connect_ex)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def only_on_its_database(request: pytest.FixtureRequest) -> None:
    """A test marked `sqlite` or `postgresql` is for that database; on the other it has nothing to say."""
    for vendor in ("sqlite", "postgresql"):
        if request.node.get_closest_marker(vendor) and connection.vendor != vendor:
            pytest.skip(f"for {vendor}")


@pytest.fixture(autouse=True)
def writers_end() -> Iterator[None]:
    """A group-commit writer's thread keeps a connection, and with it the test's database, until it is told to end."""
    yield
    checks.writer().stop()
    register.writer().stop()
