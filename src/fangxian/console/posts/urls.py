from django.urls import path

from fangxian.console.posts import views

app_name = "posts"
urlpatterns = [
    path("", views.mine, name="mine"),
    path("<uuid:slot_id>/came/", views.came, name="came"),
    path("<uuid:assignment_id>/left/", views.left, name="left"),
]
