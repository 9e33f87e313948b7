from django.urls import path

from fangxian.console.passes import issuing, photos, printed, several, views

app_name = "passes"
urlpatterns = [
    path("", views.listing, name="list"),
    path("issue/", issuing.one, name="issue"),
    path("lists/", issuing.many, name="many"),
    path("change/", several.change_several, name="change-several"),
    path("photos/", photos.many, name="photos"),
    path("print/<str:form>/", printed.several, name="print"),
    path("<uuid:pass_id>/", views.story, name="story"),
    path("<uuid:pass_id>/change/", views.change, name="change"),
    path("<uuid:pass_id>/card/", printed.card, name="card"),
    path("<uuid:pass_id>/photo/", photos.photo, name="photo"),
    path("<uuid:pass_id>/photo/put/", photos.put, name="photo-put"),
    path("<uuid:pass_id>/photo/remove/", photos.remove, name="photo-remove"),
]
