from django.urls import path

from fangxian.console.firm_roster import daily, lists, staff, watch

SEAT = "<uuid:enterprise_id>/<uuid:place_id>"
ROW = f"{SEAT}/<uuid:row_id>"

app_name = "firm-roster"
urlpatterns = [
    path("watch/", watch.waiting, name="watch"),
    path("watch/reports/", watch.reports, name="watch-reports"),
    path(f"watch/{SEAT}/", watch.ledger, name="watch-ledger"),
    path(f"{SEAT}/", staff.ledger, name="list"),
    path(f"{SEAT}/add/", staff.add, name="add"),
    path(f"{SEAT}/upload/", lists.upload, name="upload"),
    path(f"{SEAT}/upload/<uuid:batch_id>/", lists.look, name="look"),
    path(f"{SEAT}/upload/<uuid:batch_id>/take/", lists.take, name="take"),
    path(f"{SEAT}/upload/<uuid:batch_id>/refused/", lists.refused, name="refused"),
    path(f"{SEAT}/daily/", daily.sheet, name="daily"),
    path(f"{ROW}/", staff.person, name="person"),
    path(f"{ROW}/state/", staff.state, name="state"),
    path(f"{ROW}/evidence/", staff.evidence, name="evidence"),
    path(f"{ROW}/evidence/file/", staff.evidence_file, name="evidence-file"),
]
