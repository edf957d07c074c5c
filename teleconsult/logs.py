"""Structured logs: one event a line, with the request's identifier and no personal data."""

import logging

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from structlog.typing import Processor

from teleconsult.settings import Settings

QUIET = ("aioice", "aiortc", "apscheduler", "tortoise", "asyncio", "aiosqlite")


class WithoutRequests(logging.Filter):
    """Leaves out what aiohttp quotes of a request that it could not read: its sender's address, tokens, cookies."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything pass, but nothing of a request with it."""
        if record.name == "aiohttp.server":
            record.args = ()
            record.msg = "request_failed"
            error = record.exc_info[1] if record.exc_info else None
            if isinstance(error, HttpProcessingError):
                record.msg = f"request_unreadable: {type(error).__name__}"
                record.exc_info = None
        return True


def configure_logs(settings: Settings) -> None:
    """Send structlog's and the libraries' records to standard error, as text or JSON lines."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        # Not the default: that one prints every frame's variables, people's names among them.
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    render: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if settings.log_format == "json":
        render.append(structlog.processors.format_exc_info)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*render, last]))
    handler.addFilter(WithoutRequests())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    # it writes addresses and whole paths, tokens among them; `request` lines take its place
    logging.getLogger("aiohttp.access").disabled = True
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
