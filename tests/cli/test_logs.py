"""The log: lines that no text can break, and never a flood."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest

from monitor.cli.logs import ALWAYS, LINES_A_MINUTE, JsonLines, RateLimit, TextLines

if TYPE_CHECKING:
    from collections.abc import Iterator


class Log:
    """A logger that writes into memory, with a clock that is set by hand."""

    def __init__(self, formatter: logging.Formatter) -> None:
        self.time = 0.0
        self.written = io.StringIO()
        handler = logging.StreamHandler(self.written)
        handler.setFormatter(formatter)
        handler.addFilter(RateLimit(lambda: self.time))
        self.loggers = [logging.getLogger(name) for name in ("monitor.x", ALWAYS)]
        for logger in self.loggers:
            logger.setLevel(logging.INFO)
            logger.propagate = False
            logger.addHandler(handler)
        self.handler = handler

    @property
    def lines(self) -> list[str]:
        return self.written.getvalue().splitlines()


@pytest.fixture(params=[TextLines, JsonLines])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    made = Log(request.param())
    yield made
    for logger in made.loggers:
        logger.removeHandler(made.handler)
        logger.propagate = True


def test_a_flood_of_one_kind_of_message_is_suppressed_and_counted(log: Log) -> None:
    usual, _ = log.loggers
    for number in range(1000):
        usual.warning("refused %d", number)
    usual.warning("something else")
    assert len(log.lines) == LINES_A_MINUTE + 1
    log.time += 60
    usual.warning("refused %d", 1000)
    assert (
        f"refused 1000 ({1000 - LINES_A_MINUTE} lines like this were suppressed)" in log.lines[-1]
    )
    usual.warning("refused %d", 1001)
    assert "suppressed" not in log.lines[-1]


def test_one_suppressed_line_is_counted_in_the_singular(log: Log) -> None:
    usual, _ = log.loggers
    for number in range(LINES_A_MINUTE + 1):
        usual.warning("refused %d", number)
    log.time += 60
    usual.warning("refused %d", 1000)
    assert log.lines[-1].count("refused 1000 (1 line like this was suppressed)") == 1


def test_a_flood_of_lines_suppresses_none_of_another_level(log: Log) -> None:
    usual, _ = log.loggers
    for number in range(LINES_A_MINUTE + 5):
        usual.log(logging.INFO, "%s: %s", number, "up")
    usual.log(logging.WARNING, "%s: %s", 7, "down")
    assert "7: down" in log.lines[-1]
    assert len(log.lines) == LINES_A_MINUTE + 1


def test_audit_lines_are_always_written(log: Log) -> None:
    _, audit = log.loggers
    for number in range(100):
        audit.info("configuration applied: %d schools", number)
    assert len(log.lines) == 100


def test_device_text_cannot_start_a_log_line(log: Log) -> None:
    usual, _ = log.loggers
    usual.warning("switch %s", "a\nERROR monitor: forged\r\x1b[2J\u0085")
    first, *others = log.written.getvalue().split("\n")[:-1]
    assert all(line.startswith("  | ") for line in others)
    assert "\x1b" not in log.written.getvalue()
    assert "forged" in "".join([first, *others])


def test_json_has_its_fields_and_the_traceback() -> None:
    made = Log(JsonLines())
    try:
        assert 1 / len(made.lines)
    except ZeroDivisionError:
        made.loggers[0].exception("it broke: %s", "here")
    line = json.loads(made.lines[0])
    assert (line["level"], line["logger"], line["message"]) == (
        "error",
        "monitor.x",
        "it broke: here",
    )
    assert "ZeroDivisionError: division by zero" in line["traceback"]
    assert line["time"].endswith("+00:00")
    made.loggers[0].removeHandler(made.handler)
    made.loggers[1].removeHandler(made.handler)
