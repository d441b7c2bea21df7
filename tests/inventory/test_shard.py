"""Shards: every school belongs to one daemon, and few move when daemons are added."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bench.sites import city_of
from monitor.cli.main import main
from monitor.inventory.shard import Shard
from tests.modelled import running
from tests.virtual_time import run_virtually

if TYPE_CHECKING:
    from pathlib import Path

IDS = [f"school-{number}" for number in range(1000)]


@given(st.integers(1, 12), st.text(min_size=1, max_size=20))
def test_every_school_is_in_exactly_one_shard(count: int, school_id: str) -> None:
    shards = [Shard(number, count) for number in range(1, count + 1)]
    assert sum(shard.has(school_id) for shard in shards) == 1


def test_shards_are_of_about_the_same_size() -> None:
    sizes = Counter(number for number in range(1, 6) for one in IDS if Shard(number, 5).has(one))
    assert all(150 < size < 250 for size in sizes.values())


def test_adding_a_daemon_moves_no_school_between_the_others() -> None:
    moved = [one for one in IDS if Shard(6, 6).has(one)]
    assert 100 < len(moved) < 240
    for number in range(1, 6):
        kept = {one for one in IDS if Shard(number, 5).has(one)} - set(moved)
        assert kept == {one for one in IDS if Shard(number, 6).has(one)}


def test_two_shards_split_ten_thousand_sites_without_overlap_or_loss() -> None:
    whole = city_of(10_000)
    parts = [Shard(number, 2).of(whole) for number in (1, 2)]
    assert all(part.references == whole.references for part in parts)
    for part, other in zip(parts, reversed(parts), strict=True):
        assert part.elsewhere == {one.id: other.shard for one in other.schools}
    assert (parts[0].shard, parts[1].shard, whole.elsewhere) == ("1/2", "2/2", {})
    ids = [one.id for part in parts for one in part.schools]
    assert sorted(ids) == sorted(one.id for one in whole.schools)


def test_two_daemons_together_expose_what_one_would(tmp_path: Path) -> None:
    """The series of each school come from one of them and equal those of a single daemon."""
    whole = city_of(60)

    async def exposed(shard: Shard) -> dict[str, str]:
        folder = tmp_path / str(shard).replace("/", "-of-")
        folder.mkdir()
        inventory = shard.of(whole)
        async with running(folder, inventory) as city:
            await asyncio.sleep(200)
            assert not city.daemon.not_ready()
            return {one.id: await city.text(one.id) for one in inventory.schools}

    alone = run_virtually(exposed(Shard(1, 1)))
    first, second = (run_virtually(exposed(Shard(number, 2))) for number in (1, 2))
    assert len(alone) == 60
    assert all(f'school_uplink_up{{school="{one}"' in text for one, text in alone.items())
    assert not first.keys() & second.keys()
    assert min(len(first), len(second)) > 15
    assert first | second == alone


def test_check_lists_the_schools_of_a_shard_and_says_of_how_many(tmp_path: Path) -> None:
    names = [f"schule-{number}" for number in range(1, 13)]
    file = tmp_path / "schools.yaml"
    schools = "".join(
        f"  - {{id: {name}, name: {name}, router: 127.0.0.{number}}}\n"
        for number, name in enumerate(names, 1)
    )
    file.write_text(f"schools:\n{schools}...\n", encoding="utf-8")
    listed: list[str] = []
    for number in (1, 2):
        options = ["check", str(file), "--shard", f"{number}/2"]
        result = CliRunner().invoke(main, [*options, "--list"])
        assert result.exit_code == 0, result.output
        own = [one for one in names if Shard(number, 2).has(one)]
        assert (
            f"{file}: {len(own)} of 12 schools, shard {number}/2, {len(own)} sites" in result.stdout
        )
        found = [line.split()[0] for line in result.stdout.splitlines() if line[:7] == "schule-"]
        assert found == own
        listed += found
        said = json.loads(CliRunner().invoke(main, [*options, "--json"]).stdout)
        assert [one["id"] for one in said["schools"]] == own
    assert sorted(listed) == sorted(names)


@pytest.mark.parametrize("wrong", ["0/2", "3/2", "2", "1/0", "a/b", "-1/2"])
def test_a_shard_that_does_not_exist_is_wrong_usage(wrong: str) -> None:
    result = CliRunner().invoke(main, ["run", "--shard", wrong])
    assert result.exit_code == 2
    assert "NUMBER/COUNT" in result.stderr
