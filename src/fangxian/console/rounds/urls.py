from django.urls import path

from fangxian.console.rounds import views

app_name = "rounds"
urlpatterns = [
    path("", views.listing, name="list"),
    path("open/", views.open_one, name="open"),
    path("<uuid:round_id>/", views.progress, name="progress"),
    path("<uuid:round_id>/enrolling/", views.enrolling, name="enrolling"),
    path("<uuid:round_id>/close/", views.close, name="close"),
    path("found/", views.findings, name="findings"),
    path("found/<uuid:finding_id>/dismiss/", views.dismiss, name="dismiss"),
]
