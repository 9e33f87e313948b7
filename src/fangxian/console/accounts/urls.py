from django.urls import path

from fangxian.console.accounts import views

app_name = "account"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/code/", views.sign_in_code, name="code"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("me/", views.me, name="me"),
    path("me/password/", views.password, name="password"),
    path("me/two-step/", views.two_step_on, name="two-step"),
    path("me/two-step/off/", views.two_step_off, name="two-step-off"),
]
