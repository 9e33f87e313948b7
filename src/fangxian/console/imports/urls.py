from django.urls import path

from fangxian.console.imports import views

app_name = "imports"
urlpatterns = [
    path("", views.home, name="home"),
    path("<uuid:batch_id>/", views.batch, name="batch"),
    path("<uuid:batch_id>/columns/", views.columns, name="columns"),
    path("<uuid:batch_id>/preview/", views.preview, name="preview"),
    path("<uuid:batch_id>/counts/", views.counts, name="counts"),
    path("<uuid:batch_id>/confirm/", views.confirm, name="confirm"),
    path("<uuid:batch_id>/withdraw/", views.withdraw, name="withdraw"),
    path("<uuid:batch_id>/resume/", views.resume, name="resume"),
    path("<uuid:batch_id>/progress/", views.progress, name="progress"),
    path("<uuid:batch_id>/refused/", views.refused, name="refused"),
    path("doubles/<uuid:candidate_id>/", views.decide, name="decide"),
    path("doubles/<uuid:candidate_id>/undo/", views.undo, name="undo"),
]
