from django.apps import AppConfig


class SlasConfig(AppConfig):
    name = "slas"
    verbose_name = "service levels"

    def ready(self) -> None:
        from kpis import kept_targets

        from . import work  # noqa: F401  registers this room's jobs
        from .attainment import keeps_target
        from .clocks import work as clock_work  # noqa: F401

        kept_targets.register(keeps_target)
