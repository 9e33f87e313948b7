from django.urls import path

from fangxian.resident import language, visit, wallet

app_name = "resident"
urlpatterns = [
    path("w/language/", language.set_language, name="language"),
    path("w/<str:secret>/", wallet.wallet, name="wallet"),
    path("visit/<str:secret>/", visit.visit, name="visit"),
]
