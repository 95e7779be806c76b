from django.apps import AppConfig


class DoorsConfig(AppConfig):
    name = "doors"

    def ready(self):
        from . import schema  # noqa: F401  registers how we authenticate
