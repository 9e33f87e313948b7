from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "fangxian.demo"
    label = "demo"
