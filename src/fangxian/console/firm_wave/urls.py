from django.urls import path

from fangxian.console.firm_wave import views

app_name = "firm-wave"
urlpatterns = [
    path("", views.home, name="home"),
    path("<int:slot_id>/object/", views.objection, name="object"),
]
