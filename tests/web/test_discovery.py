"""Service discovery: always the whole list, and each target exists."""

from __future__ import annotations

from monitor.web.discovery import target_groups
from tests.web.test_app import client


def test_each_school_is_a_target_of_its_own() -> None:
    assert target_groups("monitor.example:9822", ["goethe", "natorp"]) == [
        {
            "targets": ["monitor.example:9822"],
            "labels": {"__param_school": school, "instance": school, "school": school},
        }
        for school in ("goethe", "natorp")
    ]


def test_a_city_without_schools_is_an_empty_list() -> None:
    assert target_groups("monitor.example:9822", []) == []


async def test_the_targets_use_the_requested_address() -> None:
    async with (
        client(None, "monitor.schulnetz.example") as web,
        web.get("/sd/prometheus", headers={"Host": "monitor.schulnetz.example"}) as answer,
    ):
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        (group,) = await answer.json()
    assert group["targets"] == ["monitor.schulnetz.example"]


async def test_each_target_leads_to_what_the_daemon_serves() -> None:
    async with client() as web:
        async with web.get("/sd/prometheus") as answer:
            (group,) = await answer.json()
        (target,) = group["targets"]
        school = group["labels"]["__param_school"]
        async with web.get(f"http://{target}/metrics", params={"school": school}) as answer:
            assert answer.status == 200
