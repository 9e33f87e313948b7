from django.urls import path

from fangxian.console.staff import views

app_name = "staff"
urlpatterns = [
    path("", views.listing, name="list"),
    path("new/", views.new, name="new"),
    path("<uuid:staff_id>/", views.account, name="account"),
    path("<uuid:staff_id>/roles/", views.give_role, name="give-role"),
    path("<uuid:staff_id>/roles/<uuid:grant_id>/end/", views.end_role, name="end-role"),
    path("<uuid:staff_id>/switch/", views.switch, name="switch"),
    path("<uuid:staff_id>/password/", views.new_password, name="password"),
    path("<uuid:staff_id>/two-step-off/", views.two_step_off, name="two-step-off"),
]
