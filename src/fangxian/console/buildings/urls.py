from django.urls import path

from fangxian.console.buildings import act_views, force_views, views

app_name = "buildings"
urlpatterns = [
    path("", views.listing, name="list"),
    path("<uuid:place_id>/", views.building, name="building"),
    path("<uuid:place_id>/force/", force_views.force, name="force"),
    path("<uuid:place_id>/inside/", views.inside, name="inside"),
    path("<uuid:place_id>/tenants/", views.tenants, name="tenants"),
    path("<uuid:place_id>/statements/<uuid:statement_id>/", views.statement, name="statement"),
    path("<uuid:place_id>/setup/", act_views.setup, name="setup"),
    path("<uuid:place_id>/isolation/", act_views.isolation, name="isolation"),
    path("<uuid:place_id>/lifts/", act_views.add_lift, name="add-lift"),
    path("<uuid:place_id>/lifts/<uuid:lift_id>/", act_views.change_lift, name="change-lift"),
    path("<uuid:place_id>/appoint/", force_views.appoint, name="appoint"),
    path("<uuid:place_id>/release/<uuid:member_id>/", force_views.release, name="release"),
    path("<uuid:place_id>/roster/", force_views.roster, name="roster"),
    path("<uuid:place_id>/day/", force_views.day, name="day"),
    path("<uuid:place_id>/sign/<slug:kind>/", act_views.sign, name="sign"),
    path("<uuid:place_id>/supplies/<slug:goods>/", act_views.count, name="count"),
    path("<uuid:place_id>/measures/", act_views.declare, name="declare"),
    path("<uuid:place_id>/measures/<uuid:measure_id>/verify/", act_views.verify, name="verify"),
    path("<uuid:place_id>/measures/<uuid:measure_id>/end/", act_views.end_measure, name="end-measure"),
]
