"""Signing in and out, and what everybody sets for themselves."""

from uuid import UUID

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice

from fangxian.accounts import actions, two_step
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.console.accounts.forms import CodeForm, PasswordForm, SignInForm
from fangxian.console.view import Who, begin_session, open_view, safe_next, staff_view
from fangxian.shared import clock

WAITING_KEY = "waiting_for_code"
WAITING_SECONDS = 300
BACKEND = "django.contrib.auth.backends.ModelBackend"


def _enter(request: HttpRequest, staff: Staff, target: str) -> HttpResponse:
    request.session.pop(WAITING_KEY, None)
    login(request, staff, backend=BACKEND)
    begin_session(request, staff, clock.now())
    answer = redirect(target)
    _keep_language(answer, staff.language)
    return answer


def _keep_language(answer: HttpResponse, language: str) -> None:
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE, httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )  # fmt: skip


@open_view
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request.POST or None)
    if form.is_valid():
        staff = authenticate(request, **form.cleaned_data)
        if isinstance(staff, Staff):
            target = safe_next(request)
            if two_step.device_of(staff) is None:
                return _enter(request, staff, target)
            request.session[WAITING_KEY] = {
                "staff": staff.id.hex, "since": clock.to_us(clock.now()), "next": target,
            }  # fmt: skip
            return redirect("account:code")
        form.add_error(None, _("The user name or the password is wrong. After five attempts signing in is locked."))
    context = {"form": form, "next": request.GET.get("next", ""), "ended": "ended" in request.GET}
    return render(request, "console/accounts/sign_in.html", context, status=400 if form.errors else 200)


def _waiting_staff(request: HttpRequest) -> tuple[Staff | None, str]:
    waiting = request.session.get(WAITING_KEY)
    if not waiting or clock.to_us(clock.now()) - waiting["since"] > WAITING_SECONDS * clock.SECOND_US:
        return None, ""
    return Staff.objects.filter(id=UUID(waiting["staff"]), is_active=True).first(), str(waiting["next"])


@open_view
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    staff, target = _waiting_staff(request)
    device = two_step.device_of(staff) if staff else None
    if staff is None or device is None:
        messages.info(request, _("The time for the code has passed. Sign in again."))
        return redirect("account:sign-in")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        # verify_token throttles by itself after wrong codes
        if device.verify_token(form.cleaned_data["code"]):
            answer = _enter(request, staff, target)
            otp_login(request, device)
            return answer
        form.add_error("code", _("This code is not right, or it was used already. Wait for the next one and type it."))
    return render(request, "console/accounts/code.html", {"form": form}, status=400 if form.errors else 200)


@open_view
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    answer = redirect("account:sign-in")
    # what a shared office computer kept of these pages goes with the session
    answer["Clear-Site-Data"] = '"cache"'
    return answer


@open_view
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    language = request.POST.get("language", "")
    answer = redirect(safe_next(request))
    if language in dict(settings.LANGUAGES):
        if isinstance(request.user, Staff):
            actions.set_language(staff=request.user, language=language)
        _keep_language(answer, language)
    return answer


@staff_view()
def me(request: HttpRequest, who: Who) -> HttpResponse:
    roles = [
        {"role": Role(grant.role).label, "place": grant.place, "since": grant.since, "until": grant.until}
        for grant in who.grants
    ]
    context = {"staff": who.staff, "roles": roles, "device": two_step.device_of(who.staff)}
    return render(request, "console/accounts/me.html", context)


@staff_view(before_password_change=True)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest, who: Who) -> HttpResponse:
    form = PasswordForm(request.POST or None)
    if form.is_valid():
        if not who.staff.check_password(form.cleaned_data["old"]):
            form.add_error("old", _("This is not your present password."))
        else:
            try:
                actions.set_password(
                    staff=who.staff, password=form.cleaned_data["new"], by=who.staff.actor, now=who.now
                )
            except ValidationError as weak:
                form.add_error("new", weak)
            else:
                messages.success(request, _("The password is changed. Other devices have been signed out."))
                return _enter(request, who.staff, reverse("home"))
    context = {"form": form, "forced": who.staff.must_change_password}
    return render(request, "console/accounts/password.html", context, status=400 if form.errors else 200)


@staff_view()
@require_http_methods(["GET", "POST"])
def two_step_on(request: HttpRequest, who: Who) -> HttpResponse:
    """Set up the code at sign-in: a device is made, and counts once one code from it was right."""
    if two_step.device_of(who.staff):
        return redirect("account:me")
    device = two_step.begin(staff=who.staff)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        code = form.cleaned_data["code"]
        if two_step.confirm(staff=who.staff, device=device, code=code, by=who.staff.actor, now=who.now):
            messages.success(request, _("From now on signing in asks for a code from your phone."))
            return redirect("account:me")
        form.add_error("code", _("This code is not right, or it was used already. Wait for the next one and type it."))
    picture = segno.make(device.config_url, error="m").svg_inline(scale=5, border=3, dark="#000", light="#fff")
    context = {"form": form, "picture": mark_safe(picture), "secret": _spoken(device)}  # noqa: S308 - drawn by segno, no outside text
    return render(request, "console/accounts/two_step.html", context, status=400 if form.errors else 200)


def _spoken(device: TOTPDevice) -> str:
    """The secret in groups of four, for a phone that cannot read the picture."""
    text = str(device.config_url).split("secret=", 1)[1].split("&", 1)[0]
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


@staff_view()
@sensitive_post_parameters()
@require_POST
def two_step_off(request: HttpRequest, who: Who) -> HttpResponse:
    if who.staff.check_password(request.POST.get("password", "")):
        two_step.switch_off(staff=who.staff, by=who.staff.actor, now=who.now)
        messages.success(request, _("Signing in no longer asks for a code."))
    else:
        messages.error(request, _("The password was not right. The code at sign-in stays on."))
    return redirect("account:me")
