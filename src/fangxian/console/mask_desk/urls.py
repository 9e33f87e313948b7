from django.urls import path

from fangxian.console.mask_desk import views

app_name = "mask-desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("<uuid:place_id>/", views.desk, name="desk"),
    path("<uuid:place_id>/register/", views.register_one, name="register"),
]
