from django.urls import path

from fangxian.console.firms import views

app_name = "firms"
urlpatterns = [
    path("", views.listing, name="list"),
    path("<uuid:enterprise_id>/", views.firm, name="firm"),
    path("<uuid:enterprise_id>/facts/", views.facts, name="facts"),
    path("<uuid:enterprise_id>/same/", views.same, name="same"),
    path("<uuid:enterprise_id>/visit/", views.visit, name="visit"),
    path("<uuid:enterprise_id>/worker/", views.worker, name="worker"),
    path("<uuid:enterprise_id>/posts/", views.posts, name="posts"),
]
