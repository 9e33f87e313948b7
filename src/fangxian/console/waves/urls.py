from django.urls import path

from fangxian.console.waves import answers, places, views

app_name = "waves"
urlpatterns = [
    path("", views.listing, name="list"),
    path("ask/", views.ask, name="ask"),
    path("buildings/<uuid:place_id>/", places.building, name="place"),
    path("gates/<uuid:gate_id>/lanes/", places.lanes, name="lanes"),
    path("windows/<int:slot_id>/answer/", answers.answer, name="answer"),
    path("<uuid:plan_id>/", views.plan, name="plan"),
    path("<uuid:plan_id>/picture.svg", views.picture, name="picture"),
    path("<uuid:plan_id>/publish/", views.publish, name="publish"),
    path("<uuid:plan_id>/take-back/", views.take_back, name="take-back"),
    path("<uuid:plan_id>/<uuid:place_id>/", views.part, name="part"),
    path("<uuid:plan_id>/<uuid:place_id>/picture.svg", views.part_picture, name="part-picture"),
]
