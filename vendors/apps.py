from django.apps import AppConfig


class VendorsConfig(AppConfig):
    name = "vendors"

    def ready(self) -> None:
        from kpis import uses

        from .uses import of_kpi

        uses.register(of_kpi)
