from django.urls import path

from fangxian.console.home import views

app_name = "search"
urlpatterns = [path("", views.home, name="page")]
