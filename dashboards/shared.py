"""What several boards say in the same way: states, causes, choices, marks, links.

Must not know: Grafana's JSON.
"""

from __future__ import annotations

from typing import Final

from dashboards.panel import Choice, Colour, Column, Link, Mark, Value
from dashboards.text import Text, same

UP: Final = Value(1, Text("up", "verbunden"), Colour.GOOD)
DOWN: Final = Value(0, Text("DOWN", "AUSFALL"), Colour.BAD)
UNKNOWN: Final = Value(2, Text("unknown", "unbekannt"), Colour.UNKNOWN)
STATES: Final = (UP, DOWN, UNKNOWN)
YES_IS_BAD: Final = (
    Value(0, Text("no", "nein"), Colour.GOOD),
    Value(1, Text("YES", "JA"), Colour.BAD),
)
NO_IS_BAD: Final = (
    Value(1, Text("yes", "ja"), Colour.GOOD),
    Value(0, Text("NO", "NEIN"), Colour.BAD),
)
YES_OR_NO: Final = (
    Value(0, Text("no", "nein"), Colour.PLAIN),
    Value(1, Text("yes", "ja"), Colour.PLAIN),
)

NOTHING_YET: Final = Text("not measured yet", "noch nicht gemessen")
NONE: Final = Text("none", "keine")

SCHOOL: Final = Choice("school", Text("School", "Schule"), "label_values(school_info, school)")
SITES: Final = Choice(
    "site",
    Text("Site", "Standort"),
    'label_values(school_site_info{school="$school"}, site)',
    several=True,
)
# A device's name is unique within its site only, so a switch's board shows one site.
SITE: Final = Choice(SITES.name, SITES.label, SITES.query)
SWITCH: Final = Choice(
    "device",
    Text("Switch", "Switch"),
    'label_values(school_device_info{school="$school", site="$site", role="switch"}, device)',
)
PROVIDER: Final = Choice(
    "provider", Text("Provider", "Anbieter"), "label_values(school_site_info, provider)"
)

TO_SCHOOL: Final = Link(
    Text("What is wrong at this school", "Was an dieser Schule nicht stimmt"),
    "schulnetz-school",
    "var-school=${__value.text}",
)
TO_SCHOOL_OF_SERIES: Final = Link(
    Text("What is wrong at this school", "Was an dieser Schule nicht stimmt"),
    "schulnetz-school",
    "var-school=${__field.labels.school}",
)

SCHOOL_COLUMN: Final = Column("school", Text("School", "Schule"))
SITE_COLUMN: Final = Column("site", Text("Site", "Standort"))
PROVIDER_COLUMN: Final = Column("provider", Text("Provider", "Anbieter"))

OUTAGES: Final = Mark(
    Text("Outages", "Ausfälle"),
    'max by (school, site) (school_uplink_state{school=~"$school", state="down"}) > 0',
    same("{{school}} {{site}}"),
    Colour.BAD,
)
CAMPAIGNS: Final = Mark(
    Text("Measuring campaigns", "Messkampagnen"),
    'max by (school, site) (changes(rollout_campaign_measurements{school=~"$school"}[5m])) > 0',
    same("{{school}} {{site}}"),
    Colour.PLAIN,
    shown=False,
)
MAINTENANCE: Final = Mark(
    Text("Maintenance", "Wartung"),
    'max by (school) (school_maintenance{school=~"$school"}) > 0',
    same("{{school}}"),
    Colour.CARE,
)
RELOADS: Final = Mark(
    Text("Configuration reloaded", "Konfiguration neu gelesen"),
    "changes(monitor_config_last_reload_success_timestamp_seconds[2m]) > 0",
    Text("configuration reloaded", "Konfiguration neu gelesen"),
    Colour.PLAIN,
)


def of_city(mark: Mark) -> Mark:
    """Return the marks of all schools, for a board without a choice of one."""
    everywhere = mark.expr.replace('{school=~"$school", ', "{").replace('{school=~"$school"}', "")
    return Mark(mark.name, everywhere, mark.title, mark.colour, shown=mark.shown)


def state_code(metric: str, selector: str, by: str) -> str:
    """Return PromQL that is 1 for up, 0 for down and 2 for unknown, of a family of states."""
    comma = ", " if selector else ""
    return (
        f'max by ({by}) ({metric}{{{selector}{comma}state="up"}})'
        f' + 2 * max by ({by}) ({metric}{{{selector}{comma}state="unknown"}})'
    )


# How often the configuration's defaults have a device read: interfaces, and hardware.
EVERY_POLL: Final = "1m"
EVERY_HARDWARE_POLL: Final = "5m"


def polled_rate(selector: str, *counters: str) -> str:
    """Return PromQL of the rate a second of what an interfaces poll counts.

    Of several counters an interface's first one is taken, as of 64 bits and of 32. `rate` spreads
    what the samples of its window grew by over the whole window, and so shows too little beside a
    missing poll; the instants of the same polls, which grow by one a second, suffer alike.
    """
    window = "[$__rate_interval]"
    rates = " or ".join(f"rate({counter}{{{selector}}}{window})" for counter in counters)
    polls = f"rate(school_device_read_timestamp_seconds{{{selector}}}{window})"
    return f"({rates}) / on (school, site, device) group_left () {polls}"


def hardware_rate(selector: str, counter: str) -> str:
    """Return PromQL of the rate a second of what a hardware poll counts.

    These polls are too rare to carry their instants; both sides move when one ends.
    """
    window = "[$__rate_interval]"
    polls = f'rate(probe_last_run_timestamp_seconds{{{selector}, check="hardware"}}{window})'
    return (
        f"rate({counter}{{{selector}}}{window}) / on (school, site, device) group_left () {polls}"
    )
