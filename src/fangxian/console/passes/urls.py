from django.urls import path

from fangxian.console.passes import issuing, printed, several, views

app_name = "passes"
urlpatterns = [
    path("", views.listing, name="list"),
    path("issue/", issuing.one, name="issue"),
    path("lists/", issuing.many, name="many"),
    path("change/", several.change_several, name="change-several"),
    path("print/<str:form>/", printed.several, name="print"),
    path("<uuid:pass_id>/", views.story, name="story"),
    path("<uuid:pass_id>/change/", views.change, name="change"),
    path("<uuid:pass_id>/card/", printed.card, name="card"),
]
