"""Which packages may import which: the rules of docs/architecture.md, whose table comes from here.

`python -m tests.test_architecture` writes the table.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from monitor.cli.commands import COMMANDS
from tools.structure import circle, imports_of, package

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "monitor"
PAGE = ROOT / "docs" / "architecture.md"

# From the bottom up: a package, and which packages below it may be imported.
ROOMS: dict[str, tuple[str, ...]] = {
    "clock": (),
    "threads": (),
    "words": (),
    "state": (),
    "flood_filter": (),
    "host_names": (),
    "inventory": (),
    "observation": ("inventory",),
    "calendar": ("inventory",),
    "snmp": ("flood_filter",),
    "config": ("host_names", "inventory", "calendar"),
    "importing": ("inventory", "config"),
    "mails": ("inventory", "config"),
    "schedule": ("inventory", "observation"),
    "probes": ("flood_filter", "host_names", "inventory", "observation", "snmp"),
    "throughput": ("inventory", "observation", "probes"),
    "devices": ("inventory", "observation"),
    "uplink": ("inventory", "observation"),
    "verdict": ("inventory", "observation", "uplink"),
    "ledger": (),
    "availability": ("inventory", "observation", "ledger"),
    "campaigns": ("inventory", "observation", "uplink", "ledger"),
    "rollout": ("inventory", "observation", "uplink", "ledger", "availability", "campaigns"),
    "report": ("inventory", "ledger", "campaigns", "rollout"),
    "exposition": (
        "inventory",
        "observation",
        "calendar",
        "devices",
        "uplink",
        "verdict",
        "ledger",
        "availability",
        "campaigns",
        "rollout",
        "report",
    ),
    "status": (
        "inventory",
        "observation",
        "calendar",
        "uplink",
        "verdict",
        "ledger",
        "availability",
        "rollout",
        "report",
        "exposition",
    ),
    "web": ("observation", "config", "exposition", "status"),
    "simulator": (
        "inventory",
        "observation",
        "snmp",
        "config",
        "ledger",
        "availability",
        "campaigns",
        "rollout",
    ),
}
FOR_ALL = ("clock", "threads", "words", "state")
# They join the packages and may import all of them; the shell is above the daemon.
JOIN = ("daemon", "cli", "__main__")
# Third parties with one owner each.
OWNERS = {
    "yaml": ("config",),
    "sqlite3": ("ledger",),
    "sqlalchemy": ("ledger",),
    "psycopg": ("ledger",),
    "prometheus_client": ("exposition",),
    "pysnmp": ("snmp",),
    "aiohttp": ("web",),
    "click": ("cli",),
    "dns": ("probes",),
    "holidays": ("calendar",),
    "idna": ("host_names",),
    "jinja2": ("report", "web"),
    "markupsafe": ("report", "web"),
}
MOST_LINES = 400
FEWEST_LINES = 30

MONITOR = package(PACKAGE)
SOURCES, IMPORTS = MONITOR.files, MONITOR.imports
TOOLS = sorted((ROOT / "tools").glob("*.py"))
room_of = MONITOR.room_of


@pytest.mark.parametrize("module", SOURCES)
def test_imports_stay_within_the_walls(module: str) -> None:
    room = room_of(module)
    for name in IMPORTS[module]:
        top = name.split(".")[0]
        if top in OWNERS:
            assert room in OWNERS[top], f"{top} belongs to {OWNERS[top]}"
        if top != "monitor" or name == "monitor" or room in JOIN:
            continue
        allowed = {room, *FOR_ALL, *ROOMS[room]}
        assert room_of(name) in allowed, f"{room} may not import {name}"


def test_no_package_imports_one_above_it() -> None:
    order = list(ROOMS)
    for place, (room, below) in enumerate(ROOMS.items()):
        for other in below:
            assert order.index(other) < place, f"{room} stands below {other}"
    assert not any("monitor.cli" in name for name in IMPORTS["monitor.daemon.daemon"])


def test_every_allowed_import_is_used() -> None:
    used: dict[str, set[str]] = defaultdict(set)
    for module, names in IMPORTS.items():
        used[room_of(module)] |= {room_of(one) for one in names if one.startswith("monitor.")}
    for room, below in ROOMS.items():
        assert set(below) <= used[room], f"{room} imports no {set(below) - used[room]}"


def test_files_do_not_import_each_other_in_circles() -> None:
    graph = {
        module: {one for one in names if one in SOURCES and one != module}
        for module, names in IMPORTS.items()
    }
    assert not circle(graph)


@pytest.mark.parametrize("module", SOURCES)
def test_a_file_is_neither_too_long_nor_too_short(module: str) -> None:
    path = SOURCES[module]
    lines = len(path.read_text(encoding="utf-8").splitlines())
    name = str(path.relative_to(ROOT))
    assert lines <= MOST_LINES, f"{name} has {lines} lines"
    # A page of the catalogue of words is as long as its subject, a command as long as its options.
    is_command = module in {f"monitor.cli.{where.split(':')[0]}" for where, _ in COMMANDS.values()}
    is_free = path.stem.startswith("__") or room_of(module) == "words" or is_command
    if lines < FEWEST_LINES and not is_free:
        users = [one for one, names in IMPORTS.items() if module in names]
        assert len(users) > 1, f"{lines} lines that only {users} uses"


@pytest.mark.parametrize("module", SOURCES)
def test_every_module_has_a_docstring(module: str) -> None:
    text = SOURCES[module].read_text(encoding="utf-8")
    assert not text or ast.get_docstring(ast.parse(text)), f"{module} has no docstring"


@pytest.mark.parametrize("path", TOOLS, ids=[path.name for path in TOOLS])
def test_the_product_imports_no_test_and_no_bench(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports_of(path, SOURCES)} & {"tests", "bench"}


def table() -> str:
    """Return the tables of docs/architecture.md."""
    lines = ["| room | may import |", "|---|---|"]
    for room, below in ROOMS.items():
        if room not in FOR_ALL:
            lines.append(f"| `{room}` | {', '.join(below) or 'none'} |")
    lines.append("| `daemon`, `cli` | all: they join the rooms |")
    owners: dict[str, list[str]] = defaultdict(list)
    for third_party, rooms in OWNERS.items():
        owners[", ".join(f"`{room}`" for room in rooms)].append(third_party)
    lines += ["", "| third party | room |", "|---|---|"]
    lines += [f"| {', '.join(packages)} | {rooms} |" for rooms, packages in owners.items()]
    return "\n".join(lines)


BEGIN, END = "<!-- walls -->\n", "\n<!-- end of walls -->"


def written(page: str) -> str:
    """Return the page with the tables of now."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.split(END)[1]}"


def test_the_architecture_page_matches_the_rules_of_this_file() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "write it: python -m tests.test_architecture"
    named = set(re.findall(r"`(monitor/[a-z_/]+)`", page))
    assert all((ROOT / name).exists() for name in named), named


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
