"""The WSGI application that Granian serves: the hot path before Django, on one port.

The server runs many blocking threads, because each waits for its commit; Django runs in a pool of its own, so that no
more threads than that hold a database connection and its cache.
"""

import gc
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application

from fangxian.config import kept

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fangxian.config.settings")

django_application = get_wsgi_application()

from fangxian.intake import front  # noqa: E402 - its models need the applications that the line above loads

# A thread that is woken with its answer waits for the interpreter's lock first. So it need not interrupt the one that
# holds it: this policy lets whoever runs go on until it waits, and halves the changes between threads under load.
if hasattr(os, "SCHED_BATCH"):
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
# What is loaded by now stays for good, and need not be looked through for garbage each time.
gc.collect()
gc.freeze()

DJANGO_THREADS: Final = 8
_pool: Final = ThreadPoolExecutor(DJANGO_THREADS, thread_name_prefix="django")


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if environ["PATH_INFO"].startswith(front.PREFIX):
        return front.application(environ, start_response)
    if environ["PATH_INFO"].startswith(kept.PREFIX):
        answer = _public.answer(environ, start_response)
        if answer is not None:
            return answer
    return _pool.submit(_django, environ, start_response).result()


def _django(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The whole answer is made in the pool's thread: a body that is read later would use its connection elsewhere."""
    answer = django_application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()


def _whole(environ: WSGIEnvironment) -> tuple[str, kept.Headers, bytes]:
    """One public page, made by Django: its status, its headers, its body."""
    said: list[tuple[str, kept.Headers]] = []

    def start(status: str, headers: kept.Headers, exc_info: object = None, /) -> Callable[[bytes], object]:
        said.append((status, headers))
        return lambda _written: None

    body = b"".join(_pool.submit(_django, environ, start).result())
    return (*said[-1], body)


_public: Final = kept.Kept(_whole)
