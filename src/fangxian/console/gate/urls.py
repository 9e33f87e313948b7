from django.urls import path

from fangxian.console.gate import parcels, photo, views, visitors

app_name = "gate"
urlpatterns = [
    path("", views.shell, name="shell"),
    path("hello/", views.hello, name="hello"),
    path("bundle/", views.bundle, name="bundle"),
    path("cards/", views.cards, name="cards"),
    path("hosts/", visitors.find_hosts, name="hosts"),
    path("visits/", visitors.ask, name="visits"),
    path("visits/<uuid:visit_id>/", visitors.visit, name="visit"),
    path("doors/", parcels.doors, name="doors"),
    path("parcels/", parcels.shelf, name="parcels"),
    path("photo/", photo.photo, name="photo"),
    path("worker.js", views.service_worker, name="service-worker"),
    path("app.webmanifest", views.manifest, name="manifest"),
]
