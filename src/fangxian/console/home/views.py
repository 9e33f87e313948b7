from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fangxian.console.view import Who, staff_view


@staff_view()
def home(request: HttpRequest, who: Who) -> HttpResponse:
    return render(request, "console/home/home.html", {})
