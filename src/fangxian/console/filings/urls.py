from django.urls import path

from fangxian.console.filings import views

app_name = "filings"
urlpatterns = [
    path("", views.listing, name="list"),
    path("<uuid:filing_id>/", views.filing, name="filing"),
    path("<uuid:filing_id>/act/", views.act, name="act"),
    path("<uuid:filing_id>/phone/", views.phone, name="phone"),
]
