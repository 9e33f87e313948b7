from django.urls import path

from fangxian.console.playbooks import edits, gate_edits, mask_edits, views

app_name = "playbooks"
urlpatterns = [
    path("", views.home, name="home"),
    path("check/", views.check, name="check"),
    path("shipped/<slug:name>/", views.shipped, name="shipped"),
    path("progress/", views.progress, name="progress"),
    path("apply/", views.apply, name="apply"),
    path("versions/<int:version_id>/", views.version, name="version"),
    path("versions/<int:version_id>/again/", views.again, name="again"),
    path("versions/<int:version_id>/download/", views.download, name="download"),
    path("thresholds/<str:key>/", edits.threshold, name="threshold"),
    path("regions/new/", edits.new_region, name="new-region"),
    path("regions/<str:key>/", edits.region, name="region"),
    path("checklist/new/", edits.new_item, name="new-item"),
    path("checklist/<str:key>/", edits.item, name="item"),
    path("gates/", gate_edits.values, name="gates"),
    path("gates/zones/<str:letter>/", gate_edits.zone, name="zone"),
    path("masks/", mask_edits.values, name="masks"),
    path("masks/goods/<str:key>/", mask_edits.goods, name="goods"),
    path("masks/answers/new/", mask_edits.new_answer, name="new-answer"),
    path("masks/answers/<int:number>/", mask_edits.answer, name="answer"),
]
