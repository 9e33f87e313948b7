from django.urls import path

from fangxian.resident import language, masks, rounds, visit, wallet

app_name = "resident"
urlpatterns = [
    path("w/language/", language.set_language, name="language"),
    path("w/<str:secret>/", wallet.wallet, name="wallet"),
    path("w/<str:secret>/photo/", wallet.photo, name="wallet-photo"),
    path("r/", rounds.choose, name="rounds"),
    path("r/stock.json", rounds.stock_json, name="stock-json"),
    path("r/stock.csv", rounds.stock_csv, name="stock-csv"),
    path("r/<int:number>/<int:run>.json", rounds.run_file, name="run"),
    path("r/<str:language>/", rounds.round_page, name="round"),
    path("m/<int:number>/", masks.open_page, name="register-open"),
    path("m/<int:number>/<str:door>/", masks.register_page, name="register"),
    path("m/<int:number>/<str:door>/dispute/", masks.dispute, name="dispute"),
    path("m/<str:secret>/", masks.number_page, name="number"),
    path("m/<str:secret>/yield/", masks.give_way, name="yield"),
    path("m/<str:secret>/withdraw/", masks.take_back, name="withdraw"),
    path("visit/<str:secret>/", visit.visit, name="visit"),
]
