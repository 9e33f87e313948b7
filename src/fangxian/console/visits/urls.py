from django.urls import path

from fangxian.console.visits import views

app_name = "visits"
urlpatterns = [
    path("", views.gates, name="gates"),
    path("gates/<uuid:gate_id>/", views.desk, name="desk"),
    path("gates/<uuid:gate_id>/find/", views.find, name="find"),
    path("gates/<uuid:gate_id>/ask/", views.ask, name="ask"),
    path("gates/<uuid:gate_id>/parcels/", views.leave, name="leave"),
    path("<uuid:visit_id>/phone/", views.phone, name="phone"),
    path("<uuid:visit_id>/answer/", views.answer, name="answer"),
    path("parcels/<uuid:parcel_id>/collect/", views.collect, name="collect"),
]
