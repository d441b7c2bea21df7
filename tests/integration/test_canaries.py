"""Secrets and personal data, placed where the daemon meets them, appear in none of its outputs."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import bcrypt
import pytest

from tests.integration.running import COMMUNITY_OF_RUN, Town, started, until
from tests.integration.snmpd import snmpd

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.running import Daemon

pytestmark = pytest.mark.integration

COMMUNITY = "kanarienvogel-der-gemeinschaft"
PASSWORD = "kanarienvogel-der-seiten"
CONTACT = "Kanarina Vogel <kanarina.vogel@schule.example>"
LOCATION = "Raum 7, Kanarina Vogel"
PAGES = (
    "/", "/schools/voede", "/metrics", "/metrics?school=voede", "/metrics/monitor",
    "/sd/prometheus", "/probe?target=voede", "/probe?target=voede&module=interfaces",
    "/api/v1/city", "/api/v1/schools", "/api/v1/schools/voede", "/api/v1/goal",
    "/api/v1/verdicts", "/api/v1/sla", "/api/v1/maintenance", "/api/v1/openapi.json",
    f"/schools/{PASSWORD[:3]}", "/nowhere", "/metrics?school=nowhere", "/probe?target=nowhere",
)  # fmt: skip
MAC = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE)


def run(*arguments: str, environment: dict[str, str]) -> str:
    """Return the whole output of a command."""
    command = [sys.executable, "-m", "monitor", *arguments]
    found = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    return found.stdout + found.stderr


def everything(daemon: Daemon, config: Path, state: Path, environment: dict[str, str]) -> str:
    """Return every output of the product as one text."""
    login = base64.b64encode(f"prometheus:{PASSWORD}".encode()).decode()
    texts = [daemon.get(path, {"Authorization": f"Basic {login}"}).text for path in PAGES]
    wrong = base64.b64encode(f"prometheus:{PASSWORD}x".encode()).decode()
    texts.append(daemon.get("/", {"Authorization": f"Basic {wrong}"}).text)
    place = ("--config", str(config), "--state-dir", str(state))
    texts += [
        run("probe", "voede", "--json", *place, environment=environment),
        run("probe", "voede", *place, environment=environment),
        run("walk", "voede/router", "ifTable", "--config", str(config), environment=environment),
        run("record", "voede/router", str(state / "x.snmprec"), "--config", str(config),
            environment=environment),
        run("sla", *place, environment=environment),
        run("report", *place, environment=environment),
        run("doctor", *place, environment=environment),
        run("ledger", "export", str(state / "export.jsonl"), "--state-dir", str(state),
            environment=environment),
    ]  # fmt: skip
    assert daemon.stop() == 0
    texts.append(daemon.said)
    texts += [path.read_bytes().decode("latin-1") for path in state.rglob("*") if path.is_file()]
    return "\n".join(texts)


def test_no_secret_or_personal_datum_leaks(tmp_path: Path) -> None:
    state = tmp_path / "state"
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    web = tmp_path / "web.yml"
    web.write_text(f'basic_auth_users: {{prometheus: "{hashed}"}}')
    people = f"sysContact {CONTACT}\nsysLocation {LOCATION}\nrocommunity {COMMUNITY} 127.0.0.1"
    with snmpd(tmp_path, extra=people) as port:
        text = Town(port, {"voede": 1}, switches=1).text()
        config = tmp_path / "schools.yaml"
        config.write_text(text.replace("127.82.1.0/24", "127.0.0.0/24"))
        environment = {COMMUNITY_OF_RUN: COMMUNITY, "PATH": "/usr/bin:/bin"}
        place = ("--config", str(config), "--state-dir", str(state), "--listen", "127.0.0.1:0")
        options = ("--web-config", str(web))
        with started("run", *place, *options, environment=environment) as daemon:
            daemon.await_listening()
            login = base64.b64encode(f"prometheus:{PASSWORD}".encode()).decode()
            header = {"Authorization": f"Basic {login}"}
            until(lambda: "sysUpTime{" in daemon.get("/metrics", header).text, daemon)
            said = everything(daemon, config, state, environment)
    assert "sysUpTime{" in said
    assert '"school":"voede"' in said
    for canary in (COMMUNITY, PASSWORD, hashed, "Kanarina", "kanarina.vogel", LOCATION):
        assert canary not in said, f"{canary}: ...{said[max(0, said.find(canary) - 200) :][:400]}"
    # Apart from certificates and IPv6 addresses, nothing looks like a MAC address.
    assert MAC.findall(said) == []
