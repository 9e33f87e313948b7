from django.urls import path

from fangxian.console.gates import hold_views, key_views, pattern_views, rota_views, setup_views, views

app_name = "gates"
urlpatterns = [
    path("", views.listing, name="list"),
    path("live", views.listing_live, name="list-live"),
    path("keys/", key_views.listing, name="keys"),
    path("keys/rotate/", key_views.rotate, name="key-rotate"),
    path("keys/<int:kid>/distrust/", key_views.distrust, name="key-distrust"),
    path("<uuid:gate_id>/", views.gate, name="gate"),
    path("<uuid:gate_id>/live", views.gate_live, name="gate-live"),
    path("<uuid:gate_id>/settings/", setup_views.settings, name="settings"),
    path("<uuid:gate_id>/setup/", setup_views.setup, name="setup"),
    path("<uuid:gate_id>/holds/", hold_views.listing, name="holds"),
    path("<uuid:gate_id>/hold/", hold_views.hold, name="hold"),
    path("<uuid:gate_id>/lift/<uuid:held_id>/", hold_views.lift, name="lift"),
    path("<uuid:gate_id>/rota/", rota_views.listing, name="rota"),
    path("<uuid:gate_id>/plan/", rota_views.plan, name="plan"),
    path("<uuid:gate_id>/repeat/", pattern_views.repeat, name="repeat"),
    path("<uuid:gate_id>/patterns/<uuid:pattern_id>/end/", pattern_views.end_pattern, name="end-pattern"),
    path("<uuid:gate_id>/close-post/", pattern_views.close_post, name="close-post"),
    path("<uuid:gate_id>/assign/", rota_views.assign, name="assign"),
    path("<uuid:gate_id>/unassign/<uuid:assignment_id>/", rota_views.unassign, name="unassign"),
    path("<uuid:gate_id>/cancel/<uuid:slot_id>/", rota_views.cancel, name="cancel"),
    path("<uuid:gate_id>/sign-off/<uuid:staff_id>/", rota_views.sign_off, name="sign-off"),
    path("<uuid:gate_id>/came/<uuid:slot_id>/", rota_views.came, name="came"),
    path("<uuid:gate_id>/left/<uuid:assignment_id>/", rota_views.left, name="left"),
]
