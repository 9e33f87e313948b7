"""The shell of a page that works alone: its files, its service worker, and its manifest."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language

LOOK: Final = ("console/css/tokens.css", "console/css/base.css", "console/css/components.css", "console/icon.svg")


@dataclass(frozen=True)
class Shell:
    """Everything that one such page shows and runs, beside the common look.

    `entries` are asked for by their hashed names, `modules` by the plain names that their imports use. `patience_ms`
    is how long the network may take before the shell stands in for a page; None: as long as it takes.
    """

    name: str
    entries: Sequence[str]
    modules: Sequence[str]
    patience_ms: int | None = None

    @property
    def _files(self) -> list[str]:
        return [*LOOK, *self.entries, *self.modules]

    @cached_property
    def version(self) -> str:
        """Changes when any file of the shell changes, so that devices fetch it anew."""
        digest = hashlib.sha256()
        for name in self._files:
            found = finders.find(name)
            if isinstance(found, str):
                with open(found, "rb") as file:
                    digest.update(file.read())
        return digest.hexdigest()[:16]

    def service_worker(self, request: HttpRequest, shell: str) -> HttpResponse:
        """Served below the shell's own path, which is all that it may serve in turn. `shell` is the shell's address."""
        plain = static("console/").removesuffix("console/")
        files = {static(name) for name in (*LOOK, *self.entries)} | {plain + name for name in self.modules}
        context = {
            "cache": f"fangxian-{self.name}-", "version": f"{self.version}-{get_language()}", "shell": shell,
            "files": json.dumps(sorted(files)), "patience_ms": json.dumps(self.patience_ms),
        }  # fmt: skip
        return render(request, "console/offline_worker.js", context, content_type="text/javascript; charset=utf-8")


def manifest(*, name: str, short_name: str, start: str, scope: str, display: str, background: str) -> JsonResponse:
    """What a device needs to keep the page as a program of its own. `start` and `scope` are names of addresses."""
    content = {
        "name": name, "short_name": short_name, "start_url": reverse(start), "scope": reverse(scope),
        "display": display, "background_color": background, "theme_color": "#1a56a0", "lang": get_language(),
        "icons": [{"src": static("console/icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }  # fmt: skip
    return JsonResponse(content, content_type="application/manifest+json")
