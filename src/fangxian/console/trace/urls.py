from django.urls import path

from fangxian.console.trace import views

app_name = "trace"
urlpatterns = [path("", views.page, name="page")]
