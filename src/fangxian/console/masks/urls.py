from django.urls import path

from fangxian.console.masks import day, number, views

app_name = "masks"
urlpatterns = [
    path("", views.listing, name="list"),
    path("new/", views.new, name="new"),
    path("<uuid:round_id>/", views.progress, name="round"),
    path("<uuid:round_id>/setup/", views.setup, name="setup"),
    path("<uuid:round_id>/pharmacies/", views.set_outlet, name="outlet"),
    path("<uuid:round_id>/drop/", views.drop, name="drop"),
    path("<uuid:round_id>/serving/", views.serve, name="serve"),
    path("<uuid:round_id>/announce/", views.announce, name="announce"),
    path("<uuid:round_id>/allocate/", views.allocate, name="allocate"),
    path("<uuid:round_id>/cancel/", views.cancel, name="cancel"),
    path("<uuid:round_id>/day/", day.summary, name="day"),
    path("<uuid:round_id>/number/", number.number, name="number"),
    path("<uuid:round_id>/number/<uuid:call_id>/back/", number.take_back, name="take-back"),
    path("<uuid:round_id>/addresses/", day.addresses, name="addresses"),
    path("<uuid:round_id>/addresses/<uuid:application_id>/", day.application, name="application"),
    path("<uuid:round_id>/check/", views.check, name="check"),
    path("audit/", views.audit, name="audits"),
    path("audit/<uuid:round_id>/", views.audit, name="audit"),
    path("runs/<uuid:run_id>/", views.run_file, name="run"),
]
