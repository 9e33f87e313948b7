from django.urls import path

from fangxian.console.stock import views

app_name = "stock"
urlpatterns = [
    path("", views.listing, name="list"),
    path("export/", views.export, name="export"),
    path("places/<uuid:place_id>/", views.store, name="store"),
    path("places/<uuid:place_id>/receive/", views.receive, name="receive"),
    path("places/<uuid:place_id>/move/", views.move, name="move"),
    path("places/<uuid:place_id>/write-off/", views.write_off, name="write-off"),
    path("places/<uuid:place_id>/count/", views.count, name="count"),
]
