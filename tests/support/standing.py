"""Fixtures that many rooms of the suite begin with: a street, and an office building with its gates and tablet."""

import pytest

from fangxian.gates.queries import hot
from tests.support.factories import Street, make_street
from tests.support.gates import Office, make_office


@pytest.fixture
def street(db: None) -> Street:
    """What the hot path keeps for seconds belongs to the test before."""
    hot.forget()
    return make_street()


@pytest.fixture
def office(street: Street) -> Office:
    return make_office(street)
