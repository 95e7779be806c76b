from django.apps import AppConfig


class SlasConfig(AppConfig):
    name = "slas"
    verbose_name = "service levels"

    def ready(self) -> None:
        from datasets import readers
        from kpis import kept_targets, uses

        from . import work  # noqa: F401  registers this room's jobs
        from .attainment import keeps_target
        from .clocks import work as clock_work  # noqa: F401
        from .readers import of_columns, of_kpi

        kept_targets.register(keeps_target)
        readers.register(of_columns)
        uses.register(of_kpi)
