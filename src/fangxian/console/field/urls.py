from django.urls import path

from fangxian.console.field import device, views

app_name = "field"
urlpatterns = [
    path("", views.today, name="today"),
    path("round/<uuid:round_id>/", views.grounds, name="grounds"),
    path("round/<uuid:round_id>/at/<uuid:ground_id>/", views.doors, name="doors"),
    path("round/<uuid:round_id>/at/<uuid:ground_id>/vehicles/", views.vehicles, name="vehicles"),
    path("round/<uuid:round_id>/at/<uuid:ground_id>/unlisted/", views.unlisted, name="unlisted"),
    path("round/<uuid:round_id>/door/<uuid:door_id>/", views.door, name="door"),
    path("offline/", device.shell, name="shell"),
    path("hello/", device.hello, name="hello"),
    path("pack/", device.take_pack, name="pack"),
    path("pack/<uuid:pack_id>/", device.pack_state, name="pack-state"),
    path("sync/", device.sync, name="sync"),
    path("worker.js", device.service_worker, name="service-worker"),
    path("app.webmanifest", device.manifest, name="manifest"),
]
