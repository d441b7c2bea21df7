"""The files that define the stack refer to existing files; the stack itself runs."""

from __future__ import annotations

import asyncio
import json
import re
import runpy
import signal
import sys
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from aiohttp import ClientError, ClientSession

from monitor.words.text import LANGUAGES
from tests.deploy.rules import ROOT
from tools.processes import running_async

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = ROOT / "deploy"
PROMETHEUS = "http://127.0.0.1:9090"


def read(path: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DEPLOY / path).read_text(encoding="utf-8"))
    return document


def mounts() -> Iterator[tuple[str, str]]:
    """Yield each service and the path in this repository that it mounts."""
    for name, service in read("compose.yaml")["services"].items():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("."):
                yield name, source


def test_everything_the_containers_mount_and_build_exists() -> None:
    compose = read("compose.yaml")
    assert {name for name, _ in mounts()} == set(compose["services"])
    for name, source in mounts():
        assert (DEPLOY / source).is_dir(), f"{name} mounts {source}"
    build = compose["services"]["monitor"]["build"]
    context = DEPLOY / build["context"]
    recipe = (context / build["dockerfile"]).read_text(encoding="utf-8")
    copied = [
        word
        for line in recipe.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    assert copied
    assert all((context / word).exists() for word in copied)
    # Without one of these the build of the wheel fails.
    shipped = runpy.run_path(str(context / "setup.py"))["shipped"]()
    for name in shipped:
        assert any(Path(name).is_relative_to(word) for word in copied), name


def test_a_ping_only_city_needs_no_secret_in_a_container() -> None:
    passed_on = read("compose.yaml")["services"]["monitor"]["environment"]
    # Without a value a variable is passed on where it is set, and asked for nowhere.
    assert set(passed_on.values()) == {None}
    for page in ("README.md", "docs/first-steps.md"):
        shown = re.findall(r"\b(\w*SNMP_\w+)=", (ROOT / page).read_text(encoding="utf-8"))
        assert shown
        assert set(shown) <= set(passed_on)
    sets = yaml.safe_load_all((DEPLOY / "kubernetes/schulnetz.yaml").read_text(encoding="utf-8"))
    (pods,) = (one for one in sets if one["kind"] == "StatefulSet")
    (daemon,) = pods["spec"]["template"]["spec"]["containers"]
    assert daemon["envFrom"] == [{"secretRef": {"name": "schulnetz-snmp", "optional": True}}]


def test_every_image_is_pinned_and_named_without_a_registry() -> None:
    for name, service in read("compose.yaml")["services"].items():
        image = service.get("image")
        if image:
            repository, _, tag = image.partition(":")
            assert tag[:1].isdigit() or tag[:1] == "v", name
            assert "." not in repository, name


def test_grafana_finds_prometheus_and_the_boards_through_its_environment() -> None:
    sources = read("grafana/provisioning/datasources/schulnetz.yml")["datasources"]
    assert [source["url"] for source in sources] == ["$PROMETHEUS_URL"]
    assert "uid" not in sources[0]
    interval = read("prometheus/prometheus.yml")["global"]["scrape_interval"]
    assert sources[0]["jsonData"]["timeInterval"] == interval
    providers = read("grafana/provisioning/dashboards/schulnetz.yml")["providers"]
    paths = {one["options"]["path"] for one in providers}
    assert paths == {f"$SCHULNETZ_DASHBOARDS/{language}" for language in LANGUAGES}
    grafana = read("compose.yaml")["services"]["grafana"]
    place = grafana["environment"]["SCHULNETZ_DASHBOARDS"]
    assert f"../dashboards:{place}:ro" in grafana["volumes"]


@pytest.mark.integration
@pytest.mark.heavy  # its ports are those of the deployed files
async def test_the_stack_starts_and_stops_together(tmp_path: Path) -> None:
    pipe, merged = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    command = (sys.executable, "-m", "tools.stack", "--schools", "2", "--state-dir", str(tmp_path))
    async with (
        asyncio.timeout(300),
        running_async(*command, cwd=ROOT, stdout=pipe, stderr=merged) as process,
    ):
        while await up() < {"schulnetz", "schools", "prometheus", "alertmanager"}:
            assert process.returncode is None
            await asyncio.sleep(0.5)
        process.send_signal(signal.SIGINT)
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert await up() == set(), "Prometheus ends with the stack"


async def up() -> set[str]:
    """Return the jobs whose targets Prometheus reaches."""
    query = {"query": "count by (job) (up == 1)"}
    try:
        async with (
            ClientSession() as session,
            session.get(f"{PROMETHEUS}/api/v1/query", params=query) as response,
        ):
            if response.status != HTTPStatus.OK:  # it is still reading its log
                return set()
            found = json.loads(await response.text())["data"]["result"]
    except ClientError:
        return set()
    return {one["metric"]["job"] for one in found}
