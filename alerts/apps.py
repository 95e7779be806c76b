from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "alerts"

    def ready(self) -> None:
        from kpis import uses

        from . import work  # noqa: F401  registers this room's jobs
        from .uses import of_kpi

        uses.register(of_kpi)
