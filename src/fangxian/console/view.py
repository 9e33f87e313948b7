"""How a staff page begins: who asks, at what instant, and how far their roles reach.

Every page of the console is made with `staff_view` or `open_view`; a test walks the URLs and fails on any other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.db import OperationalError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from fangxian.accounts import access
from fangxian.accounts.access import NotAllowedError, NotFoundError, Reach
from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import CAPABILITIES, Capability, Role
from fangxian.console import errors
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.writer import WriterBusyError

P = ParamSpec("P")
EPOCH_KEY = "epoch"
SIGNED_IN_KEY = "signed_in_us"
LONGEST_SESSION = timedelta(hours=12)


@dataclass(frozen=True)
class Who:
    """The signed-in person, the instant of the request and what their roles give."""

    staff: Staff
    now: datetime
    grants: tuple[RoleGrant, ...]
    held: Reach
    """Their reach for the capability of this view; everything they reach at all when the view asks for none."""

    @cached_property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset[Capability]().union(*(CAPABILITIES[Role(grant.role)] for grant in self.grants))

    def can(self, capability: Capability) -> bool:
        return capability in self.capabilities

    def reach(self, capability: Capability) -> Reach:
        return access.reach_of(self.grants, capability)

    def place(self, place_id: UUID) -> Place:
        """A place within `held`, with its grid and the line above it up to the street. Raises NotFoundError."""
        within = self.held.places() | Q(id__in=sorted(self.held.grids))
        rows = Place.objects.select_related("grid", "parent__parent__parent__parent")
        return access.get(rows, within, id=place_id)


StaffView = Callable[Concatenate[HttpRequest, Who, P], HttpResponse]
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


def begin_session(request: HttpRequest, staff: Staff, now: datetime) -> None:
    """Remember what ends this session early: a raised epoch (password, switch-off) and its greatest age."""
    request.session[EPOCH_KEY] = staff.session_epoch
    request.session[SIGNED_IN_KEY] = clock.to_us(now)


def _session_holds(request: HttpRequest, staff: Staff, now: datetime) -> bool:
    signed_in = request.session.get(SIGNED_IN_KEY)
    return (
        staff.is_active
        and request.session.get(EPOCH_KEY) == staff.session_epoch
        and isinstance(signed_in, int)
        and now - clock.from_us(signed_in) < LONGEST_SESSION
    )


def _who(staff: Staff, capability: Capability | None, now: datetime) -> Who:
    """Raises NotAllowedError when none of the person's grants gives `capability`."""
    grants = tuple(access.live_grants(staff, now).order_by("since"))
    held = access.reach_of(grants, capability) if capability else Reach()
    if capability and not held:
        access.require(staff, capability, now)
    return Who(staff, now, grants, held)


def staff_view(
    capability: Capability | None = None, *, before_password_change: bool = False
) -> Callable[[StaffView[P]], Page[P]]:
    """Make a page for signed-in staff who hold `capability` somewhere (None: for anybody signed in).

    The view gets the request and a `Who`. NotFoundError becomes 404, NotAllowedError 403, a writer that does not come
    free 503. Answers are never cached.
    """

    def make(view: StaffView[P]) -> Page[P]:
        @wraps(view)
        def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            staff, now = request.user, clock.now()
            if not isinstance(staff, Staff):
                return redirect_to_login(request.get_full_path() if request.method == "GET" else reverse("home"))
            if not _session_holds(request, staff, now):
                logout(request)
                return redirect(f"{reverse(settings.LOGIN_URL)}?ended=1")
            if staff.must_change_password and not before_password_change:
                return redirect("account:password")
            try:
                who = _who(staff, capability, now)
                request.who = who  # type: ignore[attr-defined]  # read back by the menu (console.nav)
                answer = view(request, who, *args, **kwargs)
            except NotFoundError as missing:
                answer = errors.not_found(request, missing)
            except NotAllowedError as refused:
                answer = errors.forbidden(request, refused)
            except WriterBusyError:
                answer = errors.busy(request)
            except OperationalError as error:
                # what a plain transaction says when SQLite's writer did not come free; anything else is a fault
                if "locked" not in str(error):
                    raise
                answer = errors.busy(request)
            add_never_cache_headers(answer)
            return answer

        page.capability = capability or "signed-in"  # type: ignore[attr-defined]  # the access matrix reads it
        return page

    return make


def open_view(view: Page[P]) -> Page[P]:
    """Mark a page that anybody may open without signing in."""
    view.capability = "open"  # type: ignore[attr-defined]  # the access matrix reads it
    return view


def safe_next(request: HttpRequest, fallback: str = "home") -> str:
    """Where a form asked to go afterwards, if that is on this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse(fallback)
