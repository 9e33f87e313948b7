"""Accounts of the street: who holds which role where, and until when."""

import secrets
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.accounts import actions, two_step
from fangxian.accounts.actions import AccountError
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Capability, Role
from fangxian.console.staff import reads
from fangxian.console.staff.forms import AccountForm, GrantForm
from fangxian.console.view import Who, staff_view

# no letters or digits that look alike, because the first password is read aloud or copied from a slip
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def _first_password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _n in range(4)) for _m in range(3))


@staff_view(Capability.ACCOUNTS)
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    words, role = request.GET.get("q", "").strip(), request.GET.get("role", "")
    cursor = request.GET.get("page", "")
    before, after = (cursor[1:], "") if cursor.startswith("<") else ("", cursor)
    page = reads.page(who.held, who.now, words=words, role=role, after=after, before=before)
    context = {"page": page, "words": words, "role": role, "roles": Role.choices}
    return render(request, "console/staff/list.html", context)


@staff_view(Capability.ACCOUNTS)
@sensitive_variables("password")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, who: Who) -> HttpResponse:
    places = reads.places_for_roles(who.held)
    form, role_form = AccountForm(request.POST or None), GrantForm(places, request.POST or None)
    if request.method == "POST" and form.is_valid() and role_form.is_valid():
        password = _first_password()
        try:
            with transaction.atomic():
                staff = actions.create_staff(
                    **form.cleaned_data, password=password, by=who.staff.actor, now=who.now, must_change=True
                )
                _give(staff, role_form, who)
        except AccountError as error:
            form.add_error(None, str(error))
        else:
            return _show_password(request, staff, password)
    context = {"form": form, "role_form": role_form}
    return render(request, "console/staff/new.html", context, status=400 if request.method == "POST" else 200)


def _give(staff: Staff, form: GrantForm, who: Who) -> None:
    enterprise = form.cleaned_data["enterprise"]
    actions.grant(
        staff=staff, role=Role(form.cleaned_data["role"]), place=form.cleaned_data["place"],
        subject=enterprise.pk if enterprise else None, until=form.cleaned_data["until"], by=who.staff.actor,
        now=who.now,
    )  # fmt: skip


def _show_password(request: HttpRequest, staff: Staff, password: str) -> HttpResponse:
    return render(request, "console/staff/password.html", {"staff": staff, "password": password})


def _account_page(request: HttpRequest, who: Who, staff_id: UUID, form: GrantForm | None = None) -> HttpResponse:
    staff, roles = reads.account(who.held, who.now, staff_id)
    context = {
        "staff": staff, "roles": roles, "form": form or GrantForm(reads.places_for_roles(who.held)),
        "self": staff.id == who.staff.id, "two_step": two_step.device_of(staff),
    }  # fmt: skip
    return render(request, "console/staff/account.html", context, status=400 if form else 200)


@staff_view(Capability.ACCOUNTS)
def account(request: HttpRequest, who: Who, staff_id: UUID) -> HttpResponse:
    return _account_page(request, who, staff_id)


@staff_view(Capability.ACCOUNTS)
@require_POST
def give_role(request: HttpRequest, who: Who, staff_id: UUID) -> HttpResponse:
    staff, _roles = reads.account(who.held, who.now, staff_id)
    form = GrantForm(reads.places_for_roles(who.held), request.POST)
    if form.is_valid():
        try:
            _give(staff, form, who)
        except AccountError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The role is given. It holds from now on."))
            return redirect("staff:account", staff_id)
    return _account_page(request, who, staff_id, form)


@staff_view(Capability.ACCOUNTS)
@require_POST
def end_role(request: HttpRequest, who: Who, staff_id: UUID, grant_id: UUID) -> HttpResponse:
    grant = reads.grant(who.held, who.now, staff_id, grant_id)
    actions.end_grant(grant=grant, by=who.staff.actor, now=who.now)
    messages.success(request, _("The role has ended. What was owned by it goes to the next in line."))
    return redirect("staff:account", staff_id)


@staff_view(Capability.ACCOUNTS)
@require_POST
def switch(request: HttpRequest, who: Who, staff_id: UUID) -> HttpResponse:
    staff, _roles = reads.account(who.held, who.now, staff_id)
    if staff.id == who.staff.id:
        messages.error(request, _("You cannot switch off your own account. Ask another administrator."))
    else:
        actions.set_active(staff=staff, active=not staff.is_active, by=who.staff.actor, now=who.now)
        off = _("The account is off and signed out everywhere.")
        text = off if staff.is_active else _("The account is on again.")
        messages.success(request, text)
    return redirect("staff:account", staff_id)


@staff_view(Capability.ACCOUNTS)
@sensitive_variables("password")
@require_POST
def new_password(request: HttpRequest, who: Who, staff_id: UUID) -> HttpResponse:
    staff, _roles = reads.account(who.held, who.now, staff_id)
    password = _first_password()
    actions.set_password(staff=staff, password=password, by=who.staff.actor, now=who.now, must_change=True)
    return _show_password(request, staff, password)


@staff_view(Capability.ACCOUNTS)
@require_POST
def two_step_off(request: HttpRequest, who: Who, staff_id: UUID) -> HttpResponse:
    staff, _roles = reads.account(who.held, who.now, staff_id)
    two_step.switch_off(staff=staff, by=who.staff.actor, now=who.now)
    messages.success(request, _("Signing in no longer asks this person for a code."))
    return redirect("staff:account", staff_id)
