from django.urls import path

from fangxian.console.findings import trends, views

app_name = "findings"
urlpatterns = [
    path("", views.listing, name="list"),
    path("new/", views.new, name="new"),
    path("trends/", trends.trends, name="trends"),
    path("<uuid:finding_id>/", views.finding, name="finding"),
    path("<uuid:finding_id>/act/", views.act, name="act"),
    path("<uuid:finding_id>/photos/<uuid:step_id>/<str:digest>/", views.photo, name="photo"),
]
