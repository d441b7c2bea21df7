"""The daemon with a school full of endless peers: it serves, judges and stops."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.attack.peers import DNS, HTTP, TLS, TLS_BODY, peer
from tests.integration.running import Town, city, run, series, until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.running import Daemon

pytestmark = [pytest.mark.integration, pytest.mark.root, pytest.mark.heavy]

PATIENCE_SECONDS = 120.0
HEALTHY, ATTACKED = "voede", "goethe"


def check_line(kind: str, port: int) -> str:
    """Return the YAML line of a check of a hostile peer."""
    pace = "interval: 3s, timeout: 2s"
    if kind in DNS:
        place = f"server: 127.0.0.1, port: {port}, name: schule.example"
        return f"  {kind}: {{kind: dns, {place}, {pace}}}"
    scheme = "https" if kind in {*TLS, TLS_BODY} else "http"
    url = f'"{scheme}://127.0.0.1:{port}/"'
    return f"  {kind}: {{kind: http, url: {url}, verify: false, {pace}}}"


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Daemon]:
    """Run the daemon over two schools, one of which has hostile web and name servers."""
    with ExitStack() as stack:
        kinds = (*HTTP, *TLS, TLS_BODY, *DNS)
        ports = {kind: stack.enter_context(peer(kind, "paced", 600.0)) for kind in kinds}
        checks = ["checks:", *(check_line(kind, port) for kind, port in ports.items())]
        town = Town(free_port(), {HEALTHY: 31, ATTACKED: 32}, 1, {ATTACKED: checks})
        config = town.write(tmp_path / "schools.yaml")
        stack.enter_context(city(config, town.port))
        yield stack.enter_context(run(config, tmp_path / "state"))


def runs(daemon: Daemon, kind: str) -> float:
    """Return how many runs of a kind of check have ended, whatever their outcome."""
    return sum(series(daemon.samples(), "monitor_runs_total", kind=kind).values())


def test_the_daemon_serves_judges_and_stops_under_attack(attacked: Daemon) -> None:
    attacked.await_ready()
    begun = {kind: runs(attacked, kind) for kind in ("http", "dns", "icmp", "interfaces")}
    kinds = {"http": len(HTTP) + len(TLS) + 1, "dns": len(DNS), "icmp": 4, "interfaces": 4}
    # Each hostile check has ended twice more, and the others continued meanwhile.
    wanted = {kind: before + 2 * kinds[kind] for kind, before in begun.items()}
    until(
        lambda: all(runs(attacked, kind) >= least for kind, least in wanted.items()),
        attacked,
        PATIENCE_SECONDS,
    )
    lost = series(attacked.samples(), "monitor_runs_total", kind="icmp", outcome="failed")
    assert not any(lost.values()), "a ping is lost by the kernel's stamps, never by our delay"
    assert attacked.get("/-/healthy").status == 200
    # SIGTERM in the middle of it, within the five seconds that `stop` allows.
    assert attacked.stop() == 0
    assert "Traceback" not in attacked.said
