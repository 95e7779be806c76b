"""Log lines: JSON for machines in production, plain text for people elsewhere. Neither lets a line break through."""

import logging

import structlog

_SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
structlog.configure(
    processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)


class RefusalsAreShort(logging.Filter):
    """Django logs an answer 403 or 404 with the way to it through the code; that is wanted for faults of ours only."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = None
        return True


class JsonFormatter(structlog.stdlib.ProcessorFormatter):
    def __init__(self, *_, **__):
        super().__init__(processor=structlog.processors.JSONRenderer(), foreign_pre_chain=_SHARED)


class PlainFormatter(logging.Formatter):
    def __init__(self, *_, **__):
        super().__init__("%(levelname)s %(name)s: %(message)s")
