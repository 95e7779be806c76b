from django.apps import AppConfig


class KpisConfig(AppConfig):
    name = "kpis"

    def ready(self) -> None:
        from datasets import readers

        from . import work  # noqa: F401  registers this room's jobs
        from .readers import of_columns

        readers.register(of_columns)
