"""Every address of the staff's pages. Each package under console names its own; a new one is a line here."""

from django.urls import include, path

from fangxian.console.accounts import views as account_views
from fangxian.console.health import health
from fangxian.console.home import views as home_views

urlpatterns = [
    path("", home_views.home, name="home"),
    path("first-steps/", home_views.guide, name="first-steps"),
    path("health/", health, name="health"),
    path("language/", account_views.set_language, name="set_language"),
    path("", include("fangxian.console.accounts.urls")),
    path("board/", include("fangxian.console.board.urls")),
    path("gaps/", include("fangxian.console.gaps.urls")),
    path("field/", include("fangxian.console.field.urls")),
    path("gate/", include("fangxian.console.gate.urls")),
    path("gates/", include("fangxian.console.gates.urls")),
    path("my-posts/", include("fangxian.console.posts.urls")),
    path("passes/", include("fangxian.console.passes.urls")),
    path("buildings/", include("fangxian.console.buildings.urls")),
    path("firm/", include("fangxian.console.firm.urls")),
    path("firms/", include("fangxian.console.firms.urls")),
    path("filings/", include("fangxian.console.filings.urls")),
    path("masks/", include("fangxian.console.masks.urls")),
    path("mask-desk/", include("fangxian.console.mask_desk.urls")),
    path("mask-counter/", include("fangxian.console.mask_counter.urls")),
    path("rounds/", include("fangxian.console.rounds.urls")),
    path("given/", include("fangxian.console.duties.urls")),
    path("find/", include("fangxian.console.search.urls")),
    path("lists/", include("fangxian.console.imports.urls")),
    path("register/", include("fangxian.console.registry.urls")),
    path("places/", include("fangxian.console.places.urls")),
    path("playbook/", include("fangxian.console.playbooks.urls")),
    path("hygiene/", include("fangxian.console.hygiene.urls")),
    path("trace/", include("fangxian.console.trace.urls")),
    path("stock/", include("fangxian.console.stock.urls")),
    path("inspect/", include("fangxian.console.inspect.urls")),
    path("findings/", include("fangxian.console.findings.urls")),
    path("waves/", include("fangxian.console.waves.urls")),
    path("our-window/", include("fangxian.console.firm_wave.urls")),
    path("devices/", include("fangxian.console.devices.urls")),
    path("gate-visits/", include("fangxian.console.visits.urls")),
    path("staff/", include("fangxian.console.staff.urls")),
    path("staff-ledgers/", include("fangxian.console.firm_roster.urls")),
]
