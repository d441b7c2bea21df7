from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import chain, pairwise

import pytest

from monitor.exposition.interfaces import LOOK_BACK_SECONDS
from monitor.exposition.own import OwnMetrics
from monitor.exposition.store import MISSED_RUNS, SLICE_BYTES, Exposition
from monitor.observation import EchoRound, Outcome
from monitor.schedule import back_off
from tests.exposition.support import (
    MONDAY,
    HandClock,
    city_with_gateway,
    exact_names,
    exposed_school,
    icmp_check,
    interfaces_check,
    observed,
    scrape,
    two_ports,
)


def heads(text: str) -> list[str]:
    return [" ".join(line.split(" ")[:3]) for line in text.splitlines() if line.startswith("#")]


def big_exposition(schools: int, devices: int, families: int, rows: int) -> Exposition:
    """Return an exposition with that many samples of about 150 bytes each."""
    exposition = Exposition(HandClock())
    line = b"x" * 149 + b"\n"
    names = ["ifAdminStatus", "ifLastChange", "ifSpeed", "ifHighSpeed", "ifOperStatus"][:families]
    for name in names:
        for school_number in range(schools):
            for device in range(devices):
                exposition.set_block(name, f"s{school_number}", f"d{device}", line * rows)
    return exposition


async def test_every_family_is_contiguous_with_one_help_and_type() -> None:
    exposition = Exposition(HandClock(), OwnMetrics("1.2.3"))
    exposition.set_inventory(
        city_with_gateway(exposed_school("goethe", 2), exposed_school("schiller", 2))
    )
    for school_id in ("goethe", "schiller"):
        exposition.observe(observed(icmp_check("router", school_id)))
        for device in ("switch-1", "switch-2"):
            exposition.observe(observed(interfaces_check(device, school_id), two_ports()))
    text = await scrape(exposition)
    assert len(heads(text)) == len(set(heads(text)))
    order = [line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[0] != "#"]
    runs = [name for at, name in enumerate(order) if at == 0 or order[at - 1] != name]
    once = [name for name in runs if not name.endswith(("_bucket", "_sum", "_count"))]
    assert len(once) == len(set(once))


async def test_school_pages_plus_the_monitor_page_are_the_whole_exposition() -> None:
    """The targets together expose what a single scrape would."""
    exposition = Exposition(HandClock(), OwnMetrics("1.2.3"))
    exposition.set_inventory(
        city_with_gateway(exposed_school("goethe", 2), exposed_school("schiller", 2))
    )
    for school_id in ("goethe", "schiller"):
        exposition.observe(observed(icmp_check("router", school_id)))

    async def series(part: str | None) -> list[str]:
        text = b"".join([piece async for piece in exposition.stream(part)]).decode()
        # Without the values, because those of the process change between scrapes.
        return [line.rpartition(" ")[0] for line in text.splitlines() if line[0] != "#"]

    parts = [await series(part) for part in ("goethe", "schiller", "")]
    assert all(parts)
    assert sorted(chain.from_iterable(parts)) == sorted(await series(None))
    assert any(line.startswith("monitor_build_info") for line in parts[2])
    assert not any('school="goethe"' in line for line in parts[2])


async def test_every_school_and_device_is_exposed_before_any_poll() -> None:
    exposition = Exposition(HandClock())
    exposition.set_inventory(city_with_gateway(exposed_school("goethe", 3)))
    found = exact_names(await scrape(exposition))
    devices = {
        (dict(labels)["device"], dict(labels)["role"])
        for name, labels in found
        if name == "school_device_info"
    }
    assert devices == {
        ("router", "uplink"),
        ("switch-1", "switch"),
        ("switch-2", "switch"),
        ("switch-3", "switch"),
    }
    site = frozenset({("school", "goethe"), ("site", "main")})
    assert found["school_contract_down_bits_per_second", site] == 10**9
    assert found["school_contract_availability_ratio", site] == 0.985


async def test_a_contract_is_named_by_provider_and_reference() -> None:
    named = exposed_school("goethe", 1, reference="V-2021-\x1b82")
    exposition = Exposition(HandClock())
    exposition.set_inventory(city_with_gateway(named, exposed_school("schiller")))
    samples = exact_names(await scrape(exposition))
    found = [dict(labels) for name, labels in samples if name == "school_contract_info"]
    assert {one["school"]: one["reference"] for one in found} == {
        "goethe": "V-2021-82",
        "schiller": "",
    }
    assert {one["provider"] for one in found} == {"Stadtnetz"}


async def test_the_page_of_one_school_has_no_other_school_and_no_daemon_metrics() -> None:
    exposition = Exposition(HandClock(), OwnMetrics("1.2.3"))
    exposition.set_inventory(
        city_with_gateway(exposed_school("goethe"), exposed_school("schiller"))
    )
    exposition.observe(observed(interfaces_check("switch-1", "schiller"), two_ports()))
    found = exact_names(await scrape(exposition, "schiller"))
    assert {dict(labels)["school"] for _, labels in found} == {"schiller"}
    assert any(name == "ifHCInOctets" for name, _ in found)
    assert await scrape(exposition, "no-such-school") == ""


async def test_series_of_a_removed_school_are_gone_at_the_next_scrape() -> None:
    exposition = Exposition(HandClock())
    exposition.set_inventory(
        city_with_gateway(exposed_school("goethe"), exposed_school("schiller"))
    )
    exposition.observe(observed(interfaces_check("switch-1", "schiller"), two_ports()))
    exposition.set_block("school_info", "schiller", "verdict", b"school_info 1\n")
    exposition.set_inventory(city_with_gateway(exposed_school("goethe")))
    assert "schiller" not in await scrape(exposition)
    assert "goethe" in await scrape(exposition)


async def test_a_late_observation_of_a_removed_check_is_ignored() -> None:
    exposition = Exposition(HandClock())
    exposition.set_inventory(city_with_gateway(exposed_school("goethe")))
    exposition.observe(observed(interfaces_check("switch-1", "schiller"), two_ports()))
    assert "schiller" not in await scrape(exposition)


async def test_a_reload_keeps_the_totals_of_remaining_schools() -> None:
    exposition = Exposition(HandClock())
    echo = EchoRound("192.0.2.1", 5, (0.01,) * 5)
    for schools in (
        [exposed_school("goethe"), exposed_school("schiller")],
        [exposed_school("goethe")],
    ):
        exposition.set_inventory(city_with_gateway(*schools))
        exposition.observe(observed(icmp_check(), echo))
    found = exact_names(await scrape(exposition, "goethe"))
    totals = [value for (name, _), value in found.items() if name == "smokeping_requests_total"]
    assert totals == [10]


async def test_a_school_added_back_starts_from_zero() -> None:
    exposition = Exposition(HandClock())
    echo = EchoRound("192.0.2.1", 5, (0.01,) * 5)
    exposition.observe(observed(icmp_check(), echo))
    exposition.retain(set())
    exposition.retain({icmp_check().id})
    exposition.observe(observed(icmp_check(), echo))
    found = exact_names(await scrape(exposition))
    totals = [value for (name, _), value in found.items() if name == "smokeping_requests_total"]
    assert totals == [5]


async def test_a_failed_poll_leaves_no_old_values_behind() -> None:
    exposition = Exposition(HandClock())
    exposition.observe(observed(interfaces_check(), two_ports()))
    exposition.observe(observed(interfaces_check(), None, Outcome.FAILED))
    found = exact_names(await scrape(exposition))
    assert {name for name, _ in found if name.startswith(("if", "sys"))} == set()
    assert [value for (name, _), value in found.items() if name == "probe_success"] == [0]


async def test_series_survive_a_few_missed_runs_only() -> None:
    clock = HandClock()
    exposition = Exposition(clock)
    check = interfaces_check()
    exposition.observe(observed(check, two_ports()))
    clock.time += check.interval * MISSED_RUNS - 1
    assert "ifHCInOctets" in await scrape(exposition)
    clock.time += 1
    assert await scrape(exposition) == ""
    exposition.observe(observed(check, two_ports()))
    assert "ifHCInOctets" in await scrape(exposition)


@pytest.mark.parametrize("interval", [2.0, 30.0, 60.0, 900.0])
async def test_the_failure_of_a_dead_device_stays_between_its_rare_walks(
    interval: float,
) -> None:
    clock = HandClock()
    exposition = Exposition(clock)
    check = replace(interfaces_check(), interval=interval)
    exposition.observe(observed(check, None, Outcome.FAILED))
    clock.time += max(back_off(interval, 99) + check.timeout, 5 * interval)
    assert "probe_success" in await scrape(exposition)


async def test_other_components_can_add_families_to_the_exposition() -> None:
    exposition = Exposition(HandClock())
    exposition.observe(observed(icmp_check()))
    line = b'probe_success{school="goethe",site="main",device="x",check="y"} 1\n'
    exposition.set_block("probe_success", "goethe", "verdict", line)
    text = await scrape(exposition)
    assert text.count("# TYPE probe_success gauge") == 1
    assert line.decode() in text
    exposition.set_block("probe_success", "goethe", "verdict", b"")
    assert line.decode() not in await scrape(exposition)


def test_an_undeclared_family_is_refused() -> None:
    with pytest.raises(KeyError, match="school_lunch"):
        Exposition(HandClock()).set_block("school_lunch", "goethe", "kitchen", b"school_lunch 1\n")


async def test_half_a_million_samples_are_streamed_in_slices() -> None:
    exposition = big_exposition(schools=20, devices=50, families=5, rows=100)
    turns = 0
    done = False

    async def count_turns() -> None:
        nonlocal turns
        while not done:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(count_turns())
        await asyncio.sleep(0)
        slices = [(len(chunk), turns) async for chunk in exposition.stream()]
        done = True
    assert sum(size for size, _ in slices) > 500_000 * 150
    assert max(size for size, _ in slices) <= SLICE_BYTES
    at = [turn for _, turn in slices]
    assert all(later > earlier for earlier, later in pairwise(at))


async def test_a_block_larger_than_a_slice_is_sent_alone() -> None:
    exposition = big_exposition(schools=1, devices=3, families=1, rows=2000)
    sizes = [len(chunk) async for chunk in exposition.stream()]
    assert max(sizes) == 2000 * 150
    assert len(sizes) == 4


async def test_a_block_replaced_while_streaming_is_never_torn() -> None:
    exposition = Exposition(HandClock())
    for device in range(400):
        exposition.set_block("ifSpeed", "goethe", f"d{device}", b"ifSpeed 1\n" * 200)
    received = []
    async for chunk in exposition.stream():
        received.append(chunk)
        for device in range(400):
            exposition.set_block("ifSpeed", "goethe", f"d{device}", b"ifSpeed 22\n" * 200)
        exposition.set_block("ifLastChange", "goethe", "d0", b"ifLastChange 6\n")
        exposition.retain(set())
    lines = b"".join(received).decode().splitlines()[2:]
    assert len(lines) == 400 * 200
    for start in range(0, len(lines), 200):
        assert len(set(lines[start : start + 200])) == 1


async def test_readings_older_than_the_look_back_are_not_exposed() -> None:
    clock = HandClock()
    exposition = Exposition(clock)
    exposition.set_inventory(city_with_gateway(exposed_school("goethe")))
    polls = {
        "switch-1": (interfaces_check(), LOOK_BACK_SECONDS),
        "switch-2": (interfaces_check("switch-2"), LOOK_BACK_SECONDS - 1),
        "switch-3": (replace(interfaces_check("switch-3"), interval=300.0), 2 * LOOK_BACK_SECONDS),
    }
    exposition.retain({check.id for check, _ in polls.values()})
    for check, age in polls.values():
        read = MONDAY - timedelta(seconds=age)
        exposition.observe(observed(check, replace(two_ports(), read_at=read)))
    found = exact_names(await scrape(exposition))
    for family in ("ifHCInOctets", "ifOperStatus", "sysUpTime"):
        shown = {dict(labels)["device"] for name, labels in found if name == family}
        assert shown == {"switch-2", "switch-3"}, family
    known = {dict(labels)["device"] for name, labels in found if name == "probe_success"}
    assert known == polls.keys()


async def test_a_device_that_is_read_again_after_the_look_back_is_exposed_again() -> None:
    exposition = Exposition(HandClock())
    exposition.retain({interfaces_check().id})
    old = MONDAY - timedelta(seconds=LOOK_BACK_SECONDS)
    for read, is_shown in ((old, False), (MONDAY, True), (old, False)):
        reading = replace(two_ports(), read_at=read)
        exposition.observe(observed(interfaces_check(), reading))
        assert ("ifOperStatus" in await scrape(exposition)) == is_shown
