"""What the web may have probed: only configured checks, whatever the request."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from contextlib import asynccontextmanager
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import quote

import aiohttp
import pytest

from monitor.exposition.gate import ScrapeGate
from monitor.inventory.checks import Role
from monitor.inventory.shard import Shard
from monitor.status.view import (
    BusyError,
    DaemonView,
    UnavailableError,
    UnknownTargetError,
    find_check,
)
from monitor.threads import READER_QUEUE, READER_THREADS
from monitor.web.app import Listen, serve
from tests.integration.running import Town
from tests.ledger.clocks import until
from tests.ledger.test_ledger import RefusingDisk, note
from tests.modelled import Network, inventory_of, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from concurrent.futures import Future
    from pathlib import Path

TOWN = Town(
    161,
    {"voede": 1, "goethe": 2},
    switches=1,
    extra={"goethe": ["checks: {web: {kind: tcp, port: 80}}"]},
)

FREE_TARGETS = [
    "169.254.169.254",
    "169.254.169.254/latest/meta-data",
    "http://169.254.169.254/",
    "[::ffff:169.254.169.254]",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "0xa9fea9fe",
    "0xa9.0xfe.0xa9.0xfe",
    "2852039166",
    "0251.0376.0251.0376",
    "127.0.0.1",
    "127.1",
    "0",
    "localhost",
    "[::1]",
    "metadata.google.internal",
    "voede.example",
    "127.82.1.1",
    "127.82.2.11",
    "voede@169.254.169.254",
    "169.254.169.254#voede",
    "voede/169.254.169.254",
    "voede/../goethe",
    "voede/main/router",
    "voede\n169.254.169.254",
    "voede\x00",
    "VOEDE",
    " voede",
    "",
    "/",
    "reference-1",
    "/reference-1",
    "//reference-1",
]
FREE_MODULES = ["http_2xx", "http://169.254.169.254/", "icmp ", "ICMP", "../icmp", "", "web"]


@asynccontextmanager
async def serving(folder: Path, network: Network) -> AsyncIterator[str]:
    """Serve a daemon in which scheduled requests and those from the web look the same."""
    async with running(folder, inventory_of(folder, TOWN), network) as one:
        with ScrapeGate(one.exposition, one.clock) as gate:
            async with serve(DaemonView(one.daemon, gate), Listen("127.0.0.1", 0)) as port:
                network.asked.clear()
                yield f"http://127.0.0.1:{port}"


async def statuses(base: str, queries: list[str]) -> dict[str, int]:
    async with aiohttp.ClientSession() as session:
        found = {}
        for query in queries:
            async with session.get(f"{base}/probe?{query}") as response:
                found[query] = response.status
        return found


async def test_the_schools_are_listed_in_the_order_of_the_configuration(tmp_path: Path) -> None:
    async with serving(tmp_path, Network()) as base, aiohttp.ClientSession() as session:
        async with session.get(f"{base}/sd/prometheus") as response:
            listed = [group["labels"]["school"] for group in await response.json()]
        assert listed == ["voede", "goethe"]


async def test_no_packet_is_sent_to_an_unconfigured_target(tmp_path: Path) -> None:
    network = Network()
    queries = [f"target={quote(target, safe='')}" for target in FREE_TARGETS]
    queries += [f"target=voede&module={quote(module, safe='')}" for module in FREE_MODULES]
    async with serving(tmp_path, network) as base:
        network.asked.clear()
        found = await statuses(base, queries)
    assert found == dict.fromkeys(queries, 400)
    asked = {ipaddress.ip_address(address) for _, address, _ in network.asked}
    listed = inventory_of(tmp_path, TOWN).checks()
    assert asked <= {ipaddress.ip_address(check.target.host) for check in listed}


async def test_additional_parameters_do_not_redirect_a_probe(tmp_path: Path) -> None:
    network = Network()
    queries = [
        "target=voede&hostname=169.254.169.254",
        "target=voede&host=169.254.169.254&port=80",
        "target=voede&target=169.254.169.254",
        "target=voede&module=icmp&module=http_2xx",
        "target=voede&auth=public&debug=true",
    ]
    async with serving(tmp_path, network) as base:
        network.asked.clear()
        found = await statuses(base, queries)
    assert found == dict.fromkeys(queries, 200)
    assert {address for _, address, _ in network.asked} <= {
        *(f"127.82.{number}.{host}" for number in (1, 2) for host in (1, 11)),
        *(f"127.240.0.{number}" for number in (1, 2, 3)),
    }


async def test_a_configured_check_is_probed_now(tmp_path: Path) -> None:
    network = Network(dead={"127.82.2.1"})
    async with serving(tmp_path, network) as base, aiohttp.ClientSession() as session:
        async with session.get(f"{base}/probe?target=voede") as response:
            assert "probe_success 1" in await response.text()
        async with session.get(f"{base}/probe?target=goethe/main&module=icmp") as response:
            assert "probe_success 0" in await response.text()


def test_a_check_is_found_by_school_site_and_name(tmp_path: Path) -> None:
    inventory = inventory_of(tmp_path, TOWN)
    for target in ("goethe", "goethe/main"):
        check = find_check(inventory, target, "web")
        assert (check.target.host, check.target.role) == ("127.82.2.1", Role.UPLINK)
    assert find_check(inventory, "voede", "interfaces").target.device == "router"


@pytest.mark.parametrize(
    ("target", "module", "told"),
    [
        ("weimar", "icmp", "no school 'weimar' is configured"),
        ("goethe/annex", "icmp", "school goethe has no site 'annex', only main"),
        ("voede", "web", "voede has no check 'web', only icmp, interfaces"),
    ],
)
def test_an_unconfigured_check_is_reported(
    tmp_path: Path, target: str, module: str, told: str
) -> None:
    with pytest.raises(UnknownTargetError) as caught:
        find_check(inventory_of(tmp_path, TOWN), target, module)
    assert str(caught.value) == told


async def test_a_shard_says_which_schools_are_elsewhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor.audit")
    whole = inventory_of(tmp_path, TOWN)
    shard = Shard(1, 4).with_school("goethe")
    inventory = shard.of(whole)
    others = {one.id for one in whole.schools} - {one.id for one in inventory.schools}
    assert others, "the shard has all schools"
    async with running(tmp_path, inventory, Network()) as one:
        view = DaemonView(one.daemon, ScrapeGate(one.exposition, one.clock))
        assert (view.city().shard, view.city().schools_elsewhere) == (str(shard), len(others))
        assert {school: view.other_shard(school) for school in others} == {
            school: str(shard.with_school(school)) for school in others
        }
        assert (view.other_shard("goethe"), view.other_shard("weimar")) == ("", "")
        applied = (
            f"configuration applied: {len(inventory.schools)} of {len(whole.schools)} schools, "
            f"shard {shard}; checks: "
        )
        assert [one.startswith(applied) for one in caplog.messages].count(True) == 1
    school = min(others)
    with pytest.raises(UnknownTargetError) as caught:
        find_check(inventory, school, "icmp")
    other = shard.with_school(school)
    assert str(caught.value) == f"another daemon monitors school {school}: shard {other}"


async def test_a_page_beyond_the_queue_of_readers_is_refused(tmp_path: Path) -> None:
    """Pages and API share one queue; refused requests do not wait."""
    hold = Event()
    async with running(tmp_path, inventory_of(tmp_path, TOWN), Network()) as one:
        view = DaemonView(one.daemon, ScrapeGate(one.exposition, one.clock))
        readers = one.daemon.readers
        held: list[Future[bool]] = []
        try:
            held += [readers.submit(hold.wait, 120) for _ in range(READER_THREADS + READER_QUEUE)]
            for asked in (view.school("voede"), view.sla(None)):
                with pytest.raises(BusyError):
                    await asked
        finally:
            hold.set()
        for future in held:
            future.result(120)
        assert await view.school("voede") is not None


async def test_only_the_log_says_why_the_ledger_cannot_be_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason names its file, or the host and the user of a database."""
    async with running(tmp_path, inventory_of(tmp_path, TOWN), Network()) as one:
        view = DaemonView(one.daemon, ScrapeGate(one.exposition, one.clock))
        (ledger,) = tmp_path.rglob("ledger.sqlite")
        ledger.rename(ledger.with_name("moved"))
        for asked in (view.school("voede"), view.sla(None)):
            with pytest.raises(UnavailableError, match="the ledger cannot be read now") as caught:
                await asked
            assert str(tmp_path) not in str(caught.value)
        assert str(ledger) in caplog.text
        ledger.with_name("moved").rename(ledger)


async def test_the_view_knows_whether_the_ledger_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, inventory_of(tmp_path, TOWN), Network()) as one:
        view = DaemonView(one.daemon, ScrapeGate(one.exposition, one.clock))
        assert view.ledger_is_written()
        disk = RefusingDisk(monkeypatch)
        one.ledger.submit([note(1)])
        await until(lambda: not view.ledger_is_written())
        disk.refuses = False
        await until(view.ledger_is_written)


@pytest.mark.parametrize("is_removed", [False, True], ids=["changed", "removed"])
async def test_a_school_is_shown_as_a_reload_meanwhile_made_it(
    tmp_path: Path, *, is_removed: bool
) -> None:
    """The ledger is read in a thread; a reload may come before it has answered."""
    hold = Event()
    inventory = inventory_of(tmp_path, TOWN)
    async with running(tmp_path, inventory, Network(), fewer_schools=True) as one:
        view = DaemonView(one.daemon, ScrapeGate(one.exposition, one.clock))
        held = [one.daemon.readers.submit(hold.wait, 120) for _ in range(READER_THREADS)]
        try:
            asked = asyncio.create_task(view.school("goethe"))
            await asyncio.sleep(0)
            other = {"voede": 1} if is_removed else {"voede": 1, "goethe": 2}
            one.offer(inventory_of(tmp_path, Town(161, other, switches=0)))
            assert await one.daemon.reload()
        finally:
            hold.set()
        for future in held:
            future.result(120)
        found = await asked
    if is_removed:
        assert found is None
    else:
        assert found is not None
        assert [site.switches for site in found.sites] == [()]
