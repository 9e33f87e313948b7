from django.urls import path

from fangxian.console.search import views

app_name = "search"
urlpatterns = [path("", views.page, name="page")]
