"""The public page of a round, and the same as open data. No person is in it, so it may be kept and copied."""

import csv
import io
from collections.abc import Callable
from functools import wraps
from typing import Final, TypeVar
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_GET

from fangxian.masks.queries.public import PublicRound, public_round, published
from fangxian.masks.rules import Phase
from fangxian.resident.words import PHASES, POLICIES
from fangxian.shared import clock

LANGUAGES: Final = {"zh": "zh-hans", "en": "en", "ja": "ja", "ko": "ko"}
COLUMNS: Final = ("code", "name", "address", "phone", "goods", "free", "promised", "updated")
"""Taiwan's seven columns of February 2020 (code, name, address, telephone, adult stock, child stock, time), a row for
each kind of goods instead of a column, and what is promised beside what is free."""

V = TypeVar("V", bound=Callable[..., HttpResponse])


def shared_view(view: V) -> V:
    """Mark a page that is the same for everybody: it may be kept by whoever passes it on, for a few seconds."""

    @wraps(view)
    def page(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        answer["Cache-Control"] = "public, max-age=10"
        return answer

    page.capability = "open"  # type: ignore[attr-defined]  # the access matrix reads it
    return page  # type: ignore[return-value]  # wraps keeps the signature, which TypeVar cannot say


@shared_view
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """To the page in the language that the device asks for."""
    short = (translation.get_language() or "zh").split("-")[0]
    return redirect("resident:round", short if short in LANGUAGES else "zh")


@shared_view
@require_GET
def round_page(request: HttpRequest, language: str) -> HttpResponse:
    if language not in LANGUAGES:
        raise Http404
    with translation.override(LANGUAGES[language]):
        found = public_round(clock.now())
        context = {
            "found": found, "short": language, "phase": PHASES[found.phase] if found else "",
            "policy": POLICIES[found.round.policy] if found else "",
            "open": found is not None and found.phase in (Phase.REGISTERING, Phase.BOTH),
            "languages": [(c, translation.get_language_info(name)["name_local"]) for c, name in LANGUAGES.items()],
            "answers": _answers(found, language),
            "runs": [(run, _file(found, run.number)) for run in found.runs] if found else [],
        }  # fmt: skip
        answer = render(request, "resident/round.html", context)
        answer["Content-Language"] = LANGUAGES[language]
        return answer


def _answers(found: PublicRound | None, language: str) -> list[tuple[str, str]]:
    return [(one.question.say(language), one.answer.say(language)) for one in found.answers] if found else []


@shared_view
@require_GET
def stock_json(request: HttpRequest) -> HttpResponse:
    found = public_round(clock.now())
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in _rows(found)]
    committees = [
        {"committee": c.name, "registered": c.registered, "called": c.called, "called_to": c.called_to,
         "pharmacy": c.pharmacy, "days": c.days}
        for c in (found.committees if found else ())
    ]  # fmt: skip
    data: dict[str, object] = {
        "round": found.round.number if found else None, "pharmacies": rows, "committees": committees,
    }  # fmt: skip
    if found is not None:
        data |= _proof(found)
    return JsonResponse(data, json_dumps_params={"ensure_ascii": False})


def _proof(found: PublicRound) -> dict[str, object]:
    """What a night's file is compared with: the seed's hash, promised with the announcement, and each file's."""
    round = found.round
    return {
        "policy": round.policy, "staff_from": _instant(round.staff_from_us), "yielded": found.yielded,
        "cancelled": round.reason or None, "seed_commit": round.seed_commit, "seed": round.seed or None,
        "runs": [
            {"number": run.number, "sale_day": run.sale_day.isoformat(), "called": run.called, "sha256": run.sha256,
             "file": _file(found, run.number)}
            for run in found.runs
        ],
    }  # fmt: skip


def _instant(us: int) -> str:
    return clock.local(clock.from_us(us)).isoformat(timespec="seconds")


def _file(found: PublicRound, number: int) -> str:
    """Two streets of one database may have rounds of one number."""
    return f"{reverse('resident:run', args=[found.round.number, number])}?round={found.round.id.hex}"


@shared_view
@require_GET
def stock_csv(request: HttpRequest) -> HttpResponse:
    """With a byte order mark, because people open it in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_rows(public_round(clock.now())))
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="stock.csv"'
    return answer


@shared_view
@require_GET
def run_file(request: HttpRequest, number: int, run: int) -> HttpResponse:
    """A night's published file: `script/manage masks verify FILE` works it out again."""
    written = request.GET.get("round", "")
    try:
        text = published(number, run, UUID(hex=written) if written else None)
    except ValueError as error:
        raise Http404 from error
    if text is None:
        raise Http404
    answer = HttpResponse(text, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="R{number}-{run}.json"'
    return answer


def _rows(found: PublicRound | None) -> list[tuple[str | int, ...]]:
    if found is None:
        return []
    made = _instant(found.made_us)
    return [
        (one.code, one.name, one.address, one.phone, shelf.key, shelf.free, shelf.promised, made)
        for one in found.pharmacies
        for shelf in one.shelves
    ]
