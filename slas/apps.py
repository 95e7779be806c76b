from django.apps import AppConfig


class SlasConfig(AppConfig):
    name = "slas"
    verbose_name = "service levels"

    def ready(self) -> None:
        from . import work  # noqa: F401  registers this room's jobs
        from .clocks import work as clock_work  # noqa: F401
