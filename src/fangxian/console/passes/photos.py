"""The photo on a pass: shown, put on, replaced and taken off at the desk, one by one or many by their file names."""

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.accounts.access import NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.passes import reach
from fangxian.console.view import Who, staff_view
from fangxian.files.actions import FileGoneError, FileRefusedError
from fangxian.files.rules import PHOTO_MAX_BYTES
from fangxian.gates import printing
from fangxian.gates.actions import photos
from fangxian.gates.actions.passes import PassError
from fangxian.gates.actions.photos import Removal, Result, Sent, Told
from fangxian.gates.models import Pass
from fangxian.gates.queries.passes import within
from fangxian.gates.queries.photos import is_kept

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_FILES: Final = 20
"""As many files as one request may bring (DATA_UPLOAD_MAX_NUMBER_FILES). The page's module sends more in parts."""
PICTURES: Final = {"accept": "image/jpeg,image/png,image/webp"}
RESULTS: "Final[dict[Result, tuple[StrOrPromise, str]]]" = {
    Result.STORED: (gettext_lazy("stored"), "ok"),
    Result.REPLACED: (gettext_lazy("stored in place of the photo before"), "ok"),
    Result.SAME: (gettext_lazy("the pass has this photo already"), "ok"),
    Result.UNKNOWN: (
        gettext_lazy("not stored: the file's name is not the number of a pass that you look after"),
        "gap",
    ),
    Result.TWICE: (gettext_lazy("not stored: an earlier file was for the same pass"), "gap"),
    Result.REFUSED: (gettext_lazy("not stored"), "gap"),
    Result.BUSY: (gettext_lazy("not stored: the system was busy. Send this file again"), "due"),
}


class PhotoForm(forms.Form):
    photo = forms.FileField(
        label=gettext_lazy("Photo"), widget=forms.ClearableFileInput(attrs=PICTURES),
        help_text=gettext_lazy("The face from the front, as on an identity card. JPG, PNG or WebP, at most 15 MB."),
    )  # fmt: skip


class RemovalForm(forms.Form):
    reason = forms.ChoiceField(
        label=gettext_lazy("Why the photo is removed"),
        choices=[
            (Removal.WRONG_PERSON.value, gettext_lazy("It shows another person.")),
            (Removal.POOR.value, gettext_lazy("The person cannot be recognised.")),
            (Removal.ASKED.value, gettext_lazy("The holder does not want it.")),
        ],
    )  # fmt: skip


def panel(permit: Pass, who: Who) -> dict[str, Any]:
    """What the page of a pass shows about its photo; `can_set` is false for what can have none."""
    return {
        "photo_kept": is_kept(permit), "photo_form": PhotoForm(), "removal_form": RemovalForm(auto_id="removal_%s"),
        "photo_can_set": photos.fault(permit, who.now) is None,
    }  # fmt: skip


@staff_view(Capability.PASSES)
@require_GET
def photo(request: HttpRequest, who: Who, pass_id: UUID) -> HttpResponse:
    permit = reach.permit(who, pass_id)
    try:
        media_type, content = photos.open_photo(permit=permit, by=who.staff.actor, now=who.now)
    except FileGoneError as gone:
        raise NotFoundError(str(gone)) from gone
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = 'inline; filename="photo.jpg"'
    return answer


@staff_view(Capability.PASSES)
@require_POST
def put(request: HttpRequest, who: Who, pass_id: UUID) -> HttpResponse:
    permit = reach.permit(who, pass_id)
    form = PhotoForm(request.POST, request.FILES)
    if not form.is_valid():
        for faults in form.errors.values():
            for fault in faults:
                messages.error(request, str(fault))
        return redirect("passes:story", permit.id)
    sent: UploadedFile = form.cleaned_data["photo"]
    try:
        result = photos.set_photo(
            permit=permit, content=_content(sent), name=sent.name or "", by=who.staff.actor, now=who.now
        )
    except (FileRefusedError, PassError) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            _("The photo is on the pass. Guards see it at the next check.")
            if result is not Result.SAME
            else _("The pass has this photo already."),
        )
    return redirect("passes:story", permit.id)


@staff_view(Capability.PASSES)
@require_POST
def remove(request: HttpRequest, who: Who, pass_id: UUID) -> HttpResponse:
    permit = reach.permit(who, pass_id)
    form = RemovalForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why the photo is removed. Nothing was changed."))
    elif photos.remove_photo(
        permit=permit, reason=Removal(form.cleaned_data["reason"]), by=who.staff.actor, now=who.now
    ):
        messages.success(request, _("The photo is removed. Guards compare with the identity card."))
    else:
        messages.warning(request, _("There was no photo on this pass any more."))
    return redirect("passes:story", permit.id)


@staff_view(Capability.PASSES)
@require_http_methods(["GET", "POST"])
def many(request: HttpRequest, who: Who) -> HttpResponse:
    """Each file is told about. The page's module sends the files in parts and asks for the rows alone."""
    rows: list[dict[str, Any]] = []
    status = 200
    if request.method == "POST":
        sent = [Sent(one.name or "", _content(one)) for one in request.FILES.getlist("photos")]
        told = photos.set_several(photos=sent, scope=within(who.held), by=who.staff.actor, now=who.now)
        rows = [_row(one) for one in told]
        status = 200 if rows else 400
    part = "console/passes/photo_rows.html" if request.headers.get("X-Part") else "console/passes/photos.html"
    good = sum(1 for row in rows if row["badge"] == "ok")
    context = {
        "rows": rows, "accept": PICTURES["accept"], "most": MOST_FILES, "empty": status == 400, "good": good,
        "bad": len(rows) - good,
    }  # fmt: skip
    return render(request, part, context, status=status)


def _content(sent: UploadedFile) -> bytes:
    """No more is read than tells that it is too much."""
    return bytes(sent.read(PHOTO_MAX_BYTES + 1))


def _row(told: Told) -> dict[str, Any]:
    word, badge = RESULTS[told.result]
    number = printing.spoken(told.permit.number) if told.permit else ""
    return {"name": told.name, "permit": told.permit, "number": number, "word": word, "badge": badge, "text": told.text}
