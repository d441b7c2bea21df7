"""How a Grafana is started on the shipped boards.

Must not know: the boards and their viewers.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS: Final = 180.0
_LISTENS: Final = re.compile(r"HTTP Server Listen.*?address=\"?([\d.]+:\d+)")


def command() -> tuple[str, ...]:
    """Return how Grafana is started, empty where it is not installed.

    Its home is /usr/share/grafana, as in its packages, unless $GF_PATHS_HOME says otherwise.
    """
    home = f"--homepath={os.environ.get('GF_PATHS_HOME', '/usr/share/grafana')}"
    if path := shutil.which("grafana-server"):
        return (path, home)
    if path := shutil.which("grafana"):
        return (path, "server", home)
    return ()


def environment(data: Path, prometheus: str) -> Mapping[str, str]:
    """Return the variables with which it shows the shipped boards of a Prometheus, to all.

    It contacts no host on the Internet.
    """
    return {
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        "GF_AUTH_ANONYMOUS_ENABLED": "true",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_NEWS_NEWS_FEED_ENABLED": "false",
        "GF_SECURITY_DISABLE_GRAVATAR": "true",
        "GF_PATHS_DATA": str(data),
        "GF_PATHS_PLUGINS": str(data / "plugins"),
        "GF_PATHS_PROVISIONING": str(ROOT / "deploy/grafana/provisioning"),
        "PROMETHEUS_URL": prometheus,
        "SCHULNETZ_DASHBOARDS": str(ROOT / "dashboards"),
    }


@contextmanager
def grafana(data: Path, prometheus: str) -> Iterator[str]:
    """Run a Grafana on its own port, where every client is administrator; yield its URL.

    Its log is `grafana.log` in its data folder.

    Raises:
        RuntimeError: if it ends, or does not listen in time.
    """
    (data / "plugins").mkdir(parents=True, exist_ok=True)
    variables = {
        **environment(data, prometheus),
        "GF_SERVER_HTTP_PORT": "0",
        "GF_AUTH_ANONYMOUS_ORG_ROLE": "Admin",
        "GF_LOG_CONSOLE_FORMAT": "text",
    }
    file = data / "grafana.log"
    with (
        file.open("wb") as log,
        running(*command(), stdout=log, stderr=log, environment=variables) as process,
    ):
        ends = time.monotonic() + PATIENCE_SECONDS
        while not (found := _LISTENS.search(file.read_text(encoding="utf-8", errors="replace"))):
            if process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"Grafana does not listen; its log is {file}")
            time.sleep(0.2)
        yield f"http://{found[1]}"
