from django.apps import AppConfig


class StudiesConfig(AppConfig):
    name = "studies"
    verbose_name = "Analysis"

    def ready(self) -> None:
        from kpis import uses

        from .uses import of_kpi

        uses.register(of_kpi)
