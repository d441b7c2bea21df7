"""Tells Prometheus which schools to scrape, by its HTTP service discovery.

The list always contains all configured schools, because Prometheus drops missing targets; whether a
school answers is shown by its metrics. The daemon's own series belong to no school:
`/metrics/monitor`, one fixed target.

Must not know: probes, metrics, or how the daemon works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from monitor.words.plain import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.status.view import View

PATH = "/sd/prometheus"

TargetGroup = dict[str, list[str] | dict[str, str]]


def discovery_route(view: View) -> web.RouteDef:
    """Return the route that lists a scrape target per school."""

    async def list_targets(request: web.Request) -> web.Response:
        # The name by which Prometheus has reached us will work again.
        return web.json_response(target_groups(request.host, view.school_ids()), dumps=as_json)

    return web.get(PATH, list_targets)


def target_groups(address: str, school_ids: Iterable[str]) -> list[TargetGroup]:
    """Return one target group per school, all of them at the daemon's own address.

    `__param_school` becomes the query of the scrape, `instance` distinguishes the schools' targets,
    and `school` is for `up`, whose series Prometheus writes itself.

    Source: Prometheus documentation, HTTP SD.
    """
    return [
        {
            "targets": [address],
            "labels": {"__param_school": school, "instance": school, "school": school},
        }
        for school in school_ids
    ]
