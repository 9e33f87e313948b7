from django.urls import path

from fangxian.console.home import views

app_name = "gaps"
urlpatterns = [path("", views.home, name="list")]
