from django.urls import path

from fangxian.console.devices import views

app_name = "devices"
urlpatterns = [
    path("", views.listing, name="list"),
    path("add/", views.add, name="add"),
    path("<uuid:device_id>/", views.device, name="device"),
    path("<uuid:device_id>/renew/", views.renew, name="renew"),
    path("<uuid:device_id>/revoke/", views.revoke, name="revoke"),
    path("<uuid:device_id>/calibrate/", views.calibrate, name="calibrate"),
    path("<uuid:device_id>/in-charge/", views.in_charge, name="in-charge"),
]
