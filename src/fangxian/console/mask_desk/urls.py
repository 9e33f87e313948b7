from django.urls import path

from fangxian.console.mask_desk import addresses, calls, doors, numbers, special, views, visits

app_name = "mask-desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("<uuid:place_id>/", views.desk, name="desk"),
    path("<uuid:place_id>/register/", views.register_one, name="register"),
    path("<uuid:place_id>/numbers/", numbers.numbers, name="numbers"),
    path("<uuid:place_id>/numbers/withdraw/", numbers.withdraw_one, name="withdraw"),
    path("<uuid:place_id>/numbers/yield/", numbers.yield_one, name="yield"),
    path("<uuid:place_id>/numbers/slips/", numbers.slips, name="slips"),
    path("<uuid:place_id>/calls/", calls.calls, name="calls"),
    path("<uuid:place_id>/calls/told/", calls.tell, name="told"),
    path("<uuid:place_id>/calls/phone/", calls.phone, name="phone"),
    path("<uuid:place_id>/calls/slips/", calls.slips, name="call-slips"),
    path("<uuid:place_id>/visits/", visits.visits, name="visits"),
    path("<uuid:place_id>/visits/delivered/", visits.deliver, name="delivered"),
    path("<uuid:place_id>/addresses/", addresses.addresses, name="addresses"),
    path("<uuid:place_id>/addresses/<uuid:application_id>/", addresses.application, name="application"),
    path("<uuid:place_id>/addresses/<uuid:application_id>/place/", addresses.place_one, name="place"),
    path("<uuid:place_id>/addresses/<uuid:application_id>/refuse/", addresses.refuse, name="refuse"),
    path("<uuid:place_id>/addresses/<uuid:application_id>/pass/", addresses.pass_one, name="pass-on"),
    path("<uuid:place_id>/disputes/", addresses.raise_dispute, name="dispute"),
    path("<uuid:place_id>/disputes/<uuid:dispute_id>/", addresses.decide, name="decide"),
    path("<uuid:place_id>/doors/", doors.doors, name="doors"),
    path("<uuid:place_id>/doors/told/", doors.tell, name="doors-told"),
    path("<uuid:place_id>/doors/letters/", doors.letters, name="letters"),
    path("<uuid:place_id>/special/", special.special, name="special"),
    path("<uuid:place_id>/special/mark/", special.mark, name="mark"),
]
