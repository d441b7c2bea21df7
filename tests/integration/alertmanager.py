"""Runs a real Alertmanager on loopback that mails into a mailbox, and gives it alerts."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.drills.stack import program
from tests.ports import free_port
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS = 120.0
DEPLOYED = Path(__file__).parents[2] / "deploy" / "alertmanager"
# Mails show the city's time wherever Alertmanager runs.
FAR_AWAY = {"TZ": "Pacific/Auckland"}


class Alertmanager:
    """An Alertmanager of ours on loopback."""

    def __init__(self, address: str, log: Path) -> None:
        self.address = address
        self.log = log

    def alert(self, *alerts: dict[str, Any]) -> None:
        """Post alerts as Prometheus does."""
        self._ask("POST", "/api/v2/alerts", json.dumps(alerts))

    def await_ready(self) -> None:
        """Wait until it answers."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._ask("GET", "/-/ready")
                return
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def _ask(self, method: str, path: str, body: str = "") -> None:
        with closing(http.client.HTTPConnection(self.address, timeout=60)) as connection:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status == 200, text


@contextlib.contextmanager
def mailing(place: Path, mailbox: str, language: str) -> Iterator[Alertmanager]:
    """Run the deployed Alertmanager without delays, only by mail, with the templates of `place`."""
    shutil.copytree(DEPLOYED / "templates", place / "templates", dirs_exist_ok=True)
    document = yaml.safe_load((DEPLOYED / "alertmanager.yml").read_text(encoding="utf-8"))
    document["global"]["smtp_smarthost"] = mailbox
    (ours,) = document["route"]["routes"]
    for route in (ours, *ours["routes"]):
        route |= {"group_wait": "1s", "group_interval": "1s"}
        route.pop("mute_time_intervals", None)
    for receiver in document["receivers"]:
        receiver.pop("webhook_configs", None)
    text = yaml.safe_dump(document, allow_unicode=True)
    (place / "alertmanager.yml").write_text(text.replace("schulnetz.de.", f"schulnetz.{language}."))
    address, log = f"127.0.0.1:{free_port()}", place / "alertmanager.log"
    command = (
        program("prometheus-alertmanager", "alertmanager"),
        "--config.file=alertmanager.yml",
        "--storage.path=data",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    )
    with log.open("wb") as out, running(*command, cwd=place, stderr=out, environment=FAR_AWAY):
        one = Alertmanager(address, log)
        one.await_ready()
        yield one
