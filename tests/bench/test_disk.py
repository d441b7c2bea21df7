"""The disk use of Prometheus from two snapshots, compared with blocks written by promtool."""

from __future__ import annotations

import random
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bench.disk import Disk, DiskUse, blocks_in, use

if TYPE_CHECKING:
    from pathlib import Path

SERIES = 60
# A multiple of 2 h: Prometheus starts a block there.
BEGINS = 7200 * 200_000


def blocks_of(folder: Path, minutes: int) -> Disk:
    """Return blocks with one sample per minute of counters that grow randomly, like octets."""
    folder.mkdir()
    chance = random.Random(0)
    lines = ["# TYPE octets counter"]
    for series in range(SERIES):
        value = 0
        for minute in range(minutes):
            value += chance.randrange(10**6)
            at = BEGINS + 60 * minute
            lines.append(f'octets_total{{port="{series}"}} {value} {at}')
    (folder / "text").write_text("\n".join([*lines, "# EOF\n"]), encoding="utf-8")
    command = ("promtool", "tsdb", "create-blocks-from", "openmetrics", "text", "blocks")
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return blocks_in(folder / "blocks")


@pytest.mark.integration
def test_blocks_of_minutes_predict_blocks_of_hours(tmp_path: Path) -> None:
    one, two = (blocks_of(tmp_path / str(minutes), minutes) for minutes in (5, 12))
    assert (one.samples, one.chunks) == (5 * SERIES, SERIES)
    assert 0 < one.index_bytes <= two.index_bytes
    full = blocks_of(tmp_path / "full", 120)
    assert full.chunks == SERIES
    found = use(one, two).sample_bytes
    assert found == pytest.approx(full.chunk_bytes / full.samples, rel=0.1)
    # The size of a short block alone overestimates.
    assert one.chunk_bytes / one.samples > 1.5 * found


def test_a_day_takes_its_samples_and_the_indexes_of_merged_blocks() -> None:
    assert DiskUse(2.0, 10.0, 900).day(100) == 100 * 1440 * 2.0 + 900 * 24 / 18
    assert DiskUse(2.0, 10.0, 900).log(100) == 100 * 180 * 10.0


def test_the_log_is_its_growth_per_sample() -> None:
    one = Disk(samples=1000, chunks=10, chunk_bytes=5000, index_bytes=70, log_bytes=40_000)
    two = replace(one, samples=2000, chunk_bytes=8000, log_bytes=51_000)
    assert use(one, two).logged_bytes == 11.0
    assert use(one, two).index_bytes == 70
