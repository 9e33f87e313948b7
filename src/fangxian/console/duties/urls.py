from django.urls import path

from fangxian.console.duties import views

app_name = "given"
urlpatterns = [
    path("", views.give, name="give"),
    path("<uuid:duty_id>/done/", views.done, name="done"),
]
