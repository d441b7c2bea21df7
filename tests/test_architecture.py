"""Who may import whom: the rules of docs/architecture.md, kept."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "monitor"

# A part of the package -> the parts of ours that it may import, besides itself and the clock.
ALLOWED: dict[str, set[str]] = {
    "device_profile": set(),
    "limits": set(),
    "interface_selection": set(),
    "inventory": {"device_profile", "interface_selection", "limits"},
    "restart": set(),
    "garbage": set(),
    "reload": {"inventory"},
    "shard": {"inventory"},
    "topology": {"inventory", "observation"},
    "recording": {"device_profile", "snmp"},
    "notify": set(),
    "observation": {"device_profile", "inventory"},
    "clock": set(),
    "state_directory": set(),
    "state_file": set(),
    "swap": set(),
    "table": set(),
    "threads": set(),
    "host_names": set(),
    "plain": set(),
    "plural": set(),
    "words": set(),
    "whole_file": set(),
    "flood_filter": set(),
    "snmp": {"flood_filter"},
    "config": {
        "calendar",
        "device_profile",
        "interface_selection",
        "inventory",
        "limits",
        "web_access",
    },
    "importing": {"config", "inventory"},
    "schedule": {"inventory", "observation"},
    "probes": {"device_profile", "flood_filter", "inventory", "observation", "snmp"},
    "verdict": {"device_profile", "inventory", "limits", "observation", "uplink"},
    "uplink": {"inventory", "observation"},
    "local_time": set(),
    "calendar": {"inventory"},
    "maintenance": {"inventory", "maintenance_file"},
    "maintenance_file": {"inventory"},
    "rollout": {"inventory", "observation", "uplink"},
    "exposition": {
        "device_profile",
        "interface_selection",
        "inventory",
        "observation",
        "restart",
        "topology",
        "verdict",
        "uplink",
        "calendar",
        "maintenance",
        "rollout",
    },
    "status": {
        "inventory",
        "observation",
        "verdict",
        "uplink",
        "calendar",
        "maintenance",
        "rollout",
    },
    "mails": {"config.contacts", "inventory"},
    "web_access": set(),
    "web": {"inventory", "observation", "verdict", "exposition", "status", "web_access"},
    "simulator": {"inventory", "observation", "snmp", "probes.context", "config", "rollout"},
}
# What is for everybody to use.
FOR_ALL = {
    "clock",
    "host_names",
    "plain",
    "plural",
    "state_file",
    "swap",
    "table",
    "threads",
    "whole_file",
    "words",
}
WIRING = {
    "daemon",
    "city_goal",
    "traps",
    "web_rules",
    "campaigns",
    "excuses",
    "excuse_metrics",
    "watch",
    "view",
    "cli",
    "__main__",
    "__init__",
}
# Third parties with one owner each.
OWNERS = {
    "yaml": {"config"},
    "sqlite3": {"rollout"},
    "sqlalchemy": {"rollout"},
    "psycopg": {"rollout"},
    "prometheus_client": {"exposition"},
    "pysnmp": {"snmp"},
    "aiohttp": {"web"},
    "click": {"cli"},
    "dns": {"probes"},
    "holidays": {"calendar"},
    "idna": {"host_names"},
    "jinja2": {"rollout", "web"},
    "markupsafe": {"rollout", "web"},
}


def part_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


SOURCES = sorted(PACKAGE.rglob("*.py"))
TOOLS = sorted((PACKAGE.parent / "tools").glob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=[str(p.relative_to(PACKAGE)) for p in SOURCES])
def test_imports_follow_the_architecture(path: Path) -> None:
    part = part_of(path)
    for name in imports(path):
        top = name.split(".")[0]
        if top in OWNERS:
            assert part in OWNERS[top], f"{top} belongs to {OWNERS[top]}"
        if top != "monitor" or part in WIRING:
            continue
        inside = name.removeprefix("monitor.")
        allowed = {part, "__version__"} | FOR_ALL | ALLOWED[part]
        assert any(inside == one or inside.startswith(one + ".") for one in allowed), (
            f"monitor.{part} may not import {name}"
        )


@pytest.mark.parametrize("path", SOURCES, ids=[str(p.relative_to(PACKAGE)) for p in SOURCES])
def test_every_module_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text or ast.get_docstring(ast.parse(text)), f"{path.name} has no docstring"


@pytest.mark.parametrize("path", TOOLS, ids=[path.name for path in TOOLS])
def test_what_users_run_needs_no_test_and_no_bench(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & {"tests", "bench"}
