"""From checks to the metrics: a degraded device appears and disappears again."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING

from tests.ailing import ROUTER, SCHOOL, ailing, run_beside_loopback
from tests.exposition.support import exact_names
from tests.integration.running import series, value

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.ailing import Ailing
    from tests.exposition.support import Samples

SINCE = "school_degraded_since_timestamp_seconds"


async def reasons(one: Ailing) -> set[tuple[str, str, str]]:
    """Return device, check and reason of every problem in the city."""
    samples = exact_names(await one.running.text())
    found = series(samples, SINCE)
    assert all(dict(labels)["school"] == SCHOOL for labels in found)
    return {
        (dict(labels)["device"], dict(labels)["check"], dict(labels)["reason"]) for labels in found
    }


def test_a_website_answering_503_is_in_the_metrics_and_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor.daemon.consumers.verdict_output")

    async def main() -> None:
        async with ailing(tmp_path) as one:
            await asyncio.sleep(120)
            samples = exact_names(await one.running.text())
            assert value(samples, "school_uplink_degraded", school=SCHOOL, site="main") == 0
            assert len(series(samples, "school_switch_degraded")) == 6
            assert await reasons(one) == set()
            one.website.status = 503
            await asyncio.sleep(200)
            assert await reasons(one) == {("router", "website", "service")}
            samples = exact_names(await one.running.text())
            assert value(samples, "school_uplink_degraded", school=SCHOOL, site="main") == 1
            assert value(samples, "school_uplink_up", school=SCHOOL, site="main") == 1
            # A dead line is down and has no other finding.
            one.network.dead.add(ROUTER)
            await asyncio.sleep(120)
            assert await reasons(one) == set()
            assert not series(await names(one), "school_uplink_degraded", school=SCHOOL)
            one.network.dead.clear()
            one.website.status = 200
            await asyncio.sleep(200)
            assert await reasons(one) == set()
            assert (
                value(await names(one), "school_uplink_degraded", school=SCHOOL, site="main") == 0
            )

    run_beside_loopback(main())
    said = [record.getMessage() for record in caplog.records]
    # Again after the outage: nothing has shown that it works.
    began, again = (line for line in said if ": degraded (service, website) since " in line)
    assert began == again
    assert re.search(r"the answer is 503.*\(failed 3 times in a row\)$", began)
    assert any(
        ": no longer degraded (service, website); it had been since " in line for line in said
    )


async def names(one: Ailing) -> Samples:
    return exact_names(await one.running.text())
