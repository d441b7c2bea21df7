"""Writes docs/probe.svg: what `schulnetz probe SCHOOL --demo` prints, as a picture.

Needs a running `schulnetz demo`. Usage: tools/probe_picture.py SCHOOL
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
from pathlib import Path

from rich.console import Console

from monitor.cli.demo_options import STATE_DIRECTORY
from monitor.cli.session import open_session
from monitor.cli.show import session_screen
from monitor.config import load

COLUMNS = 92


async def picture(school_id: str) -> str:
    """Return the screen for one school as SVG without external resources."""
    inventory = load(Path("config/schools.yaml"))
    school = inventory.school(school_id)
    if school is None:
        sys.exit(f"no school {school_id}")
    async with open_session(
        inventory, school, STATE_DIRECTORY, of_demo=True, pings=True
    ) as session:
        await session.round(session.checks)
        await session.measure_load()
        console = Console(record=True, width=COLUMNS, file=io.StringIO())
        console.print(session_screen(session, with_verdicts=False))
    svg = console.export_svg(title=f"schulnetz probe {school_id} --demo")
    # The exporter refers to a web font; a picture in a repository must not load anything.
    return re.sub(r"@font-face\s*{.*?}", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    Path("docs/probe.svg").write_text(asyncio.run(picture(sys.argv[1])), encoding="utf-8")
