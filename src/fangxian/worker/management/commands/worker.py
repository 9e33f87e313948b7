"""`script/manage worker`: run the jobs until stopped."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from fangxian.worker import loop


class Command(BaseCommand):
    help = "Run sweeps, folds, imports and the sealing of the audit until stopped."

    def handle(self, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_args: stop.set())
        self.stdout.write("The worker is running.")
        loop.run(stop)
        self.stdout.write("The worker has stopped.")
