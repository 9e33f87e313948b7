from django.urls import path

from fangxian.console.mask_counter import close, device, goods, talk, views

app_name = "mask-counter"
urlpatterns = [
    path("", views.home, name="home"),
    path("offline/", device.shell, name="shell"),
    path("worker.js", device.service_worker, name="service-worker"),
    path("app.webmanifest", device.manifest, name="manifest"),
    path("hello/", device.hello, name="hello"),
    path("pack/", device.take_pack, name="pack"),
    path("pack/<uuid:pack_id>/", device.pack_state, name="pack-state"),
    path("pack/<uuid:pack_id>/list/", device.listing, name="listing"),
    path("sync/", device.sync, name="sync"),
    path("channel/", talk.of_street, name="street-channel"),
    path("committees/<uuid:place_id>/channel/", talk.of_committee, name="desk-channel"),
    path("<uuid:place_id>/", views.day, name="day"),
    path("<uuid:place_id>/report/", views.report, name="report"),
    path("<uuid:place_id>/packing/", views.packing, name="packing"),
    path("<uuid:place_id>/handed/", views.handed, name="handed"),
    path("<uuid:place_id>/handed/take-back/", views.take_back, name="take-back"),
    path("<uuid:place_id>/goods/", goods.goods, name="goods"),
    path("<uuid:place_id>/goods/arrived/", goods.arrive, name="arrive"),
    path("<uuid:place_id>/goods/counted/", goods.correct, name="correct"),
    path("<uuid:place_id>/channel/", talk.of_pharmacy, name="channel"),
    path("<uuid:place_id>/close/", close.close, name="close"),
]
