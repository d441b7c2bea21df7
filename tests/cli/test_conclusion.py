"""What `schulnetz probe` concludes from one round: the cause, and not what follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.cli.conclusion import conclusion
from monitor.config import load_text
from monitor.inventory.checks import CheckKind, HttpOptions
from monitor.observation import CertificateChain, HttpReading, Observation, Outcome, Reason
from tests import build
from tests.cli.test_main import TOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.inventory.checks import Check

INVENTORY = load_text(TOWN.text().encode(), "x")
GOETHE = next(one for one in INVENTORY.schools if one.id == "goethe")
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
LOST = "no answer to 5 packets"
ROUTER, FIRST, SECOND = "router/icmp", "switch-01/icmp", "switch-02/icmp"


def checks() -> list[Check]:
    return [one for one in INVENTORY.checks() if one.target.school == "goethe"]


def seen(failed: Mapping[str, str], unknown: Mapping[str, str] = {}) -> list[Observation]:
    """Return a round in which checks (`device/name`, or all of a `device`) failed, with reasons."""
    found = []
    for check in checks():
        names = (f"{check.target.device}/{check.name}", check.target.device, "")
        why = next((failed[name] for name in names if name in failed), None)
        doubt = next((unknown[name] for name in names if name in unknown), None)
        outcome = Outcome.FAILED if why else Outcome.UNKNOWN if doubt else Outcome.OK
        reason = Reason.TIMEOUT if why else Reason.NONE
        found.append(Observation(check, NOW, 0.1, outcome, reason, why or doubt or "", None))
    return found


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        ({}, ["all is well: 8 checks ran, and none failed"]),
        ({"": LOST}, [f"the uplink is down: {LOST}; everything behind it follows"]),
        (
            {ROUTER: LOST},
            [f"the router answers SNMP and no ping: {LOST}"],
        ),
        (
            {"router": LOST, "switch-01": LOST},
            [f"the router does not answer: {LOST}; what is behind it does: switch-02"],
        ),
        ({"switch-01": LOST}, [f"switch-01 is down: {LOST}"]),
        (
            {"switch-01/interfaces": "no reply", "switch-02": "lost"},
            ["switch-01: interfaces failed: no reply", "switch-02 is down: lost"],
        ),
    ],
)
def test_each_round_gets_a_sentence_with_its_cause(failed: dict[str, str], said: list[str]) -> None:
    assert conclusion(GOETHE, seen(failed)) == said


def test_an_unknown_outcome_is_not_a_failure() -> None:
    said = conclusion(GOETHE, seen({}, {"switch-01/interfaces": "no slot became free"}))
    assert said == ["switch-01: interfaces could not tell: no slot became free"]


def test_without_a_ping_nothing_is_called_down() -> None:
    snmp = [one for one in seen({"": "no reply"}) if one.check.kind is CheckKind.INTERFACES]
    assert conclusion(GOETHE, snmp) == [
        f"{device}: interfaces failed: no reply" for device in ("router", "switch-01", "switch-02")
    ]


def test_sites_are_distinguished_and_long_lists_are_cut() -> None:
    site = GOETHE.sites[0]
    other = replace(site, id="annex")
    school = replace(GOETHE, sites=(site, other))
    said = conclusion(school, seen({"": LOST}))
    assert said == [f"main: the uplink is down: {LOST}; everything behind it follows"]
    many = [
        replace(
            one, check=replace(one.check, target=replace(one.check.target, device=f"s{number}"))
        )
        for number in range(7)
        for one in seen({"switch-01": LOST})
        if one.check.target.device == "switch-01"
    ]
    assert conclusion(GOETHE, many)[-1] == "and 2 more, in the table above"


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (timedelta(days=5), "the certificate ends in 5 days, at 2026-11-30 09:00 UTC: renew it"),
        (timedelta(days=1, hours=1), "the certificate ends in 1 day, at 2026-11-26 10:00 UTC"),
        (timedelta(hours=1), "the certificate ends in less than a day, at 2026-11-25 10:00 UTC"),
        (-timedelta(days=1), "the certificate has ended, at 2026-11-24 09:00 UTC: renew it"),
        (timedelta(days=14), "all is well: 9 checks ran, and none failed"),
    ],
)
def test_a_certificate_near_its_end_is_not_called_well(ends: timedelta, said: str) -> None:
    website = _website(NOW + ends)
    [conclusion_] = conclusion(GOETHE, [*seen({}), website])
    assert said in conclusion_
    refused = replace(website, outcome=Outcome.FAILED, reason=Reason.CERTIFICATE, detail="expired")
    assert conclusion(GOETHE, [*seen({}), refused]) == ["router: website failed: expired"]


def _website(ends: datetime) -> Observation:
    check = build.check(HttpOptions("https://10.0.0.1/"), name="website")
    chain = CertificateChain(ends, None, "ab", "CN=web", "CN=ca")
    values = HttpReading("10.0.0.1", 4, status=200, certificate=chain)
    return Observation(check, NOW, 0.1, Outcome.OK, values=values)
