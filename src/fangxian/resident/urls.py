from django.urls import path

from fangxian.resident import language, rounds, visit, wallet

app_name = "resident"
urlpatterns = [
    path("w/language/", language.set_language, name="language"),
    path("w/<str:secret>/", wallet.wallet, name="wallet"),
    path("w/<str:secret>/photo/", wallet.photo, name="wallet-photo"),
    path("r/", rounds.choose, name="rounds"),
    path("r/stock.json", rounds.stock_json, name="stock-json"),
    path("r/stock.csv", rounds.stock_csv, name="stock-csv"),
    path("r/<str:language>/", rounds.round_page, name="round"),
    path("visit/<str:secret>/", visit.visit, name="visit"),
]
