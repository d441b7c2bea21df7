"""The daemon's own metrics: lag, runs, drops, reloads, build, process.

These few series come from prometheus-client, in a registry that the daemon owns. They only count;
nothing here queries other parts.

Must not know: what counts what, or the inventory's series.
"""

from __future__ import annotations

import platform
from functools import partial
from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from monitor.exposition.metric import Kind, Metric
from monitor.inventory.checks import CheckKind, Role
from monitor.observation import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from prometheus_client.metrics_core import Metric as Family

    from monitor.inventory.city import Inventory
    from monitor.observation import Observation

MONITOR_LOOP_LAG_SECONDS: Final = Metric(
    "monitor_loop_lag_seconds",
    Kind.HISTOGRAM,
    "seconds",
    "Event loop scheduling delay",
)
MONITOR_RUN_DURATION_SECONDS: Final = Metric(
    "monitor_run_duration_seconds",
    Kind.HISTOGRAM,
    "seconds",
    "Duration of the runs of checks",
    ("kind",),
    known={"kind": tuple(CheckKind)},
)
MONITOR_RUNS_TOTAL: Final = Metric(
    "monitor_runs_total",
    Kind.COUNTER,
    "runs",
    "Completed runs of checks, by outcome",
    ("kind", "outcome"),
    known={"kind": tuple(CheckKind), "outcome": tuple(Outcome)},
)
MONITOR_RUNS_SKIPPED_TOTAL: Final = Metric(
    "monitor_runs_skipped_total",
    Kind.COUNTER,
    "runs",
    "Runs of checks that were skipped because the previous one was still running",
    ("kind",),
    known={"kind": tuple(CheckKind)},
)
MONITOR_REPLIES_DROPPED_TOTAL: Final = Metric(
    "monitor_replies_dropped_total",
    Kind.COUNTER,
    "packets",
    "Datagrams discarded as unexpected or invalid, by protocol and reason",
    ("protocol", "reason"),
)
MONITOR_SNMP_VALUES_LEFT_OUT_TOTAL: Final = Metric(
    "monitor_snmp_values_left_out_total",
    Kind.COUNTER,
    "values",
    "Values in SNMP replies that could not be decoded and are left out, by reason",
    ("reason",),
)
MONITOR_WEB_REFUSALS_TOTAL: Final = Metric(
    "monitor_web_refusals_total",
    Kind.COUNTER,
    "refusals",
    "Connections that the web server closed and requests that it did not answer, by reason",
    ("reason",),
)
MONITOR_CONFIG_LAST_RELOAD_SUCCESSFUL: Final = Metric(
    "monitor_config_last_reload_successful",
    Kind.GAUGE,
    "",
    "Whether the last load of the configuration succeeded: 1 yes, 0 no",
)
MONITOR_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS: Final = Metric(
    "monitor_config_last_reload_success_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "When the configuration was last loaded successfully, Unix time",
)
MONITOR_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL: Final = Metric(
    "monitor_web_config_last_reload_successful",
    Kind.GAUGE,
    "",
    "Whether the last load of the --web-config file succeeded: 1 yes, 0 no; absent without one",
)
MONITOR_WEB_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS: Final = Metric(
    "monitor_web_config_last_reload_success_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "When the --web-config file was last loaded successfully, Unix time",
)
MONITOR_WEB_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS: Final = Metric(
    "monitor_web_certificate_expiry_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "When the certificate of the daemon's own web server ends, Unix time; absent without TLS",
)
MONITOR_CLOCK_TIMESTAMP_SECONDS: Final = Metric(
    "monitor_clock_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "The daemon's wall clock at the scrape, Unix time",
)
MONITOR_SCHOOLS: Final = Metric(
    "monitor_schools", Kind.GAUGE, "schools", "Schools in the configuration"
)
MONITOR_DEVICES: Final = Metric(
    "monitor_devices", Kind.GAUGE, "devices", "Devices in the configuration, by role", ("role",)
)
MONITOR_CHECKS: Final = Metric(
    "monitor_checks", Kind.GAUGE, "checks", "Checks in the configuration", ("kind",)
)
MONITOR_BUILD_INFO: Final = Metric(
    "monitor_build_info",
    Kind.INFO,
    "",
    "Version of the product and of Python",
    ("version", "python"),
)

OWN_METRICS: Final = (
    MONITOR_LOOP_LAG_SECONDS,
    MONITOR_RUN_DURATION_SECONDS,
    MONITOR_RUNS_TOTAL,
    MONITOR_RUNS_SKIPPED_TOTAL,
    MONITOR_REPLIES_DROPPED_TOTAL,
    MONITOR_SNMP_VALUES_LEFT_OUT_TOTAL,
    MONITOR_WEB_REFUSALS_TOTAL,
    MONITOR_CONFIG_LAST_RELOAD_SUCCESSFUL,
    MONITOR_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS,
    MONITOR_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL,
    MONITOR_WEB_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS,
    MONITOR_WEB_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS,
    MONITOR_CLOCK_TIMESTAMP_SECONDS,
    MONITOR_SCHOOLS,
    MONITOR_DEVICES,
    MONITOR_CHECKS,
    MONITOR_BUILD_INFO,
)


_LAG_BOUNDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_RUN_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0)


class OwnMetrics:
    """The daemon's own metrics.

    `loop_lag` receives the measurements of the lag sampler, in seconds.
    """

    def __init__(self, version: str) -> None:
        # No `_created` series; the setting is process-wide in prometheus-client.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # theirs has no types
        registry = self.registry = CollectorRegistry()
        self.loop_lag: Final = Histogram(
            *_declared(MONITOR_LOOP_LAG_SECONDS), registry=registry, buckets=_LAG_BOUNDS
        )
        self._durations = Histogram(
            *_declared(MONITOR_RUN_DURATION_SECONDS), registry=registry, buckets=_RUN_BOUNDS
        )
        self._runs = Counter(*_declared(MONITOR_RUNS_TOTAL), registry=registry)
        self._skipped = Counter(*_declared(MONITOR_RUNS_SKIPPED_TOTAL), registry=registry)
        # A reload assigns these; each scrape reads them.
        self._is_loaded = False
        self._loaded_at = 0.0
        self._configured: Mapping[Role | CheckKind | str, int] = {}
        reloaded = Gauge(*_declared(MONITOR_CONFIG_LAST_RELOAD_SUCCESSFUL), registry=registry)
        reloaded.set_function(lambda: self._is_loaded)
        loaded_at = Gauge(
            *_declared(MONITOR_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS), registry=registry
        )
        loaded_at.set_function(lambda: self._loaded_at)
        self._web_loaded = Gauge(
            *_declared(MONITOR_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL), registry=None
        )
        self._web_loaded_at = Gauge(
            *_declared(MONITOR_WEB_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS), registry=None
        )
        self._has_web_file = False
        self._time = Gauge(*_declared(MONITOR_CLOCK_TIMESTAMP_SECONDS), registry=registry)
        schools = Gauge(*_declared(MONITOR_SCHOOLS), registry=registry)
        schools.set_function(partial(self._count_of, "schools"))
        for metric, kinds in ((MONITOR_DEVICES, Role), (MONITOR_CHECKS, CheckKind)):
            counted = Gauge(*_declared(metric), registry=registry)
            for kind in kinds:
                counted.labels(kind.value).set_function(partial(self._count_of, kind))
        build = Gauge(*_declared(MONITOR_BUILD_INFO), registry=registry)
        build.labels(version, platform.python_version()).set(1)
        self._drops = _CountedElsewhere(MONITOR_REPLIES_DROPPED_TOTAL)
        self._refusals = _CountedElsewhere(MONITOR_WEB_REFUSALS_TOTAL)
        self._left_out = _CountedElsewhere(MONITOR_SNMP_VALUES_LEFT_OUT_TOTAL)
        registry.register(self._drops)
        registry.register(self._left_out)
        registry.register(self._refusals)
        ProcessCollector(registry=registry)
        for metric, family in (
            (MONITOR_RUN_DURATION_SECONDS, self._durations),
            (MONITOR_RUNS_TOTAL, self._runs),
            (MONITOR_RUNS_SKIPPED_TOTAL, self._skipped),
        ):
            for values in metric.known_values:
                family.labels(*values)
        # Looking up the labels is most of the cost of counting.
        self._counting: dict[tuple[CheckKind, Outcome], tuple[Counter, Histogram]] = {}

    def count_run(self, observation: Observation) -> None:
        """Count a completed run."""
        kind, outcome = observation.check.kind, observation.outcome
        counting = self._counting.get((kind, outcome))
        if counting is None:
            runs = self._runs.labels(kind.value, outcome.value)
            counting = self._counting[kind, outcome] = (runs, self._durations.labels(kind.value))
        counting[0].inc()
        counting[1].observe(observation.duration)

    def count_skipped(self, kind: CheckKind, runs: int = 1) -> None:
        """Count runs that were skipped because the previous one was still running."""
        self._skipped.labels(kind.value).inc(runs)

    def count_reload(self, instant: datetime, *, successful: bool) -> None:
        """Record the result of loading the configuration at `instant`."""
        self._is_loaded = successful
        if successful:
            self._loaded_at = instant.timestamp()

    def count_web_reload(self, instant: datetime, *, successful: bool) -> None:
        """Record the result of loading the web configuration file at `instant`.

        Its two series begin with the first load: without a file there are none.
        """
        if not self._has_web_file:
            self._has_web_file = True
            self.registry.register(self._web_loaded)
            self.registry.register(self._web_loaded_at)
        self._web_loaded.set(int(successful))
        if successful:
            self._web_loaded_at.set(instant.timestamp())

    def export_certificate_end(self, read: Callable[[], datetime | None]) -> None:
        """Export when the web server's certificate ends, read at each scrape; None exports none."""
        self.registry.register(_EndOfCertificate(read))

    def count_inventory(self, inventory: Inventory) -> None:
        """Record how many schools, devices and checks are configured."""
        checks = list(inventory.checks())
        devices = {check.target for check in checks}
        self._configured = {
            "schools": len(inventory.schools),
            **{role: sum(device.role is role for device in devices) for role in Role},
            **{kind: sum(check.kind is kind for check in checks) for kind in CheckKind},
        }

    def _count_of(self, kind: Role | CheckKind | str) -> int:
        return self._configured.get(kind, 0)

    def count_drops_of(self, protocol: str, read: Callable[[], Mapping[str, int]]) -> None:
        """Export a transport's own count of discarded datagrams: `read` returns reason to total."""
        self._drops.sources[protocol,] = read

    def count_left_out(self, read: Callable[[], Mapping[str, int]]) -> None:
        """Export the SNMP readers' own count of undecodable values: reason to total."""
        self._left_out.sources[()] = read

    def count_refusals(self, read: Callable[[], Mapping[str, int]]) -> None:
        """Export the web server's own count of refused requests and connections, by reason."""
        self._refusals.sources[()] = read

    def tell_time(self, now: Callable[[], datetime]) -> None:
        """Export the daemon's wall clock, read at each scrape."""
        self._time.set_function(lambda: now().timestamp())

    def families(self) -> Iterator[bytes]:
        """Yield the exposition family by family, each with its HELP and TYPE."""
        for family in self.registry.collect():
            yield generate_latest(_Collected(family))


class _CountedElsewhere(Collector):
    """Reads counts by reason at each scrape, so that dropping a packet costs one addition.

    Sources are identified by their labels before the reason.
    """

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self.sources: dict[tuple[str, ...], Callable[[], Mapping[str, int]]] = {}

    def collect(self) -> Iterable[Family]:
        name, text, labels = _declared(self._metric)
        family = CounterMetricFamily(name, text, labels=labels)
        for known_by, read in self.sources.items():
            for reason, total in read().items():
                family.add_metric((*known_by, reason), total)
        yield family


class _EndOfCertificate(Collector):
    """The end of the web server's certificate, which a reload replaces."""

    def __init__(self, read: Callable[[], datetime | None]) -> None:
        self._read = read

    def collect(self) -> Iterable[Family]:
        if (ends := self._read()) is not None:
            name, text, _ = _declared(MONITOR_WEB_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS)
            yield GaugeMetricFamily(name, text, ends.timestamp())


class _Collected(Collector):
    """One family that has already been collected."""

    def __init__(self, family: Family) -> None:
        self._family = family

    def collect(self) -> Iterable[Family]:
        yield self._family


def _declared(metric: Metric) -> tuple[str, str, tuple[str, ...]]:
    return metric.name, metric.help, metric.labels
