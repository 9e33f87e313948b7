from django.urls import path

from fangxian.console.registry import views

app_name = "registry"
urlpatterns = [
    path("<uuid:subject_id>/", views.subject, name="subject"),
    path("<uuid:subject_id>/reveal/", views.reveal, name="reveal"),
]
