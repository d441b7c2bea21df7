"""An observation as sample lines, family by family.

For a new kind of values, add a file in this folder and a case in `CheckRenderer.render`.

Must not know: where the lines are kept, or who reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.exposition.blackbox import blackbox_samples
from monitor.exposition.devices import DeviceRenderer
from monitor.exposition.echo import EchoTotals, render_round
from monitor.exposition.hardware import render_hardware
from monitor.exposition.outcome import (
    PROBE_DURATION_SECONDS,
    PROBE_SUCCESS,
    render_outcome,
    render_states,
)
from monitor.exposition.restarts import RestartTotals
from monitor.exposition.text import Blocks, LineBegins, SteadyLines
from monitor.inventory.checks import CheckKind, IcmpOptions
from monitor.observation import (
    DeviceReading,
    DnsReading,
    EchoRound,
    HardwareReading,
    HttpReading,
    TcpReading,
)

if TYPE_CHECKING:
    from monitor.inventory.checks import Check
    from monitor.observation import Observation, Outcome


class CheckRenderer:
    """Renders the observations of one check and keeps its totals."""

    __slots__ = ("_check", "_devices", "_echo", "_known", "_labels", "_restarts", "_steady")

    def __init__(self, check: Check) -> None:
        self._check = check
        self._labels = _labels(check)
        self._known = LineBegins()
        self._steady = SteadyLines()
        self._devices = DeviceRenderer(check)
        self._echo = EchoTotals() if check.kind is CheckKind.ICMP else None
        self._restarts = RestartTotals() if check.kind is CheckKind.INTERFACES else None

    def render(self, observation: Observation, now: float) -> dict[str, bytes]:
        """Return the sample lines of each family, without HELP and TYPE; `now` is monotonic.

        For an unknown outcome, the unknown values are left out.
        """
        if observation.check is not self._check:
            self._take(observation.check)
        blocks = Blocks(self._known)
        labels = self._labels
        render_outcome(blocks, labels, observation)
        tables: dict[str, bytes] = {}
        match observation.values:
            case EchoRound() as echo:
                if self._echo is not None:
                    self._echo.count(echo)
                render_round(blocks, labels, echo)
            case DeviceReading() as reading:
                tables = self._devices.render(reading)
                if self._restarts is not None:
                    self._restarts.count(reading, now)
            case HardwareReading() as hardware:
                render_hardware(blocks, observation.check, hardware)
            case TcpReading() | HttpReading() | DnsReading():
                _render_service(blocks, labels, observation)
            case None:
                pass
        if self._echo is not None:
            self._add_echo(blocks, self._echo)
        restarts = self._restarts.number if self._restarts is not None else 0
        origin = (labels, observation.outcome, restarts)
        steady = self._steady.of(origin, lambda rare: self._add_rare(rare, observation.outcome))
        return blocks.text() | tables | steady

    def _take(self, check: Check) -> None:
        """Use the check's new object; on other options or another host, the totals continue."""
        before, self._check = self._check, check
        if check == before:
            return
        if check.target != before.target and self._restarts is not None:
            self._restarts.forget()
        self._labels = _labels(check)
        self._devices = DeviceRenderer(check)

    def totals(self) -> dict[str, bytes]:
        """Return the sample lines of the totals so far: zeros before the first run."""
        blocks = Blocks(self._known)
        if self._echo is not None:
            self._add_echo(blocks, self._echo)
        if self._restarts is not None:
            self._restarts.render(blocks, self._labels[:-1])
        return blocks.text()

    def _add_echo(self, blocks: Blocks, echo: EchoTotals) -> None:
        options = self._check.options
        full = not isinstance(options, IcmpOptions) or options.histogram
        echo.render(blocks, self._labels, self._check.target.host, histogram=full)

    def _add_rare(self, blocks: Blocks, outcome: Outcome) -> None:
        """Add what seldom changes from run to run."""
        render_states(blocks, self._labels, outcome)
        if self._restarts is not None:
            self._restarts.render(blocks, self._labels[:-1])


def _labels(check: Check) -> tuple[str, ...]:
    target = check.target
    return target.school, target.site, target.device, check.name


def _render_service(blocks: Blocks, labels: tuple[str, ...], observation: Observation) -> None:
    for sample in blackbox_samples(observation):
        # These two are absent while unknown; blackbox_exporter has no such outcome.
        if sample.metric not in {PROBE_SUCCESS, PROBE_DURATION_SECONDS}:
            values = (value for _, value in sample.labels)
            blocks.add(sample.metric, (*labels, *values), sample.value)
