from django.urls import path

from fangxian.console.gaps import views

app_name = "gaps"
urlpatterns = [
    path("", views.listing, name="list"),
    path("<uuid:gap_id>/", views.gap, name="gap"),
    path("<uuid:gap_id>/note/", views.note, name="note"),
    path("<uuid:gap_id>/done/", views.done, name="done"),
    path("<uuid:gap_id>/waive/", views.waive, name="waive"),
]
