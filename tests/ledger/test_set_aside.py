"""A ledger that was damaged or missing: log, page, doctor and metric say so until it is moved."""

from __future__ import annotations

import logging
import resource
from typing import TYPE_CHECKING

import pytest

from monitor.cli.doctor import examine
from monitor.cli.finding import Health
from monitor.exposition.availability import ledger_blocks
from monitor.ledger.chain import LedgerError
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.status.build import city_status
from tests.integration.running import Town
from tests.ledger.attacker import change
from tests.ledger.clocks import ManualClock
from tests.ledger.test_anchor import NOW, grow
from tests.ledger.test_ledger import note
from tests.modelled import inventory_of, running
from tests.virtual_time import run_virtually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.ledger.health import LedgerHealth
    from monitor.status.model import CityStatus

TOWN = Town(161, {"voede": 1})
QUARANTINED = "monitor_ledger_quarantined"


def changed(path: Path) -> None:
    change(path, 3, '{"n":99}')


LOSSES: dict[str, tuple[Callable[[Path], None], str]] = {
    "quarantined": (changed, "(row 3 is not what was written)"),
    "missing": (lambda path: path.unlink(), "(the earlier ledger's file is missing)"),
}
each_loss = pytest.mark.parametrize("what", LOSSES)


def lose(folder: Path, what: str) -> tuple[SqlitePlace, str]:
    """Begin a ledger and damage or remove it; return its place and the reason to be said."""
    path = folder / "ledger.sqlite"
    grow(path, 4)
    lost, why = LOSSES[what]
    lost(path)
    return SqlitePlace(path), why


def exported(health: LedgerHealth) -> bytes:
    return ledger_blocks(health)[QUARANTINED]


@each_loss
async def test_the_log_says_at_every_start_what_became_of_the_earlier_ledger(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    place, why = lose(tmp_path, what)
    said = []
    for _ in range(2):
        caplog.clear()
        async with Ledger.open(place, ManualClock()):
            pass
        said.append([one.getMessage() for one in caplog.records if one.levelno == logging.ERROR])
    [beside] = [one.name for one in tmp_path.glob(f"ledger.sqlite.{what}-*")]
    for [line] in said:
        assert line.startswith("the earlier ledger was set aside")
        assert f": {beside}; this one begins at 2026-10-05 06:00:00 UTC" in line
        assert "then move it away: docs/ledger.md" in line
        assert why in line


@each_loss
async def test_metric_and_health_name_it_until_it_is_moved_away(tmp_path: Path, what: str) -> None:
    place, _ = lose(tmp_path, what)
    async with Ledger.open(place, ManualClock()) as ledger:
        assert exported(ledger.health).endswith(b" 1\n")
        beside = tmp_path / ledger.health.quarantined
        beside.rename(tmp_path / "kept elsewhere")
        await ledger.append([note(1)])
        assert exported(ledger.health).endswith(b" 0\n")
        assert ledger.health.quarantined == ""


async def test_the_newest_of_several_is_named(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.sqlite", ManualClock()
    for loss in (changed, lambda path: path.unlink()):
        grow(path, 4)
        loss(path)
        await clock.sleep(60)
        async with Ledger.open(SqlitePlace(path), clock) as ledger:
            named = ledger.health.quarantined
    assert named.startswith("ledger.sqlite.missing-")
    assert "was missing at 2026-10-05 06:02" in (tmp_path / named).read_text()


def test_a_folder_that_cannot_be_read_is_a_failure_of_the_ledger(tmp_path: Path) -> None:
    place, _ = lose(tmp_path, "missing")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(LedgerError, match="Too many open files"):
            place.set_aside()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@each_loss
def test_the_page_shows_where_availability_begins(tmp_path: Path, what: str) -> None:
    place, _ = lose(tmp_path, what)

    async def status() -> CityStatus:
        async with running(tmp_path, inventory_of(tmp_path, TOWN), place=place) as one:
            return city_status(one.daemon.sources, one.clock.now())

    found = run_virtually(status()).earlier_ledger
    assert found is not None
    assert found.name.startswith(f"ledger.sqlite.{what}-")
    assert found.begins != NOW
    assert found.alert is not None
    assert found.alert.name == "LedgerQuarantined"
    (tmp_path / found.name).unlink()
    assert run_virtually(status()).earlier_ledger is None


@each_loss
async def test_doctor_names_what_was_set_aside(tmp_path: Path, what: str) -> None:
    place, _ = lose(tmp_path, what)
    async with Ledger.open(place, ManualClock()) as ledger:
        named = ledger.health.quarantined
    everything = examine(tmp_path / "none.yaml", tmp_path, place)
    finding = next(one for one in everything if one.what == "ledger")
    assert finding.health is Health.WARNING
    assert finding.seen.endswith(f"1 row holds; an earlier ledger was set aside as {named}")
    assert "move it away" in finding.cure
