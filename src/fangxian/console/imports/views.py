"""A list on its way in: each page fetches within reach, acts, says what happened, goes on."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.accounts.roles import Capability
from fangxian.console.imports import reads
from fangxian.console.imports.forms import ColumnsForm, UploadForm
from fangxian.console.view import Who, staff_view
from fangxian.files.actions import FileGoneError, FileRefusedError
from fangxian.registry.actions import RegistryError
from fangxian.registry.imports import actions
from fangxian.registry.imports.actions import ImportRefusedError
from fangxian.registry.imports.problems import UnreadableFileError
from fangxian.registry.imports.words import note_text
from fangxian.registry.models import ImportKind, ImportStatus, Verdict

importer = staff_view(Capability.IMPORT)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WAITING = (ImportStatus.QUEUED, ImportStatus.RUNNING)


@importer
@require_http_methods(["GET", "POST"])
def home(request: HttpRequest, who: Who) -> HttpResponse:
    form = UploadForm(
        request.POST or None, request.FILES or None, places=reads.places_for(who), kinds=reads.kinds_for(who),
        now=who.now,
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            batch = actions.upload(
                content=data["file"].read(), name=data["file"].name, kind=ImportKind(data["kind"]),
                place=data["place"], default_year=data["year"],
                firms=reads.firms_for(who, data["place"]), by=who.staff.actor, now=who.now,
            )  # fmt: skip
        except (UnreadableFileError, FileRefusedError) as refused:
            form.add_error("file", str(refused))
        else:
            return redirect("imports:batch", batch.id)
    context = {"form": form, "batches": reads.batches(who)}
    return render(request, "console/imports/home.html", context, status=400 if form.errors else 200)


@importer
@require_GET
def batch(request: HttpRequest, who: Who, batch_id: UUID) -> HttpResponse:
    row = reads.batch_for(who, batch_id)
    notes = [note_text(note) for note in row.notes]
    if row.status == ImportStatus.UPLOADED:
        try:
            form = ColumnsForm(columns=reads.columns(row), kind=ImportKind(row.kind))
        except (FileGoneError, UnreadableFileError) as gone:
            messages.error(request, str(gone))
            return redirect("imports:home")
        return render(request, "console/imports/columns.html", {"batch": row, "form": form, "notes": notes})
    if row.status in _WAITING:
        return render(request, "console/imports/waiting.html", {"batch": row, "again": True})
    context = {
        "batch": row,
        "notes": notes,
        "doubles": reads.doubles(who, row),
        "merged": reads.doubles(who, row, Verdict.SAME),
    }
    return render(request, "console/imports/result.html", context)


@importer
@require_POST
def columns(request: HttpRequest, who: Who, batch_id: UUID) -> HttpResponse:
    row = reads.batch_for(who, batch_id)
    try:
        form = ColumnsForm(request.POST, columns=reads.columns(row), kind=ImportKind(row.kind))
        if not form.is_valid():
            return render(request, "console/imports/columns.html", {"batch": row, "form": form}, status=400)
        actions.set_mapping(batch=row, chosen=form.chosen(), by=who.staff.actor, now=who.now)
    except (ImportRefusedError, FileGoneError) as refused:
        messages.error(request, str(refused))
        return redirect("imports:batch", batch_id)
    return redirect("imports:preview", batch_id)


@importer
@require_GET
def preview(request: HttpRequest, who: Who, batch_id: UUID) -> HttpResponse:
    row = reads.batch_for(who, batch_id)
    if row.status != ImportStatus.UPLOADED:
        return redirect("imports:batch", batch_id)
    try:
        found = reads.first_look(row, who.now)
    except FileGoneError as gone:
        messages.error(request, str(gone))
        return redirect("imports:home")
    return render(request, "console/imports/preview.html", {"batch": row, "preview": found})


@importer
@require_GET
def counts(request: HttpRequest, who: Who, batch_id: UUID) -> HttpResponse:
    found = reads.counting(reads.batch_for(who, batch_id))
    return render(request, "console/imports/counts.html", {"preview": found})


@importer
@require_POST
def confirm(request: HttpRequest, who: Who, batch_id: UUID) -> HttpResponse:
    return _step(request, who, batch_id, actions.queue)


@importer
@require_POST
def withdraw(request: HttpRequest, who: Who, batch_id: UUID) -> HttpResponse:
    return _step(request, who, batch_id, actions.drop)


@importer
@require_POST
def resume(request: HttpRequest, who: Who, batch_id: UUID) -> HttpResponse:
    return _step(request, who, batch_id, actions.resume)


def _step(request: HttpRequest, who: Who, batch_id: UUID, act: actions.Step) -> HttpResponse:
    try:
        act(batch=reads.batch_for(who, batch_id), by=who.staff.actor, now=who.now)
    except ImportRefusedError as refused:
        messages.error(request, str(refused))
    return redirect("imports:batch", batch_id)


@importer
@require_GET
def progress(request: HttpRequest, who: Who, batch_id: UUID) -> HttpResponse:
    row = reads.batch_for(who, batch_id)
    return render(request, "console/imports/progress.html", {"batch": row, "again": row.status in _WAITING})


@importer
@require_POST
def refused(request: HttpRequest, who: Who, batch_id: UUID) -> HttpResponse:
    row = reads.batch_for(who, batch_id)
    try:
        content = actions.open_report(batch=row, by=who.staff.actor, now=who.now)
    except (ImportRefusedError, FileGoneError) as gone:
        messages.error(request, str(gone))
        return redirect("imports:batch", batch_id)
    answer = HttpResponse(content, content_type=XLSX)
    name = _("refused rows of %(name)s") % {"name": row.file_name.rpartition(".")[0]}
    answer["Content-Disposition"] = content_disposition_header(True, f"{name}.xlsx") or "attachment"
    return answer


@importer
@require_POST
def decide(request: HttpRequest, who: Who, candidate_id: UUID) -> HttpResponse:
    candidate = reads.double_for(who, candidate_id)
    same = request.POST.get("same") == "1"
    try:
        actions.decide(candidate=candidate, same=same, by=who.staff.actor, now=who.now)
    except (ImportRefusedError, RegistryError) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The two are one record now.") if same else _("They stay two records."))
    return redirect("imports:batch", candidate.batch_id)


@importer
@require_POST
def undo(request: HttpRequest, who: Who, candidate_id: UUID) -> HttpResponse:
    candidate = reads.double_for(who, candidate_id)
    try:
        actions.undo(candidate=candidate, by=who.staff.actor, now=who.now)
    except (ImportRefusedError, RegistryError) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("They are two records again, as they were."))
    return redirect("imports:batch", candidate.batch_id)
