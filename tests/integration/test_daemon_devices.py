"""Misbehaving devices next to healthy ones: the whole daemon on real sockets."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from monitor.snmp.ber import Tag
from tests.integration.running import COMMUNITY, Daemon, Town, city, run, series, until, value
from tests.integration.serving import serving
from tests.ports import free_port
from tests.snmp.agent import ByteAgent, interfaces
from tests.snmp.hostile import backwards, cycling, endless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.exposition.support import Samples

pytestmark = [pytest.mark.integration, pytest.mark.root]

GOOD = {"voede": 41, "goethe": 42}
# How a device answers, and the reason the daemon gives.
ODD: dict[str, tuple[int, Callable[[bytes], list[bytes]], str]] = {
    "garbage": (43, lambda _: [b"\x30\x82garbage"], "malformed"),
    "backwards": (44, backwards, "not_increasing"),
    "cycling": (45, cycling, "not_increasing"),
    "endless": (46, endless, "limit"),
    "mute": (47, lambda _: [], "timeout"),
    "mirror": (48, lambda request: [request], "malformed"),
    "flood": (49, lambda _: [bytes(60_000)] * 3, "malformed"),
}
TWINS = {"by-native": 51, "by-pysnmp": 52}
STRANGE = (b'a"b\\c\nd', b"\xff\xfe\x00", b"", b"", "Süd {x=1} # ".encode(), b"x" * 255)


@pytest.fixture(scope="module")
def twin() -> ByteAgent:
    """Return a device with constant counters and hostile names."""
    objects = interfaces([1, 2, 7, 400, 10_001, 4_000_000])
    columns = {"1.3.6.1.2.1.2.2.1.2": 0, "1.3.6.1.2.1.31.1.1.1.1": 1, "1.3.6.1.2.1.31.1.1.1.18": 2}
    for column, shift in columns.items():
        for place, row in enumerate([1, 2, 7, 400, 10_001, 4_000_000]):
            name = STRANGE[(place + shift) % len(STRANGE)]
            objects[f"{column}.{row}"] = (Tag.OCTET_STRING, name)
            objects[f"1.3.6.1.2.1.2.2.1.8.{row}"] = (Tag.INTEGER, 1 + place % 2)
            objects[f"1.3.6.1.2.1.31.1.1.1.15.{row}"] = (Tag.GAUGE32, 2**32 - 1)
            objects[f"1.3.6.1.2.1.31.1.1.1.10.{row}"] = (Tag.COUNTER64, 2**63 + row)
    return ByteAgent(objects)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, twin: ByteAgent) -> Iterator[Daemon]:
    place = tmp_path_factory.mktemp("devices")
    networks = GOOD | {name: network for name, (network, _, _) in ODD.items()} | TWINS
    # The devices share this process's interpreter, so a reply may be late on a busy machine: it
    # must not count as lost. Thousands of rows come from it before a walk is known to be endless.
    often, seldom = (
        "interfaces: {interval: 6s, timeout: 4800ms}",
        "interfaces: {interval: 20s, timeout: 16s}",
    )
    patient = ["snmp: {timeout: 4s}", often]
    extra = dict.fromkeys(networks, patient)
    extra |= {name: ["snmp: {timeout: 4s}", seldom] for name in ("endless", "cycling", "backwards")}
    # The device's ports are down; the test is about its names.
    whole = "alias: true, identity: ifIndex, unused: whole"
    with_alias = f"interfaces: {{interval: 20s, timeout: 16s, {whole}}}"
    extra["by-native"] = ["snmp: {timeout: 4s}", with_alias]
    extra["by-pysnmp"] = ["snmp: {timeout: 4s, engine: pysnmp}", with_alias]
    town = Town(free_port(), networks, switches=0, extra=extra)
    config = town.write(place / "schools.yaml")
    good = Town(town.port, GOOD, switches=0).write(place / "good.yaml")
    with contextlib.ExitStack() as stack:
        stack.enter_context(city(good, town.port))
        for network, answer, _ in ODD.values():
            stack.enter_context(serving(f"127.82.{network}.1", town.port, answer))
        for network in TWINS.values():
            host = f"127.82.{network}.1"
            stack.enter_context(serving(host, town.port, lambda data: [twin.answer(data)]))
        daemon = stack.enter_context(run(config, place / "state"))
        daemon.await_ready()
        yield daemon


def reasons(samples: Samples, school: str) -> set[str]:
    found = series(samples, "probe_failure_reason", school=school, check="interfaces")
    return {dict(key)["reason"] for key in found}


@pytest.mark.parametrize("school", ODD)
def test_a_misbehaving_device_is_reported_with_its_reason(running: Daemon, school: str) -> None:
    reason = ODD[school][2]
    until(lambda: reasons(running.samples(), school) == {reason}, running)
    samples = running.samples()
    assert value(samples, "probe_success", school=school, check="interfaces") == 0
    # It answers pings, so its line is not the problem.
    assert value(samples, "probe_success", school=school, check="icmp") == 1


def test_the_other_devices_are_undisturbed(running: Daemon) -> None:
    def runs() -> dict[str, float]:
        samples = running.samples()
        name = "probe_last_run_timestamp_seconds"
        return {one: value(samples, name, school=one, check="interfaces") for one in GOOD}

    before = runs()
    until(lambda: all(now >= before[one] + 4 for one, now in runs().items()), running)
    samples = running.samples()
    for school in GOOD:
        assert value(samples, "probe_success", school=school, check="interfaces") == 1
    assert value(samples, "monitor_runs_skipped_total", kind="interfaces") == 0
    assert value(samples, "monitor_runs_total", kind="interfaces", outcome="unknown") == 0


def test_forged_and_garbled_replies_are_counted(running: Daemon) -> None:
    dropped = series(running.samples(), "monitor_replies_dropped_total", protocol="snmp")
    assert sum(dropped.values()) > 0


def interface_series(samples: Samples, school: str) -> Samples:
    """Return the interface samples of a school, without the school label."""
    return {
        (name, labels - {("school", school)}): amount
        for (name, labels), amount in samples.items()
        if ("school", school) in labels and name.startswith(("if", "sys", "school_device_system"))
    }


def test_both_engines_read_the_same_from_a_device(running: Daemon, twin: ByteAgent) -> None:
    until(lambda: interface_series(running.samples(), "by-pysnmp"), running)
    samples = running.samples()
    native, pysnmp = (interface_series(samples, school) for school in TWINS)
    assert native == pysnmp
    # 2**32 - 1 is not a valid ifHighSpeed.
    assert len(native) == 4 * 6 + 2
    assert {name for name, _ in native} >= {"ifHCInOctets", "ifOperStatus", "sysUpTime"}
    assert value(samples, "ifHCInOctets", school="by-native", ifIndex="7") == 2**64 - 7
    assert twin.asked


def test_hostile_names_do_not_break_the_exposition(running: Daemon) -> None:
    for school in TWINS:
        samples = running.samples(f"?school={school}")
        rows = [dict(key) for key in series(samples, "ifHCInOctets", school=school)]
        assert {row["ifIndex"] for row in rows} == {"1", "2", "7", "400", "10001", "4000000"}
        assert all(len(row["ifAlias"]) <= 128 for row in rows)
        assert all(text.isprintable() for row in rows for text in row.values())


def test_the_community_appears_nowhere(running: Daemon) -> None:
    assert COMMUNITY not in running.said
    assert COMMUNITY not in running.get("/metrics").text


def test_no_monitor_bug_was_recorded(running: Daemon) -> None:
    assert "Traceback" not in running.said
    assert "a bug of the monitor" not in running.said
    assert not series(running.samples(), "probe_failure_reason", reason="bug")
