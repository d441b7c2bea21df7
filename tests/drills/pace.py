"""The deployed rules and routes, with every duration divided by one factor.

A drill of ten minutes then takes ten seconds and still tests the deployed files: nothing else in
them changes except addresses and settings that depend on wall time.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.machine import slowness

DEPLOY = Path(__file__).parents[2] / "deploy"
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d+)(ms|[smhdw])")
_IN_EXPRESSION = re.compile(r"(?<=\[)[\dsmhdw]+(?=\])|(?<=offset )[\dsmhdw]+")
# Lag does not scale with the factor, and the clock of a drill's daemon is a different one.
_BY_THE_WALL_CLOCK = {"EventLoopLag", "ClockSkew"}
_RULE_KEYS = ("for", "keep_firing_for", "interval")
_ROUTE_KEYS = ("group_wait", "group_interval", "repeat_interval")


def seconds(duration: str) -> float:
    """Return a Prometheus duration such as 1h30m in seconds."""
    return sum(int(count) * _UNITS[unit] for count, unit in _DURATION.findall(duration))


@dataclass(frozen=True, slots=True)
class Pace:
    """The factor by which everything is faster than deployed."""

    factor: float

    def faster(self, duration: str) -> str:
        """Return a duration divided by the factor, to the millisecond."""
        return f"{round(seconds(duration) * 1000 / self.factor)}ms"

    async def pause(self, deployed_seconds: float) -> None:
        """Wait for this much time of the deployed configuration."""
        await asyncio.sleep(deployed_seconds / self.factor)


# Scrapes every half second (30 s), evaluations every quarter (15 s).
_FASTEST = 60.0
_SLOWEST = 20.0
# How much slower a machine may be before it cannot keep up.
_SPARE = 1.5


def fast() -> Pace:
    """Return the fastest pace that this machine keeps up with now, at most a minute per second."""
    return Pace(max(_SLOWEST, min(_FASTEST, _FASTEST * _SPARE / slowness())))


def write_rules(folder: Path, pace: Pace) -> None:
    """Write the deployed rules, sped up, into a folder.

    Rules about event loop lag and clock differences are left out.
    """
    for path in sorted((DEPLOY / "prometheus" / "rules").glob("*.yml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for group in document["groups"]:
            group["rules"] = [
                rule for rule in group["rules"] if rule.get("alert") not in _BY_THE_WALL_CLOCK
            ]
            for part in (group, *group["rules"]):
                part.update({key: pace.faster(part[key]) for key in _RULE_KEYS if key in part})
            for rule in group["rules"]:
                rule["expr"] = _IN_EXPRESSION.sub(lambda found: pace.faster(found[0]), rule["expr"])
        (folder / path.name).write_text(yaml.safe_dump(document), encoding="utf-8")


def scripted_configuration(exporter: int, alertmanager: int, pace: Pace) -> str:
    """Return the deployed prometheus.yml, sped up, for a scripted city as a single target."""
    document = _prometheus(alertmanager, pace)
    jobs = [job for job in document["scrape_configs"] if job["job_name"] == "schulnetz"]
    del jobs[0]["metrics_path"]
    jobs[0]["static_configs"] = [{"targets": [f"127.0.0.1:{exporter}"]}]
    return yaml.safe_dump({**document, "scrape_configs": jobs})


def city_configuration(exporter: int, alertmanager: int, pace: Pace) -> str:
    """Return the deployed prometheus.yml, sped up, for a daemon: itself and its schools."""
    document = _prometheus(alertmanager, pace)
    # Poll time stamps are in accelerated time, which Prometheus would refuse as out of bounds.
    jobs = {
        job["job_name"]: job | {"honor_timestamps": False} for job in document["scrape_configs"]
    }
    jobs["schulnetz"]["static_configs"] = [{"targets": [f"127.0.0.1:{exporter}"]}]
    discovery = jobs["schools"]["http_sd_configs"][0]
    discovery["url"] = discovery["url"].replace(":9822/", f":{exporter}/")
    discovery["refresh_interval"] = pace.faster(discovery["refresh_interval"])
    return yaml.safe_dump({**document, "scrape_configs": [jobs["schulnetz"], jobs["schools"]]})


def _prometheus(alertmanager: int, pace: Pace) -> dict[str, Any]:
    document = _read("prometheus/prometheus.yml")
    for key in ("scrape_interval", "evaluation_interval"):
        document["global"][key] = pace.faster(document["global"][key])
    targets = [{"targets": [f"127.0.0.1:{alertmanager}"]}]
    document["alerting"]["alertmanagers"] = [{"static_configs": targets}]
    return document


def alertmanager_configuration(webhook: int, pace: Pace) -> str:
    """Return the deployed alertmanager.yml, sped up; every receiver counts at a webhook.

    Mute times of the monitor's own pages are left out: a drill runs at any hour.
    """
    document = _read("alertmanager/alertmanager.yml")
    del document["templates"]
    _accelerate(document["route"], pace)
    for receiver in document["receivers"]:
        name = receiver["name"]
        url = f"http://127.0.0.1:{webhook}/{name}"
        receiver.pop("email_configs", None)
        if name != "nobody":
            sends_end = name != "heartbeat"
            receiver["webhook_configs"] = [{"url": url, "send_resolved": sends_end}]
    return yaml.safe_dump(document)


def _accelerate(route: dict[str, Any], pace: Pace) -> None:
    route.update({key: pace.faster(route[key]) for key in _ROUTE_KEYS if key in route})
    route.pop("mute_time_intervals", None)
    for child in route.get("routes", ()):
        _accelerate(child, pace)


def _read(path: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DEPLOY / path).read_text(encoding="utf-8"))
    return document
