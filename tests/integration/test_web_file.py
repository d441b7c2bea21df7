"""The web configuration file of a real daemon: watched even without connections."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import bcrypt
import pytest

from tests.integration.probe_servers import issue
from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN, Town, run, started, until, value
from tests.web.test_access import basic

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

HASH = bcrypt.hashpw(b"geheim", bcrypt.gensalt(4)).decode()
USERS = f'basic_auth_users: {{prometheus: "{HASH}"}}\n'
TOWN = Town(161, {"voede": 1})
GAUGE = "monitor_web_config_last_reload_successful"
WHEN = "monitor_web_config_last_reload_success_timestamp_seconds"
CERTIFICATE_END = "monitor_web_certificate_expiry_timestamp_seconds"
LOGIN = basic("prometheus", "geheim")
LONG_ENOUGH = 120.0


def put(place: Path, text: str) -> None:
    draft = place.with_suffix(".new")
    draft.write_text(text)
    draft.replace(place)


def test_a_rejected_file_is_logged_and_counted_without_any_connection(tmp_path: Path) -> None:
    config, web = TOWN.write(tmp_path / "schools.yaml"), tmp_path / "web.config.yml"
    web.write_text(USERS)
    options = ("--web-config", str(web), "--enable-reload")
    with run(config, tmp_path / "state", *options) as daemon:
        assert f"web configuration applied: {web}: no TLS, 1 user" in daemon.said
        put(web, "basic_auth_users:\n")
        until(
            lambda: "empty, or sets nothing; restore the file" in daemon.said, daemon, LONG_ENOUGH
        )
        os.kill(daemon.process.pid, signal.SIGHUP)
        until(lambda: daemon.said.count("web configuration rejected") == 2, daemon, LONG_ENOUGH)
        until(lambda: "reload by SIGHUP" in daemon.said, daemon, LONG_ENOUGH)

        def counted(name: str) -> float:
            text = daemon.get("/metrics/monitor", LOGIN).text
            (line,) = (one for one in text.splitlines() if one.startswith(f"{name} "))
            return float(line.split()[1])

        assert counted(GAUGE) == 0
        assert daemon.get("/-/reload", LOGIN, method="POST").status == 200
        until(lambda: "reload by HTTP (user prometheus): " in daemon.said, daemon, LONG_ENOUGH)
        assert daemon.said.count("web configuration rejected") == 3
        applied_at = counted(WHEN)
        put(web, f"{USERS}http_server_config: {{headers: {{X-Frame-Options: deny}}}}\n")
        until(lambda: daemon.said.count("web configuration applied") == 2, daemon, LONG_ENOUGH)
        assert "no TLS, 1 user, 1 header" in daemon.said
        assert counted(GAUGE) == 1
        assert counted(WHEN) > applied_at


def test_without_a_web_file_nothing_is_counted(tmp_path: Path) -> None:
    config = TOWN.write(tmp_path / "schools.yaml")
    with run(config, tmp_path / "state") as daemon:
        samples = daemon.samples()
        assert value(samples, "monitor_config_last_reload_successful") == 1
        assert not [name for name, _ in samples if name.startswith("monitor_web_config")]


def test_with_tls_the_daemon_announces_https(tmp_path: Path) -> None:
    issued = issue("server", None, days=9, names=("localhost",))
    (tmp_path / "server.pem").write_bytes(issued.pem)
    (tmp_path / "server.key").write_bytes(issued.key_pem)
    web = tmp_path / "web.config.yml"
    web.write_text("tls_server_config: {cert_file: server.pem, key_file: server.key}\n")
    config = TOWN.write(tmp_path / "schools.yaml")
    with run(config, tmp_path / "state", "--web-config", str(web)) as daemon:
        assert f"https://127.0.0.1:{daemon.port}/metrics" in daemon.said
        assert "http://" not in daemon.said
        assert f"web configuration applied: {web}: TLS, no users; certificate " in daemon.said
        assert f"{web}: the certificate ends in " in daemon.said
        url = f"https://127.0.0.1:{daemon.port}/metrics/monitor"
        command = ("curl", "-sk", "-m", f"{LONG_ENOUGH:g}", url)
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        (line,) = (one for one in said.splitlines() if one.startswith(f"{CERTIFICATE_END} "))
        assert float(line.split()[1]) == issued.certificate.not_valid_after_utc.timestamp()


@pytest.mark.parametrize("text", [None, "", "rate_limit: {interval: 1s, burst: 1}\n"])
def test_remote_access_without_a_login_is_refused_before_anything_starts(
    tmp_path: Path, text: str | None
) -> None:
    config, state = TOWN.write(tmp_path / "schools.yaml"), tmp_path / "state"
    place = ["--config", str(config), "--state-dir", str(state), "--listen", "0.0.0.0:0"]
    web = tmp_path / "web.config.yml"
    if text is not None:
        web.write_text(text)
        place += ["--web-config", str(web)]
    with started("run", *place, environment={COMMUNITY_OF_RUN: COMMUNITY}) as daemon:
        assert daemon.process.wait(LONG_ENOUGH) != 0
    assert "name a file with users with --web-config" in daemon.said
    assert (f"{web} requires no login" in daemon.said) == (text is not None)
    assert not state.exists()
    assert "configuration applied" not in daemon.said
