"""A filing by workbook: a file to fill in, and the filled one read back."""

from collections.abc import Sequence
from typing import cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.console.firm.forms import WorkbookForm
from fangxian.console.firm.seat import Desk, at_firm
from fangxian.console.templatetags.ui import of_day
from fangxian.files.actions import FileRefusedError
from fangxian.registry.imports import guards, reader
from fangxian.registry.imports.actions import ImportRefusedError
from fangxian.registry.imports.guards import MAX_BYTES
from fangxian.registry.imports.problems import MESSAGES, FileProblem, UnreadableFileError
from fangxian.registry.imports.reader import Sheet
from fangxian.shared import clock
from fangxian.workplaces import filing_book, journeys_in_lists
from fangxian.workplaces.actions import filings, firms
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.filing_book import Fault, Read
from fangxian.workplaces.journeys_in_lists import Look
from fangxian.workplaces.models import Filing
from fangxian.workplaces.plan import InForce, plan_at
from fangxian.workplaces.queries import filings as reads
from fangxian.workplaces.queries.firms import posts_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@at_firm
@require_GET
def template(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The workbook to fill in, with what is known already. The telephone is not in it."""
    plan, row = plan_at(desk.now), reads.of_desk(desk.ids, desk.place)
    book = filing_book.template(
        goods=plan.section.goods, known=_known(row, plan) if row else {}, firm=desk.enterprise.name,
        building=desk.place.name,
    )  # fmt: skip
    answer = HttpResponse(book, content_type=XLSX)
    answer["Content-Disposition"] = 'attachment; filename="filing.xlsx"'
    return answer


def _known(row: Filing, plan: InForce) -> dict[str, str]:
    found = {
        "in_charge": row.in_charge, "start_on": row.start_on.isoformat() if row.start_on else "",
        "people": str(row.people or ""), "plan": row.plan, "isolation": row.isolation,
        "ask_from": "" if row.ask_from is None else of_day(row.ask_from),
        "ask_until": "" if row.ask_until is None else of_day(row.ask_until), "ask_home": str(row.ask_home or ""),
    }  # fmt: skip
    for post in posts_of(row.enterprise_id):
        key = f"post:{post.kind}"
        found[key] = f"{found[key]}、{post.name}" if key in found else post.name
    for line in reads.supplies_of(row, plan.section):
        if line.quantity is not None:
            found[f"goods:{line.goods.key}"] = str(line.quantity)
    return found


@at_firm
@require_http_methods(["GET", "HEAD", "POST"])
def workbook(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Take a filled workbook: what can be read is kept, each cell that cannot is named."""
    form = WorkbookForm(request.POST or None, request.FILES or None)
    context: dict[str, object] = {"desk": desk, "form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "console/firm/workbook.html", context, status=400 if form.errors else 200)
    file: UploadedFile = form.cleaned_data["file"]
    try:
        content, name = _content(file), guards.safe_name(file.name or "")
        sheets = reader.read(content, name)
        found = _read(sheets, desk)
        faults = found.faults + _keep(found, desk)
        staff = _take_staff(content, name, desk) if _has_staff(sheets) else None
    except (UnreadableFileError, WorkplaceError, ImportRefusedError, FileRefusedError) as error:
        form.add_error("file", str(error))
        return render(request, "console/firm/workbook.html", context, status=400)
    if faults or (staff and staff.refused_count):
        return render(
            request,
            "console/firm/workbook.html",
            context | {"faults": faults, "staff": staff, "taken": True},
            status=400,
        )
    messages.success(request, _("The workbook was taken. Look at it once more, then send it in."))
    return redirect("firm:filing", *desk.args)


def _content(file: UploadedFile) -> bytes:
    if file.size is not None and file.size > MAX_BYTES:
        raise WorkplaceError(str(MESSAGES[FileProblem.TOO_LARGE]))
    content: bytes = file.read()
    return content


def _read(sheets: Sequence[Sheet], desk: Desk) -> Read:
    found = filing_book.read(sheets, plan_at(desk.now).section.goods, clock.local_day(desk.now))
    if not found.found:
        raise WorkplaceError(
            _("None of the questions is in this workbook. Nothing was taken. Download the workbook of this page, "
              "fill it in and send that.")
        )  # fmt: skip
    return found


def _has_staff(sheets: Sequence[Sheet]) -> bool:
    rows = [row for sheet in sheets if sheet.name.strip() == filing_book.STAFF for row in sheet.rows[1:]]
    return any(cell is not None for row in rows for cell in row)


def _take_staff(content: bytes, name: str, desk: Desk) -> Look:
    """The sheet of staff goes the way of every list of returning staff. Returns what became of its rows."""
    subject = desk.enterprise.subject
    batch = journeys_in_lists.upload(
        content=content, name=name, enterprise=subject, place=desk.place, by=desk.by, now=desk.now
    )
    seen = journeys_in_lists.look(batch=batch, now=desk.now)
    journeys_in_lists.take(batch=batch, enterprise=subject, place=desk.place, by=desk.by, now=desk.now)
    return seen


def _keep(found: Read, desk: Desk) -> list[Fault]:
    """Keep answer by answer, so that one that cannot be does not take the others with it."""
    row = filings.begin(enterprise=desk.enterprise, place=desk.place, by=desk.by, now=desk.now)
    if row.status not in reads.OPEN_TO_EDIT:
        raise WorkplaceError(
            _("The filing was sent in and is not changed any more. Nothing was taken. Staff who come back go onto the "
              "ledger on its own page.")
        )  # fmt: skip
    faults: list[Fault] = []
    wishes = {key: found.draft.pop(key) for key in ("ask_from", "ask_until", "ask_home") if key in found.draft}
    for draft in [*({key: value} for key, value in found.draft.items()), wishes]:
        try:
            filings.save(filing=row, draft=cast(filings.Draft, draft), by=desk.by, now=desk.now)
        except WorkplaceError as error:
            words = {key: question for key, question, _how in filing_book.QUESTIONS}
            faults.append(Fault(filing_book.ANSWERS, "", "、".join(words[key] for key in draft), str(error)))
    if found.posts:
        firms.set_posts(enterprise_id=row.enterprise_id, posts=found.posts, by=desk.by, now=desk.now)
    if found.quantities:
        row = Filing.objects.get(id=row.id)
        firms.count_supplies(
            enterprise_id=row.enterprise_id, quantities=found.quantities, people=row.people or 0, by=desk.by,
            now=desk.now,
        )  # fmt: skip
    return faults
