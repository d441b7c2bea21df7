"""What follows from one round of a school's checks, in a few sentences for a person.

A round is not a verdict: the daemon waits for several (docs/verdicts.md).

Must not know: how a check works, or how the sentences are shown.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.exposition.text import sanitise
from monitor.inventory.checks import CheckKind
from monitor.observation import HttpReading, Outcome, Reason
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.inventory.city import School, Site
    from monitor.observation import Observation

_OF_DEVICE: Final = frozenset({CheckKind.ICMP, CheckKind.INTERFACES, CheckKind.HARDWARE})
_SHOWN: Final = 5


def conclusion(school: School, latest: Sequence[Observation]) -> list[str]:
    """Return the conclusions of a round: the cause first, without its mere consequences."""
    said: list[str] = []
    for site in school.sites:
        of_site = [one for one in latest if one.check.target.site == site.id]
        prefix = f"{site.id}: " if len(school.sites) > 1 else ""
        sentences = [*_of_site(site, of_site), *_certificates(of_site)]
        said += [f"{prefix}{sentence}" for sentence in sentences]
    if said:
        return said
    ran = count_of(len(latest), "check")
    return [f"all is well: {ran} ran, and none failed"]


def _of_site(site: Site, of_site: Sequence[Observation]) -> list[str]:
    router = site.uplink.device
    lost = _lost_ping(of_site, router)
    if lost is None:
        return _limited(_by_device(of_site))
    if any(one.outcome is Outcome.OK for one in _of(of_site, router)):
        others = [one for one in of_site if one is not lost]
        return [
            f"the router answers SNMP and no ping: {_cause(lost)}",
            *_limited(_by_device(others)),
        ]
    behind = [one for one in of_site if one.check.target.device != router]
    if answered := list(dict.fromkeys(one.check.target.device for one in behind if _ok(one))):
        names = ", ".join(answered[:_SHOWN])
        return [f"the router does not answer: {_cause(lost)}; what is behind it does: {names}"]
    follows = "; everything behind it follows" if behind else ""
    return [f"the uplink is down: {_cause(lost)}{follows}"]


def _by_device(observations: Sequence[Observation]) -> Iterator[str]:
    """Yield a sentence for each device and each service with a problem."""
    for device in dict.fromkeys(one.check.target.device for one in observations):
        lost = _lost_ping(observations, device)
        if lost is not None:
            yield f"{device} is down: {_cause(lost)}"
            continue
        whys: dict[tuple[str, str], list[str]] = {}
        for one in observations:
            if one.check.target.device != device or _ok(one):
                continue
            how = "failed" if one.outcome is Outcome.FAILED else "could not tell"
            whys.setdefault((how, _cause(one)), []).append(one.check.name)
        for (how, cause), names in whys.items():
            yield f"{device}: {', '.join(names)} {how}: {cause}"


def _certificates(observations: Iterable[Observation]) -> Iterator[str]:
    """Yield a sentence for each certificate near its end, unless the check failed because of it."""
    # It loads pydantic, which other commands that import this file do not need.
    from monitor.status.certificates import is_near  # noqa: PLC0415

    for one in observations:
        chain = one.values.certificate if isinstance(one.values, HttpReading) else None
        if chain is None or one.reason is Reason.CERTIFICATE:
            continue
        left = chain.earliest_expiry - one.started
        if is_near(chain.earliest_expiry, one.started):
            when = f"in {count_of(left.days, 'day')}" if left.days > 0 else "in less than a day"
            ends = f"ends {when}" if left > timedelta() else "has ended"
            yield (
                f"{one.check.target.device}: {one.check.name}: the certificate {ends}, at "
                f"{chain.earliest_expiry:%Y-%m-%d %H:%M} UTC: renew it"
            )


def _limited(sentences: Iterable[str]) -> list[str]:
    said = list(sentences)
    if len(said) <= _SHOWN:
        return said
    return [*said[:_SHOWN], f"and {len(said) - _SHOWN} more, in the table above"]


def _of(observations: Iterable[Observation], device: str) -> Iterator[Observation]:
    """Yield the checks of the device itself, not of a service in its name."""
    for one in observations:
        if one.check.target.device == device and one.check.kind in _OF_DEVICE:
            yield one


def _lost_ping(observations: Iterable[Observation], device: str) -> Observation | None:
    """Return the unanswered ping of a device; None if it answered, or was not pinged."""
    for one in _of(observations, device):
        if one.check.kind is CheckKind.ICMP and one.outcome is Outcome.FAILED:
            return one
    return None


def _cause(observation: Observation) -> str:
    return sanitise(observation.detail) or str(observation.reason)


def _ok(observation: Observation) -> bool:
    return observation.outcome is Outcome.OK
