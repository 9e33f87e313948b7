from django.urls import path

from fangxian.console.firm import measures, parts, views, workbook

app_name = "firm"
urlpatterns = [
    path("", views.home, name="home"),
    path("<uuid:enterprise_id>/<uuid:place_id>/", views.desk, name="desk"),
    path("<uuid:enterprise_id>/<uuid:place_id>/measures/", measures.listing, name="measures"),
    path("<uuid:enterprise_id>/<uuid:place_id>/measures/<uuid:measure_id>/end/", measures.end, name="end-measure"),
    path("<uuid:enterprise_id>/<uuid:place_id>/begin/", views.begin, name="begin"),
    path("<uuid:enterprise_id>/<uuid:place_id>/filing/", views.filing, name="filing"),
    path("<uuid:enterprise_id>/<uuid:place_id>/filing/send/", views.send, name="send"),
    path("<uuid:enterprise_id>/<uuid:place_id>/filing/end/", views.end, name="end"),
    path("<uuid:enterprise_id>/<uuid:place_id>/filing/workbook/", workbook.workbook, name="workbook"),
    path("<uuid:enterprise_id>/<uuid:place_id>/filing/workbook/template/", workbook.template, name="template"),
    path("<uuid:enterprise_id>/<uuid:place_id>/filing/<slug:part>/", parts.part, name="part"),
    path("<uuid:enterprise_id>/<uuid:place_id>/filing/<slug:part>/keep/", parts.keep, name="keep"),
]
