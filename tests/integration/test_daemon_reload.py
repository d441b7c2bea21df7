"""`schulnetz run` on kernel pings and simulated devices: SIGHUP applies all of a file or none."""

from __future__ import annotations

import re
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.cli.run import read_all
from monitor.config import ConfigError
from tests.cli.test_main import invoke
from tests.integration.running import (
    COMMUNITY,
    COMMUNITY_OF_RUN,
    Daemon,
    Town,
    city,
    labels_of,
    run,
    series,
    until,
    value,
)
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.exposition.support import Samples

pytestmark = [pytest.mark.integration, pytest.mark.root]

STANDING = {"voede": 11, "goethe": 12, "schiller": 13, "natorp": 14, "kant": 15}
ADDED = {"waldschule": 16}
KEPT_COUNTERS = ("smokeping_requests_total", "probe_icmp_replies_total", "monitor_runs_total")
DECIDED = ("configuration applied", "configuration not reloaded")


class Reloading:
    """A running daemon, and its configuration file to be changed."""

    def __init__(self, daemon: Daemon, config: Path, town: Town) -> None:
        self.daemon = daemon
        self.config = config
        self.town = town

    def decisions(self) -> list[str]:
        return [line for line in self.daemon.lines if any(words in line for words in DECIDED)]

    def reload(self) -> str:
        """Send SIGHUP; return the line in which the daemon reports the result."""
        before = len(self.decisions())
        self.daemon.process.send_signal(signal.SIGHUP)
        until(lambda: len(self.decisions()) > before, self.daemon)
        return self.decisions()[before]

    def take(self, schools: dict[str, int], **changes: object) -> str:
        replace(self.town, schools=schools, **changes).write(self.config)  # type: ignore[arg-type]  # a test's own
        return self.reload()

    def is_successful(self) -> float:
        return value(self.daemon.samples(), "monitor_config_last_reload_successful")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reloading]:
    place = tmp_path_factory.mktemp("reload")
    town = Town(free_port(), STANDING, switches=1)
    everybody = replace(town, schools=STANDING | ADDED).write(place / "everybody.yaml")
    config = town.write(place / "schools.yaml")
    with city(everybody, town.port), run(config, place / "state") as daemon:
        daemon.await_ready()
        yield Reloading(daemon, config, town)


@pytest.fixture
def reloading(base: Reloading) -> Iterator[Reloading]:
    """Provide the running daemon; restore its configuration afterwards."""
    yield base
    assert "applied" in base.take(STANDING)
    assert base.is_successful() == 1
    base.daemon.await_ready()


def counters(samples: Samples, school: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (name, labels): found
        for name in KEPT_COUNTERS
        for labels, found in series(samples, name, school=school).items()
    }


def test_the_kernel_answers_pings_and_devices_are_read(base: Reloading) -> None:
    samples = base.daemon.samples()
    assert value(samples, "probe_success", school="voede", device="router", check="icmp") == 1
    times = series(samples, "smokeping_response_duration_seconds_sum", school="voede")
    assert len(times) == 2
    assert all(0 < seconds < 60 for seconds in times.values())
    uplinks = {dict(key)["school"] for key in series(samples, "ifHCInOctets")}
    assert uplinks <= set(STANDING)
    assert len(uplinks) >= 3


def test_an_unchanged_file_changes_nothing(reloading: Reloading) -> None:
    samples = reloading.daemon.samples()
    line = reloading.reload()
    assert "0 started, 0 stopped" in line
    after = reloading.daemon.samples()
    for school in STANDING:
        was = counters(samples, school)
        assert was
        assert all(counters(after, school)[key] >= amount for key, amount in was.items())


def test_removed_school_is_gone_at_once_and_the_others_keep_their_counters(
    reloading: Reloading,
) -> None:
    before = reloading.daemon.samples()
    rest = {school: network for school, network in STANDING.items() if school != "goethe"}
    line = reloading.take(rest | ADDED)
    after = reloading.daemon.samples()
    assert "5 schools; checks: 5 started, 5 stopped, 23 kept" in line
    assert not [key for key in after if ("school", "goethe") in key[1]]
    assert labels_of(after, "school_info", "school") == set(rest | ADDED)
    assert reloading.daemon.get("/metrics?school=goethe").status == 404
    for school in rest:
        was = counters(before, school)
        assert was
        assert all(counters(after, school)[key] >= amount for key, amount in was.items())

    def is_measured() -> bool:
        return bool(series(reloading.daemon.samples(), "sysUpTime", school="waldschule"))

    until(is_measured, reloading.daemon)
    later = reloading.daemon.samples()
    assert not [key for key in later if ("school", "goethe") in key[1]]
    for school in rest:
        was = counters(after, school)
        assert all(counters(later, school)[key] >= amount for key, amount in was.items())


def test_a_changed_school_is_checked_with_its_new_settings(reloading: Reloading) -> None:
    extra = {"kant": ["icmp: {packets: 3}"]}
    line = reloading.take(STANDING, extra=extra)
    assert "2 started, 2 stopped, 26 kept" in line

    def requests_sent() -> float:
        where = {"school": "kant", "device": "router"}
        return value(reloading.daemon.samples(), "smokeping_requests_total", **where)

    before = requests_sent()
    until(lambda: requests_sent() >= before + 3, reloading.daemon)


def bad_files(text: str) -> dict[str, bytes]:
    whole = text.encode()
    middle = text.index("  - id: schiller")
    return {
        "empty": b"",
        "only a blank line": b"\n",
        "binary": bytes(range(256)),
        "zeros": bytes(4096),
        "cut in the head": whole[:100],
        "cut within a word": whole[: middle + 9],
        "an unknown key": whole.replace(b"  providers:", b"  provider:").replace(
            b"    network:", b"    netwrok:", 1
        ),
        "not UTF-8": whole.replace(b"Voede-Schule", b"V\xf6de-Schule"),
    }


def test_a_truncated_file_without_its_end_mark_changes_nothing(base: Reloading) -> None:
    text = base.town.text()
    base.config.write_text(text[: text.rindex("  - id: kant")], encoding="utf-8")
    said = base.reload()
    assert re.search(r"lost its end mark and \d checks with it \(such as kant/main/router/", said)
    after = base.daemon.samples()
    assert value(after, "monitor_config_last_reload_successful") == 0
    assert labels_of(after, "school_info", "school") == set(STANDING)


MANY = "".join(f"  - {{id: s{number}, router: 127.84.0.{number}}}\n" for number in range(1, 20))


@pytest.mark.parametrize(
    ("ending", "is_good"),
    [
        ("", True),
        ("...\n", True),
        ("...", True),
        ("...\n\n# behind it\n", True),
        ("# the last line", False),
        ("  - {id: one-more, router: 127.84.0.1}\n", True),
        (MANY, False),
    ],
    ids=repr,
)
def test_check_run_and_reload_accept_the_same_file_endings(
    reloading: Reloading, monkeypatch: pytest.MonkeyPatch, ending: str, *, is_good: bool
) -> None:
    whole = reloading.town.text().removesuffix("...\n")
    reloading.config.write_text(whole + ending, encoding="utf-8")
    monkeypatch.setenv(COMMUNITY_OF_RUN, COMMUNITY)
    code, _, errors = invoke("check", reloading.config)
    assert (code == 0) == is_good, errors
    try:
        starts = bool(read_all(reloading.config).inventory.schools)
    except ConfigError:
        starts = False
    assert starts == is_good
    line = reloading.reload()
    assert ("configuration applied" in line) == is_good, line


@pytest.mark.parametrize("name", bad_files(Town(161, STANDING).text()))
def test_a_bad_file_changes_nothing_and_is_reported_with_its_place(
    base: Reloading, name: str
) -> None:
    before = base.daemon.samples()
    base.config.write_bytes(bad_files(base.town.text())[name])
    line = base.reload()
    assert "not reloaded" in line
    told = base.daemon.said[base.daemon.said.index(line) :]
    assert re.search(rf"{re.escape(str(base.config))}:\d+:\d+: \S", told), told
    after = base.daemon.samples()
    assert value(after, "monitor_config_last_reload_successful") == 0
    assert labels_of(after, "school_info", "school") == set(STANDING)
    assert all(
        counters(after, school)[key] >= amount
        for school in STANDING
        for key, amount in counters(before, school).items()
    )
    assert "Traceback" not in told
    assert COMMUNITY not in base.daemon.said


def test_a_missing_file_and_a_non_file_change_nothing(reloading: Reloading) -> None:
    reloading.config.unlink()
    assert "not reloaded" in reloading.reload()
    reloading.config.mkdir()
    assert "not reloaded" in reloading.reload()
    assert reloading.is_successful() == 0
    reloading.config.rmdir()


def test_after_a_bad_file_a_good_one_is_accepted(reloading: Reloading) -> None:
    reloading.config.write_text("version: 1\n")
    assert "not reloaded" in reloading.reload()
    assert reloading.is_successful() == 0
    assert "applied" in reloading.take(STANDING)
    assert reloading.is_successful() == 1


def test_a_missing_secret_changes_nothing(reloading: Reloading) -> None:
    text = reloading.town.text().replace("SCHULNETZ_TEST_COMMUNITY", "SCHULNETZ_TEST_MISSING")
    reloading.config.write_text(text)
    line = reloading.reload()
    assert "not reloaded" in line
    assert "SCHULNETZ_TEST_MISSING is not set" in line
    assert reloading.is_successful() == 0


def test_the_loss_of_more_than_a_fifth_of_the_schools_is_refused(reloading: Reloading) -> None:
    three = dict(list(STANDING.items())[:3])
    line = reloading.take(three)
    assert "3 schools instead of 5" in line
    assert "instead of 5; if that is meant, restart the daemon" in line
    assert "--allow-fewer-schools" not in line
    assert reloading.is_successful() == 0
    assert labels_of(reloading.daemon.samples(), "school_info", "school") == set(STANDING)
    four = dict(list(STANDING.items())[:4])
    assert "applied: 4 schools" in reloading.take(four)


def test_the_loss_is_accepted_if_allowed(tmp_path: Path) -> None:
    town = Town(free_port(), {"voede": 17, "goethe": 18, "kant": 19}, switches=0)
    config = town.write(tmp_path / "schools.yaml")
    with run(config, tmp_path / "state", "--allow-fewer-schools") as daemon:
        reloading = Reloading(daemon, config, town)
        assert "applied: 1 school" in reloading.take({"voede": 17})
        assert reloading.is_successful() == 1
        assert daemon.stop(signal.SIGINT) == 0


def test_many_hangups_at_once_are_survived(reloading: Reloading) -> None:
    for _ in range(50):
        reloading.daemon.process.send_signal(signal.SIGHUP)
    assert "applied" in reloading.reload()
    assert reloading.daemon.get("/-/healthy").status == 200
