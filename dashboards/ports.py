"""The ports of one switch in PromQL: which are wrong, how fast, how busy, how damaged.

Must not know: panels, Grafana's JSON.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from dashboards.panel import Colour, Value
from dashboards.shared import EVERY_HARDWARE_POLL, EVERY_POLL, polled_rate
from monitor.uplink.findings import DISCARD_RATIO, FEWEST_PACKETS
from monitor.words.text import Text

HERE: Final = 'school="$school", site="$site", device="$device"'
# What tells a port from the others, as far as it is exported; `port` is what one calls it.
_PORT: Final = "ifIndex, ifName, ifDescr, ifAlias"
MOST: Final = 8
# How far back the begin of a fault is looked for. Every two minutes: half of what a rate spans.
FAULT_WINDOW: Final = "[1d:2m]"
# What a port's fault is judged by: six polls. Its link stays known for five minutes after the last
# one; with fewer polls its fault ended before that, and a faulty port was "in use" meanwhile.
JUDGED_WINDOW: Final = f"[{6 * int(EVERY_POLL.removesuffix('m'))}m]"
# How long power over Ethernet is remembered, two polls, where the last one did not succeed. After a
# restart of the monitor the first one is up to five minutes away, and links are known before it.
HARDWARE_WINDOW: Final = f"[{2 * int(EVERY_HARDWARE_POLL.removesuffix('m'))}m]"


class Limit(NamedTuple):
    """How many packets of a port are too many: more a second, and a larger share of all."""

    per_second: float
    share: float


# Three a minute, and one in a thousand. These are the limits of the alert PortErrors; a test holds
# its expression to `beyond`.
DAMAGED: Final = Limit(0.05, 0.001)
# As at a line's port, of a poll a minute.
DROPPED: Final = Limit(round(FEWEST_PACKETS / 60, 3), DISCARD_RATIO)

# What is to be said of a port, by `state_code`; what is wrong has the highest number.
STATES: Final = (
    Value(0, Text("switched off", "abgeschaltet"), Colour.PLANNED),
    Value(1, Text("no link", "kein Link"), Colour.PLANNED),
    Value(2, Text("in use", "in Benutzung"), Colour.GOOD),
    # Fewer than two polls to compare.
    Value(3, Text("in use, errors unknown", "in Benutzung, Fehler?"), Colour.UNKNOWN),
    Value(4, Text("drops packets", "verwirft Pakete"), Colour.CARE),
    Value(5, Text("link lost", "Link verloren"), Colour.CARE),
    Value(6, Text("NO POWER (PoE FAULT)", "KEIN STROM (PoE-FEHLER)"), Colour.BAD),
    Value(7, Text("DAMAGED PACKETS", "BESCHÄDIGTE PAKETE"), Colour.BAD),
)
# pethPsePortDetectionStatus, by `powered`.
POWER: Final = (
    Value(1, Text("switched off", "abgeschaltet"), Colour.PLAIN),
    Value(2, Text("no device", "kein Gerät"), Colour.PLAIN),
    Value(3, Text("gives power", "gibt Strom"), Colour.PLAIN),
    Value(4, Text("FAULT", "FEHLER"), Colour.PLAIN),
    Value(5, Text("test", "Test"), Colour.PLAIN),
    Value(6, Text("OTHER FAULT", "ANDERER FEHLER"), Colour.PLAIN),
)
_POWER_READ: Final = f'pethPsePortDetectionStatus{{{HERE}, ifName!=""}}'
_HARDWARE_READ: Final = f'(probe_outcome{{{HERE}, check="hardware", outcome="ok"}} == 1)'
_POWER: Final = (
    f"({_POWER_READ} or last_over_time({_POWER_READ}{HARDWARE_WINDOW})"
    f" unless on (school, site, device) {_HARDWARE_READ})"
)
POWER_FAULTS: Final = f"({_POWER} == 4 or {_POWER} == 6)"


def of_port(expr: str) -> str:
    """Return `expr` by port, with the label `port`: its ifName, or ifDescr where it has none."""
    # Old switches have no ifName, and ifDescr alone is the same for all ports of some others.
    named = f'label_replace(sum by ({_PORT}) ({expr}), "port", "$1", "ifDescr", "(.+)")'
    return f'label_replace({named}, "port", "$1", "ifName", "(.+)")'


def octets(way: str) -> str:
    """Return PromQL of the bits a second that each port receives (`In`) or sends (`Out`)."""
    return of_port(f"{polled_rate(HERE, f'ifHC{way}Octets', f'if{way}Octets')} * 8")


def events(counter: str) -> str:
    """Return PromQL of how many packets a second each port counts by an error's counter."""
    return of_port(polled_rate(HERE, counter))


def beyond(limit: Limit, way: str, event: str) -> str:
    """Return PromQL of the `Errors` or `Discards` a second of the interfaces beyond a limit.

    They are received (`In`) or sent (`Out`). Where an interface counts no packets, only their
    number a second decides.
    """
    counted = f"if{way}{event}"
    grown, wide, narrow = (
        f"rate({counter}{{{HERE}}}{JUDGED_WINDOW})"
        for counter in (counted, f"ifHC{way}UcastPkts", f"if{way}UcastPkts")
    )
    packets = f"({wide} or {narrow} or 0 * {grown})"
    many = f"{polled_rate(HERE, counted, window=JUDGED_WINDOW)} > {limit.per_second}"
    return f"{many} and {grown} > {limit.share} * {packets}"


def _either_way(limit: Limit, event: str) -> str:
    received, sent = (of_port(beyond(limit, way, event)) for way in ("In", "Out"))
    return f"({received} or {sent})"


def busiest(expr: str, *counters: str) -> str:
    """Return `expr` of the ports alone whose counters grew most over the whole time range.

    One set of ports for the whole graph: `topk` by itself takes others at each of its points.
    """
    grown = " or ".join(f"rate({counter}{{{HERE}}}[$__range] @ end())" for counter in counters)
    return f"{expr} and topk({MOST}, {of_port(grown)} > 0)"


def none_of(*exprs: str) -> str:
    """Return PromQL that is 0 while ports are read and none of them has any of these."""
    return f"{' + '.join(f'max({expr})' for expr in exprs)} == 0"


def speed() -> str:
    """Return PromQL of each port's speed in bits a second."""
    fast, slow = f"ifHighSpeed{{{HERE}}} * 1e6", f"ifSpeed{{{HERE}}}"
    return of_port(f"({fast} or {slow}) > 0")


def unchanged() -> str:
    """Return PromQL of the seconds for which each port has had its state.

    Absent where sysUpTime has wrapped since (497 days).
    """
    up_time = f"on (school, site, device) group_right () ifLastChange{{{HERE}}}"
    return of_port(f"(sysUpTime{{{HERE}}} - {up_time}) / 100 >= 0")


def powered() -> str:
    """Return PromQL of what each port says of its power over Ethernet, as `POWER` reads it."""
    return f'label_replace(max by (ifName) ({_POWER}), "port", "$1", "ifName", "(.*)")'


def faulty() -> str:
    """Return PromQL of the ports that are faulty now, by `port`: damaged packets, or no power."""
    unfed = f'label_replace({POWER_FAULTS}, "port", "$1", "ifName", "(.*)")'
    return f"(max by (port) {_either_way(DAMAGED, 'Errors')} or max by (port) ({unfed}))"


def faulty_since() -> str:
    """Return PromQL of since when (s) the ports that are faulty now are so, by `port`.

    It is the last point at which a port was read and had no fault; where a day has none, the first
    at which it had one.
    """
    read = f"max by (port) ({events('ifInErrors')})"
    well, faulty_at = f"0 * {read} + time() unless on (port) {faulty()}", f"0 * {faulty()} + time()"
    began = f"max_over_time(({well}){FAULT_WINDOW}) or min_over_time(({faulty_at}){FAULT_WINDOW})"
    return f"(({began}) and on (port) {faulty()})"


def state_code() -> str:
    """Return PromQL of what is to be said of each port, which reads as `STATES` say."""
    oper, admin = f"ifOperStatus{{{HERE}}}", f"ifAdminStatus{{{HERE}}}"
    # It was up (1) at some time of the range, and is not any more.
    was_up = f"min_over_time({oper}[$__range]) == 1"
    off = f"{admin} == 2"
    # What it counts, of which too little is known to say that it is not too much.
    counted = f"ifInErrors{{{HERE}}}"
    not_judged = f"({oper} == 1) and {counted} unless rate({counted}{JUDGED_WINDOW})"
    ranked = (
        f"{_either_way(DAMAGED, 'Errors')} * 0 + 7",
        f"{of_port(f'{oper} and on (ifName) {POWER_FAULTS}')} * 0 + 6",
        f"{of_port(f'({oper} != 1) and ({was_up}) unless ({off})')} * 0 + 5",
        f"{_either_way(DROPPED, 'Discards')} * 0 + 4",
        f"{of_port(not_judged)} * 0 + 3",
        f"{of_port(f'{oper} == 1')} * 0 + 2",
        f"{of_port(f'({oper} != 1) unless ({off})')} * 0 + 1",
        f"{of_port(off)} * 0",
    )
    return " or ".join(ranked)
