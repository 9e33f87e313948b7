from django.urls import path

from fangxian.console.hygiene import views

app_name = "hygiene"
urlpatterns = [
    path("", views.listing, name="list"),
    path("areas/<uuid:area_id>/", views.area, name="area"),
    path("records/<uuid:log_id>/photo/", views.photo, name="photo"),
    path("mix/", views.mix, name="mix"),
    path("labels/", views.labels, name="labels"),
]
