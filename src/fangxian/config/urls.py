"""Every address of the program."""

from django.urls import include, path

urlpatterns = [
    path("", include("fangxian.console.urls")),
    path("", include("fangxian.resident.urls")),
]

handler400 = "fangxian.console.errors.bad_request"
handler403 = "fangxian.console.errors.forbidden"
handler404 = "fangxian.console.errors.not_found"
