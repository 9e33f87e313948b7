from django.urls import path

from fangxian.console.board import views

app_name = "board"
urlpatterns = [
    path("", views.home, name="home"),
    path("<uuid:place_id>/", views.place, name="place"),
    path("<uuid:place_id>/fragments", views.fragments, name="fragments"),
    path("<uuid:place_id>/wall/", views.wall, name="wall"),
    path("<uuid:place_id>/wall/fragments", views.wall_fragments, name="wall-fragments"),
]
