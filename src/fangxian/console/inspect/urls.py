from django.urls import path

from fangxian.console.inspect import device, plan, views

app_name = "inspect"
urlpatterns = [
    path("", views.today, name="today"),
    path("offline/", device.shell, name="shell"),
    path("worker.js", device.service_worker, name="service-worker"),
    path("app.webmanifest", device.manifest, name="manifest"),
    path("hello/", device.hello, name="hello"),
    path("pack/", device.take_pack, name="pack"),
    path("pack/<uuid:pack_id>/", device.pack_state, name="pack-state"),
    path("pack/<uuid:pack_id>/list/", device.listing, name="listing"),
    path("photos/", device.photo, name="photo"),
    path("sync/", device.sync, name="sync"),
    path("plan/", plan.plan, name="plan"),
    path("plan/share/", plan.share, name="share"),
    path("plan/move/", plan.move, name="move"),
    path("plan/draw/", plan.draw, name="draw"),
    path("<uuid:inspection_id>/", views.inspection, name="inspection"),
    path("<uuid:inspection_id>/photos/<int:answer_id>/<str:digest>/", views.photo, name="answer-photo"),
]
