"""What the writer's lock leaves behind on a connection that lives on."""

import threading

import pytest
from django.db import connection, connections, transaction

from fangxian.places.models import Place, PlaceKind
from fangxian.shared.writer import write_lock
from tests.support.factories import make_street

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]


def test_a_plain_transaction_after_the_lock_still_waits_for_another_writer() -> None:
    make_street(1)
    held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with write_lock():
            held.set()
            may_end.wait(10)
        connections.close_all()

    other = threading.Thread(target=hold)
    with write_lock():
        pass
    other.start()
    assert held.wait(10)
    threading.Timer(0.3, may_end.set).start()
    with transaction.atomic():
        changed = Place.objects.filter(kind=PlaceKind.STREET).update(name_en="Hongqiao")
    other.join(10)
    assert changed == 1
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone()[0] > 0
