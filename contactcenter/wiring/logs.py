"""Logging of a process: one line each, and never what a peer sent us."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError


class NoNoise(logging.Filter):
    """Bytes that are no HTTP would be quoted whole, with a traceback: a scanner would write our log (C18)."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0] and issubclass(record.exc_info[0], HttpProcessingError):
            record.msg, record.args = "a peer spoke no HTTP: %s", (record.exc_info[0].__name__,)
            record.exc_info = record.exc_text = None
        return True


def start_logging(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aiosmtpd").setLevel("WARNING")
    logging.getLogger("aiohttp.server").addFilter(NoNoise())
