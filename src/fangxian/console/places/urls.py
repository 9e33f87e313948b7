from django.urls import path

from fangxian.console.places import views

app_name = "places"
urlpatterns = [
    path("", views.home, name="home"),
    path("<uuid:place_id>/", views.place, name="place"),
    path("<uuid:place_id>/profile/", views.set_profile, name="profile"),
    path("<uuid:place_id>/add/", views.add, name="add"),
    path("<uuid:place_id>/move/", views.move, name="move"),
    path("<uuid:place_id>/grid/", views.lay_grid, name="grid"),
]
