"""What Prometheus costs for the city: CPU, memory, samples kept; and the daemon meanwhile.

Two of them scrape the same daemon at once, with the shipped jobs and intervals: one as shipped,
and one that does not honour time stamps, so that it keeps a sample for every scrape, as it did
before polled counters carried the instant of their poll.

Must not know: what any series means.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.part import Part, times_cheaper
from bench.servers import Reading, demo, prometheus, usage
from bench.table import Table

WARM_SECONDS = 150.0
SECONDS = 240.0
LEAST_SAMPLES_SAVED = 1.5


def run(schools: int | None = None, seconds: float = SECONDS, warm: float = WARM_SECONDS) -> Part:
    """Measure the city's daemon and both Prometheus side by side."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        daemon, port = stack.enter_context(demo(Path(folder), schools))
        shipped = stack.enter_context(prometheus(Path(folder) / "shipped", port))
        before = stack.enter_context(prometheus(Path(folder) / "before", port, honor=False))
        time.sleep(warm)
        began = (usage(daemon), shipped.read(), before.read())
        time.sleep(seconds)
        ended = (usage(daemon), shipped.read(), before.read())
    return _part(began, ended, seconds)


def _part(
    began: tuple[Reading, Reading, Reading], ended: tuple[Reading, Reading, Reading], seconds: float
) -> Part:
    def a_minute(one: int, what: str) -> float:
        used = getattr(ended[one], what) - getattr(began[one], what)
        return float(used) * 60 / seconds

    saved = a_minute(2, "appended") / max(1.0, a_minute(1, "appended"))
    rows = tuple(
        (
            name,
            f"{a_minute(one, 'cpu_seconds'):.1f} s",
            f"{ended[one].resident / 1e6:.0f} MB",
            f"{a_minute(one, 'appended'):,.0f}" if one else "–",
            f"{ended[one].series:,.0f}" if one else "–",
        )
        for one, name in enumerate(
            ("the daemon", "Prometheus as shipped", "Prometheus without time stamps")
        )
    )
    table = Table(
        f"Prometheus beside the city, over {seconds:g} s",
        ("", "CPU a minute", "resident", "samples kept a minute", "series"),
        rows,
        (
            "Both scrape the same daemon in the same minutes, each 30 s, with all rules.",
            "Without time stamps each scrape is kept, as it was before the polls' instants.",
        ),
    )
    goal = times_cheaper("samples kept, against one for each scrape", saved, LEAST_SAMPLES_SAVED)
    return Part((goal,), (table,))
