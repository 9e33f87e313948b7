"""Work at the same time, each on a connection of its own."""

import threading
from collections.abc import Callable

from django.db import connections


def at_once(*work: Callable[[], object]) -> None:
    """Run these in threads of their own; an error in one fails the test."""
    errors: list[BaseException] = []
    together = threading.Barrier(len(work))

    def run(task: Callable[[], object]) -> None:
        try:
            together.wait(30)
            task()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(task,)) for task in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
