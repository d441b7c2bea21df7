"""The deployed rules and routes, with every duration divided by one factor.

A drill of ten minutes then takes ten seconds, and what it tests is still the files that are
deployed: nothing else about them changes, but for addresses and what only a wall clock decides.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
# Scrapes every half second (30 s), evaluations every quarter (15 s).
FACTOR = 60

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d+)(ms|[smhdw])")
_IN_EXPRESSION = re.compile(r"(?<=\[)[\dsmhdw]+(?=\])|(?<=offset )[\dsmhdw]+")
_RULE_KEYS = ("for", "keep_firing_for", "interval")
_ROUTE_KEYS = ("group_wait", "group_interval", "repeat_interval")


def seconds(duration: str) -> float:
    """Return a Prometheus duration such as 1h30m in seconds."""
    return sum(int(count) * _UNITS[unit] for count, unit in _DURATION.findall(duration))


def faster(duration: str) -> str:
    """Return a duration divided by the factor, to the millisecond."""
    return f"{round(seconds(duration) * 1000 / FACTOR)}ms"


def write_rules(folder: Path) -> None:
    """Write the deployed rules into a folder, faster."""
    for path in sorted((DEPLOY / "prometheus" / "rules").glob("*.yml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for group in document["groups"]:
            for part in (group, *group["rules"]):
                part.update({key: faster(part[key]) for key in _RULE_KEYS if key in part})
            for rule in group["rules"]:
                rule["expr"] = _IN_EXPRESSION.sub(lambda found: faster(found[0]), rule["expr"])
        (folder / path.name).write_text(yaml.safe_dump(document), encoding="utf-8")


def prometheus_configuration(exporter: int, alertmanager: int) -> str:
    """Return the deployed prometheus.yml, faster, with these ports; only the daemon is scraped."""
    document = _read("prometheus/prometheus.yml")
    for key in ("scrape_interval", "evaluation_interval"):
        document["global"][key] = faster(document["global"][key])
    jobs = [job for job in document["scrape_configs"] if job["job_name"] == "schulnetz"]
    # The scripted city has no service discovery and exposes all in one.
    del jobs[0]["metrics_path"]
    jobs[0]["static_configs"] = [{"targets": [f"127.0.0.1:{exporter}"]}]
    targets = [{"targets": [f"127.0.0.1:{alertmanager}"]}]
    document["alerting"]["alertmanagers"] = [{"static_configs": targets}]
    return yaml.safe_dump({**document, "scrape_configs": jobs})


def alertmanager_configuration(webhook: int) -> str:
    """Return the deployed alertmanager.yml, faster; every receiver counts at a webhook.

    Which hours are quiet for the monitor's own pages is left out: a drill runs at any hour.
    """
    document = _read("alertmanager/alertmanager.yml")
    del document["templates"]
    _quicken(document["route"])
    for receiver in document["receivers"]:
        name = receiver["name"]
        url = f"http://127.0.0.1:{webhook}/{name}"
        receiver.pop("email_configs", None)
        if name != "nobody":
            sends_end = name != "heartbeat"
            receiver["webhook_configs"] = [{"url": url, "send_resolved": sends_end}]
    return yaml.safe_dump(document)


def _quicken(route: dict[str, Any]) -> None:
    route.update({key: faster(route[key]) for key in _ROUTE_KEYS if key in route})
    route.pop("mute_time_intervals", None)
    for child in route.get("routes", ()):
        _quicken(child)


def _read(path: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DEPLOY / path).read_text(encoding="utf-8"))
    return document
