"""A whole ledger as a workbook: sent, looked at, taken; what was refused comes back with the reasons."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.accounts.access import NotFoundError
from fangxian.console.firm.seat import Desk, at_firm
from fangxian.console.firm_roster.forms import UploadForm
from fangxian.files.actions import FileGoneError, FileRefusedError
from fangxian.registry.imports.actions import ImportRefusedError
from fangxian.registry.imports.problems import UnreadableFileError
from fangxian.registry.models import ImportBatch, ImportStatus
from fangxian.workplaces import journeys_in_lists
from fangxian.workplaces.actions.errors import WorkplaceError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _batch(desk: Desk, batch_id: UUID) -> ImportBatch:
    row = ImportBatch.objects.select_related("place").filter(id=batch_id, place=desk.place).first()
    if row is None or row.firms != [str(desk.enterprise.subject_id)]:
        raise NotFoundError(_("There is no such record within your reach."))
    return row


@at_firm
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, desk: Desk) -> HttpResponse:
    posted = request.method == "POST"
    form = UploadForm(request.POST, request.FILES) if posted else UploadForm()
    if posted and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            batch = journeys_in_lists.upload(
                content=sent.read(), name=sent.name or "", enterprise=desk.enterprise.subject, place=desk.place,
                by=desk.by, now=desk.now,
            )  # fmt: skip
        except (UnreadableFileError, FileRefusedError, WorkplaceError) as refused:
            form.add_error("file", str(refused))
        else:
            return redirect("firm-roster:look", *desk.args, batch.id)
    context = {"desk": desk, "form": form}
    return render(request, "console/firm_roster/upload.html", context, status=400 if posted else 200)


@at_firm
@require_GET
def look(request: HttpRequest, desk: Desk, batch_id: UUID) -> HttpResponse:
    """What would become of the list; once it was taken, what was refused."""
    batch = _batch(desk, batch_id)
    try:
        found = journeys_in_lists.look(batch=batch, now=desk.now) if batch.status == ImportStatus.UPLOADED else None
    except (FileGoneError, UnreadableFileError) as gone:
        messages.error(request, str(gone))
        return redirect("firm-roster:upload", *desk.args)
    return render(request, "console/firm_roster/look.html", {"desk": desk, "batch": batch, "look": found})


@at_firm
@require_POST
def take(request: HttpRequest, desk: Desk, batch_id: UUID) -> HttpResponse:
    batch = _batch(desk, batch_id)
    try:
        done = journeys_in_lists.take(
            batch=batch, enterprise=desk.enterprise.subject, place=desk.place, by=desk.by, now=desk.now
        )
    except (ImportRefusedError, FileGoneError, UnreadableFileError) as refused:
        messages.error(request, str(refused))
        return redirect("firm-roster:look", *desk.args, batch_id)
    put = done.put
    messages.success(
        request,
        _("New on the ledger: %(new)s. Changed: %(changed)s. As before: %(same)s. Passes issued: %(passes)s.")
        % {"new": put.created, "changed": put.updated, "same": put.unchanged, "passes": put.issued},
    )
    if done.refused:
        messages.warning(
            request, _("Rows that were not taken: %(rows)s. Fetch them below, mend them and send them again.")
            % {"rows": done.refused},
        )  # fmt: skip
        return redirect("firm-roster:look", *desk.args, batch_id)
    return redirect("firm-roster:list", *desk.args)


@at_firm
@require_POST
def refused(request: HttpRequest, desk: Desk, batch_id: UUID) -> HttpResponse:
    """The workbook of what was refused."""
    batch = _batch(desk, batch_id)
    try:
        content = journeys_in_lists.refused_rows(batch=batch, by=desk.by, now=desk.now)
    except (ImportRefusedError, FileGoneError) as gone:
        messages.error(request, str(gone))
        return redirect("firm-roster:look", *desk.args, batch_id)
    answer = HttpResponse(content, content_type=XLSX)
    name = _("refused rows of %(name)s") % {"name": batch.file_name.rpartition(".")[0]}
    answer["Content-Disposition"] = content_disposition_header(True, f"{name}.xlsx") or "attachment"
    return answer
