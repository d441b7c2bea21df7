"""The daemon's log: one line per record on stdout, as text or JSON, rate-limited.

Of records with the same message template, only a limited number is written per minute; the next one
says how many were suppressed. Audit lines and the results of reloads are always written.

Must not know: what is logged.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from monitor.words.plain import as_json, plain_lines

if TYPE_CHECKING:
    from collections.abc import Callable

ALWAYS: Final = "monitor.audit"
"""The logger whose records are never suppressed."""

LINES_A_MINUTE: Final = 10
_WINDOW_SECONDS: Final = 60.0
_MAX_KINDS: Final = 1000
# Multi-line records stay readable, and none of their lines looks like a record of its own.
_GOES_ON: Final = "\n  | "


class RateLimit(logging.Filter):
    """Suppresses records that are too frequent; `now` is monotonic."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._said: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is written."""
        if record.name == ALWAYS:
            return True
        # With the level: an outage must not drown among what is said of lines that are up.
        now, kind = self._now(), (record.name, record.levelno, str(record.msg))
        since, count = self._said.get(kind, (now, 0))
        if now - since >= _WINDOW_SECONDS:
            held = count - LINES_A_MINUTE
            if held > 0:
                lines = "1 line like this was" if held == 1 else f"{held} lines like this were"
                record.msg = f"{record.getMessage()} ({lines} suppressed)"
                record.args = None
            since, count = now, 0
        if len(self._said) >= _MAX_KINDS and kind not in self._said:
            self._said.clear()
        self._said[kind] = (since, count + 1)
        return count < LINES_A_MINUTE


class TextLines(logging.Formatter):
    """One line of text, or marked continuation lines; text from devices cannot forge a record."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the traceback if there is one."""
        return plain_lines(super().format(record)).replace("\n", _GOES_ON)


class JsonLines(logging.Formatter):
    """One JSON object per line: time (UTC), level, logger, message, and a traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return as_json(line)


def set_up(form: str, now: Callable[[], float]) -> None:
    """Write all log records to stdout, as `text` or `json`."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    handler.addFilter(RateLimit(now))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
