"""The demo with everything around it: Prometheus, Alertmanager, and Grafana where it is installed.

Usage: python -m tools.stack [OPTIONS OF `schulnetz demo`], until Ctrl-C or the demo's end.

All of them run on the files in deploy/, on loopback, and keep their data below state/stack.
Notifications that Alertmanager would send are printed here instead.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from aiohttp import ClientError, ClientSession, web
from rich.console import Console
from rich.text import Text

from monitor.exposition.text import sanitise
from tools import grafana
from tools.guardian import guarded
from tools.processes import running_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "state" / "stack"
DAEMON = "http://127.0.0.1:9822"
PROMETHEUS = "http://127.0.0.1:9090"
ALERTMANAGER = "http://127.0.0.1:9093"
GRAFANA = "http://127.0.0.1:3000"
PAGER_PORT = 9095
# A history that `schulnetz backfill` has written goes back further than Prometheus' 15 days.
RETENTION = "100y"
READY_SECONDS = 60.0
SUMMARY_LIMIT = 500

console = Console()


def program(*names: str) -> str:
    """Return the path of the first of these programs that is installed, empty if none is."""
    return next((path for name in names if (path := shutil.which(name))), "")


@asynccontextmanager
async def server(
    name: str, *command: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a server with its output in a file, and stop it afterwards."""
    with (DATA / f"{name}.log").open("wb") as log:
        async with running_async(
            *command, stdout=log, stderr=log, environment=environment
        ) as process:
            yield process


async def ready(name: str, url: str, process: asyncio.subprocess.Process) -> None:
    """Wait until a server answers.

    Raises:
        RuntimeError: if it ends before, or takes too long.
    """
    loop = asyncio.get_running_loop()
    give_up = loop.time() + READY_SECONDS
    async with ClientSession() as session:
        while loop.time() < give_up and process.returncode is None:
            with suppress(ClientError):
                async with session.get(url) as response:
                    if response.ok:
                        return
            await asyncio.sleep(0.2)
    raise RuntimeError(f"{name} does not answer at {url}; its output is above or in {DATA}")


async def _called(request: web.Request) -> web.Response:
    body = await request.json()
    receiver = request.match_info["receiver"]
    if receiver != "heartbeat":
        for alert in body["alerts"]:
            word = "over" if alert["status"] == "resolved" else receiver.upper()
            # As text: names in it come from devices, and may look like markup.
            summary = sanitise(alert["annotations"]["summary"], limit=SUMMARY_LIMIT)
            console.print(Text.assemble((word, "bold"), " ", summary))
    return web.Response()


@asynccontextmanager
async def pager() -> AsyncIterator[None]:
    """Take what alertmanager.yml sends to the pager's gateway and by mail, and print it."""
    application = web.Application()
    application.add_routes([web.post("/{receiver}", _called)])
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", PAGER_PORT).start()
        yield
    finally:
        await runner.cleanup()


def alertmanager_configuration() -> Path:
    """Write the deployed configuration with a printed ticket for each mail; return where it is."""
    deployed = ROOT / "deploy/alertmanager"
    document = yaml.safe_load((deployed / "alertmanager.yml").read_text(encoding="utf-8"))
    document["templates"] = [str(deployed / one) for one in document["templates"]]
    for receiver in document["receivers"]:
        if receiver.pop("email_configs", None) and "webhook_configs" not in receiver:
            url = f"http://127.0.0.1:{PAGER_PORT}/{receiver['name']}"
            receiver["webhook_configs"] = [{"url": url, "send_resolved": True}]
    path = DATA / "alertmanager.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


async def _start(stack: AsyncExitStack) -> None:
    """Start everything except the demo, which is already running."""
    await stack.enter_async_context(pager())
    alertmanager = await stack.enter_async_context(
        server(
            "alertmanager",
            program("prometheus-alertmanager", "alertmanager"),
            f"--config.file={alertmanager_configuration()}",
            f"--storage.path={DATA / 'alertmanager'}",
            f"--web.listen-address={ALERTMANAGER.removeprefix('http://')}",
            "--cluster.listen-address=",
        )
    )
    prometheus = await stack.enter_async_context(
        server(
            "prometheus",
            program("prometheus"),
            f"--config.file={ROOT / 'deploy/prometheus/prometheus.yml'}",
            f"--storage.tsdb.path={DATA / 'prometheus'}",
            f"--web.listen-address={PROMETHEUS.removeprefix('http://')}",
            f"--storage.tsdb.retention.time={RETENTION}",
            "--rules.alert.resend-delay=30s",
        )
    )
    await ready("alertmanager", f"{ALERTMANAGER}/-/ready", alertmanager)
    await ready("prometheus", f"{PROMETHEUS}/-/ready", prometheus)
    console.print(f"Prometheus:   {PROMETHEUS}/alerts\nAlertmanager: {ALERTMANAGER}")
    command = grafana.command()
    if not command:
        console.print("Grafana:      not installed; import the boards of dashboards/ into yours")
        return
    (DATA / "grafana" / "plugins").mkdir(parents=True, exist_ok=True)
    process = await stack.enter_async_context(
        server("grafana", *command, environment=grafana.environment(DATA / "grafana", PROMETHEUS))
    )
    await ready("grafana", f"{GRAFANA}/api/health", process)
    console.print(f"Grafana:      {GRAFANA}/d/schulnetz-goal-de")


async def run(options: list[str], meanwhile: Callable[[], Awaitable[None]] | None = None) -> int:
    """Run the demo with these options and the rest beside it; return the demo's exit code.

    `meanwhile` runs once all of them answer; when it returns, the demo stops.
    """
    DATA.mkdir(parents=True, exist_ok=True)
    command = (sys.executable, "-m", "monitor", "demo", *options)
    async with AsyncExitStack() as stack:
        demo = await stack.enter_async_context(running_async(*command, cwd=ROOT, stdout=None))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, demo.send_signal, number)
        try:
            await ready("demo", f"{DAEMON}/-/healthy", demo)
            await _start(stack)
            if meanwhile is not None:
                await meanwhile()
                demo.send_signal(signal.SIGTERM)
        except (RuntimeError, OSError) as error:
            console.print(f"error: {error}", style="bold", highlight=False)
            with suppress(ProcessLookupError):
                demo.terminate()
        return await demo.wait()


if __name__ == "__main__":
    with guarded():
        code = asyncio.run(run(sys.argv[1:]))
    sys.exit(code)
