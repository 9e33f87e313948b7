"""The daily report: one page for the whole team, everybody well until somebody taps."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from fangxian.console.firm.seat import Desk, at_firm
from fangxian.shared import clock
from fangxian.shared.text import squeeze
from fangxian.workplaces.actions import daily
from fangxian.workplaces.actions.daily import NewLine
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import Health
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.queries import daily as reads

_WHOLE: Final = 2
_LATEST: Final = 1_440


def _day(request: HttpRequest, desk: Desk) -> date:
    today = clock.local_day(desk.now)
    return today - timedelta(days=1) if request.GET.get("day") == "yesterday" else today


def _decidec(written: str) -> int | None:
    """Tenths of a degree: 37.8, 37,8 or 378."""
    text = squeeze(written).replace(",", ".").replace("。", ".").rstrip("°C℃度")
    whole, _dot, part = text.partition(".")
    if not (whole.isascii() and whole.isdigit()) or (part and not (part.isascii() and part.isdigit())):
        return None
    if not part and len(whole) > _WHOLE:
        return int(whole[:4])
    return int(whole[:4]) * 10 + int((part or "0")[0])


def _lines(data: QueryDict, people: list[UUID]) -> list[NewLine]:
    found = []
    for person_id in people:
        health = data.get(f"health_{person_id}", "")
        if health in Health.values:
            note, degrees = data.get(f"note_{person_id}", ""), data.get(f"degrees_{person_id}", "")
            found.append(NewLine(person_id, Health(health), _decidec(degrees), note))
    return found


@at_firm
@require_http_methods(["GET", "POST"])
def sheet(request: HttpRequest, desk: Desk) -> HttpResponse:
    day = _day(request, desk)
    found = reads.sheet(desk.ids, desk.place, day)
    fault = ""
    if request.method == "POST":
        # the sheet that was seen says who was on it: somebody who came since is well, and is on the next one
        seen = {one.person_id for one in found.lines if f"health_{one.person_id}" in request.POST}
        lines = _lines(request.POST, sorted(seen, key=str))
        try:
            done = daily.report(
                enterprise=desk.enterprise.subject, place=desk.place, day=day, lines=lines, by=desk.by, now=desk.now
            )  # fmt: skip
        except WorkplaceError as refused:
            fault = str(refused)
            found = _as_sent(found, lines, request.POST)
        else:
            _say(request, done)
            suffix = "?day=yesterday" if day != clock.local_day(desk.now) else ""
            return redirect(reverse("firm-roster:daily", args=desk.args) + suffix)
    by = plan_at(desk.now).section.report_by
    local = clock.local(desk.now)
    context = {
        "desk": desk, "sheet": found, "day": day, "today": clock.local_day(desk.now), "fault": fault,
        "healths": [("", _("well and at work")), *((one.value, one.label) for one in Health)], "by": by % _LATEST,
        "late": day == clock.local_day(desk.now) and local.hour * 60 + local.minute >= by and found.report is None,
        "exceptions": sum(1 for one in found.lines if one.health),
    }  # fmt: skip
    return render(request, "console/firm_roster/daily.html", context, status=400 if fault else 200)


def _as_sent(found: reads.Sheet, lines: list[NewLine], data: QueryDict) -> reads.Sheet:
    """What was tapped stays as it was tapped."""
    said = {line.person_id: line for line in lines}
    kept = []
    for one in found.lines:
        line = said.get(one.person_id)
        decidec = _decidec(data.get(f"degrees_{one.person_id}", ""))
        kept.append(
            reads.SheetLine(
                one.person_id, one.name, one.standing, line.health if line else "", decidec, line.note if line else ""
            )
        )
    return reads.Sheet(tuple(kept), found.report)


def _say(request: HttpRequest, done: daily.Reported) -> None:
    report = done.report
    words = {"well": report.well, "expected": report.expected, "others": report.expected - report.well}
    if done.first:
        messages.success(request, _("Reported: %(expected)s people, %(well)s well, %(others)s exceptions.") % words)
    else:
        messages.success(request, _("Corrected: %(expected)s people, %(well)s well, %(others)s exceptions.") % words)
    if done.stopped:
        messages.warning(
            request,
            ngettext(
                "%(number)s person may not come in from now on, and the health centre is told. "
                "Nobody comes back to work without a reason on the ledger.",
                "%(number)s people may not come in from now on, and the health centre is told. "
                "Nobody comes back to work without a reason on the ledger.",
                done.stopped,
            )
            % {"number": done.stopped},
        )
