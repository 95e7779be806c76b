from django.apps import AppConfig


class PerfmgrConfig(AppConfig):
    name = "perfmgr"

    def ready(self) -> None:
        from perfmgr import celery  # noqa: F401  so that shared tasks find the queue
