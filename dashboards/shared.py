"""What several boards say in the same way: states, causes, choices, marks, links.

Must not know: Grafana's JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.panel import Choice, Colour, Column, Link, Mark, Query, Series, Value
from dashboards.sentence import ALIVE, MONITOR_SILENT, REMEMBERED
from monitor.words import terms
from monitor.words.text import Text, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UP: Final = Value(1, terms.STATES["up"], Colour.GOOD)
DOWN: Final = Value(0, terms.STATES["down"].loud(), Colour.BAD)
UNKNOWN: Final = Value(2, terms.STATES["unknown"], Colour.UNKNOWN)
STATES: Final = (UP, DOWN, UNKNOWN)
YES_IS_BAD: Final = (
    Value(0, Text("no", "nein"), Colour.GOOD),
    Value(1, Text("YES", "JA"), Colour.BAD),
)
NO_IS_BAD: Final = (
    Value(1, Text("yes", "ja"), Colour.GOOD),
    Value(0, Text("NO", "NEIN"), Colour.BAD),
)

NOTHING_YET: Final = Text("not measured", "nicht gemessen")
# The monitor's own account: a device may have been in this state, and running, for much longer.
STATE_SEEN_SINCE: Final = Text("State seen since", "Zustand gesehen seit")
# Only where the silent monitor says so by itself: see `or_silent` and `or_zero`.
NONE: Final = Text("none", "keine")

# What `or_silent` puts into a table, and how it reads.
SILENT_ROW: Final = Value(
    "monitor_silent",
    MONITOR_SILENT,
    Colour.SILENT,
)


def words(
    terms: Mapping[str, Text], colours: Mapping[str, Colour], other: Colour = Colour.PLAIN
) -> tuple[Value, ...]:
    """Return how a label's values are called and coloured; `other` is for those not among them."""
    return tuple(Value(key, text, colours.get(key, other)) for key, text in terms.items())


def called(terms: Mapping[str, Text]) -> tuple[Series, ...]:
    """Return series that are named by a label's values, each called by its word."""
    return tuple(Series(key, text) for key, text in terms.items())


# Why a verdict is what it is: the causes of `school_uplink_cause_info`.
CAUSES: Final = words(
    terms.CAUSES,
    {
        "answers": Colour.GOOD,
        "no_answer": Colour.BAD,
        "provider_outage": Colour.BAD,
    },
    Colour.UNKNOWN,
)

# Of a silent monitor the schools that it last had: else the menu and its board lose their school.
_LAST_SCHOOLS: Final = f"last_over_time(school_info[{REMEMBERED}]) unless on () max(school_info)"
SCHOOL: Final = Choice(
    "school",
    Text("School", "Schule"),
    f"query_result(max by (name, school) (school_info or {_LAST_SCHOOLS}))",
    # Grafana escapes no quotation mark; a school's id has none.
    regex=r'/name="(?<text>.*)",school="(?<value>[^"]*)"/',
)
# The menu takes choices along, and a board of one site could do nothing with several or all.
SITES: Final = Choice(
    "sites",
    Text("Sites", "Standorte"),
    'label_values(school_site_info{school="$school"}, site)',
    several=True,
)
# A device's name is unique within its site only, so a switch's board shows one site.
SITE: Final = Choice("site", Text("Site", "Standort"), SITES.query)
SWITCH: Final = Choice(
    "device",
    Text("Switch", "Switch"),
    'label_values(school_device_info{school="$school", site="$site", role="switch"}, device)',
)
PROVIDER: Final = Choice(
    "provider", Text("Provider", "Anbieter"), "label_values(school_site_info, provider)"
)

# A table's link needs the columns `school` and `site`, hidden or not.
TO_PLACE: Final = Link(
    Text("What is wrong at this school", "Was an dieser Schule nicht stimmt"),
    "schulnetz-school",
    "var-school=${__data.fields.school}&var-sites=${__data.fields.site}",
)
TO_PLACE_OF_SERIES: Final = Link(
    TO_PLACE.title,
    TO_PLACE.board,
    "var-school=${__field.labels.school}&var-sites=${__field.labels.site}",
)
TO_SCHOOL_OF_ROW: Final = Link(TO_PLACE.title, TO_PLACE.board, "var-school=${__data.fields.school}")

PROVIDER_COLUMN: Final = Column("provider", Text("Provider", "Anbieter"))

OUTAGES: Final = Mark(
    Text("Outages", "Ausfälle"),
    'max by (school, site) (school_uplink_state{school=~"$school", state="down"}) > 0',
    same("{{school}} {{site}}"),
    Colour.BAD,
    # One line that is down all day would tint the whole day of all others.
    shown=False,
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


def or_zero(expr: str) -> str:
    """Return PromQL that is 0 where `expr` has nothing, but only while the monitor answers."""
    return f"{expr} or (vector(0) and on () {ALIVE})"


def while_alive(expr: str) -> str:
    """Return `expr` while the monitor answers; what has instants would stay five minutes longer."""
    return f"({expr}) and on () {ALIVE}"


def or_silent(expr: str, label: str = "place") -> str:
    """Return PromQL of a table that says so in the column `label` while the monitor is silent.

    Its text is `SILENT_ROW`, among that column's values. An empty table then means "none".
    """
    return f"{expr} or ({labelled(**{label: str(SILENT_ROW.value)})} unless on () {ALIVE})"


def or_unread(expr: str, known: str, label: str = "place") -> str:
    """Return PromQL of a table that also says in that column while nothing of it is known.

    `known` then has nothing, though the monitor answers. Its text is `UNREAD_ROW`.
    """
    unread = f"{labelled(**{label: str(UNREAD_ROW.value)})} unless on () ({known})"
    return f"{or_silent(expr, label)} or ({unread} and on () {ALIVE})"


def or_silent_at_end(expr: str, label: str = "place") -> str:
    """Return PromQL of a table of a range's series that says so while the monitor is silent.

    A silence that ended before the range does is not shown.
    """
    # Grafana 9.4 fails at numbers made of labels where one is not there, reads null of a NaN, and
    # says in a column that has nothing what the whole table says then: that no outage was seen.
    row = labelled("-1", **{label: str(SILENT_ROW.value), "started": "-1", "cause": "–"})
    # Grafana ends a range at a whole step, over years days ago: a monitor may be younger.
    up = 'up{job="schulnetz"}'
    last = f"last_over_time({up}[$__interval] @ end() offset -$__interval) or {up} @ end()"
    return f"{expr} or ({row} unless on () max({last}) == 1)"


def silent_place() -> str:
    """Return PromQL of a place on a map that is there while the monitor is silent."""
    return f"{labelled(place='–', lat='0', lon='0')} unless on () {ALIVE}"


def labelled(number: str = "NaN", **labels: str) -> str:
    """Return PromQL of one series that has these labels, and no number unless one is given."""
    expr = f"vector({number})"
    for name, value in labels.items():
        expr = f'label_replace({expr}, "{name}", "{value}", "", "")'
    return expr


# While this holds, verdicts are suspended: our own line is dead, or all fell silent at once.
BLIND: Final = "(max(monitor_isolated) == 1 or max(school_common_outage) == 1)"
BLIND_ROW: Final = Value(
    "no_verdicts",
    Text("NO VERDICTS: see the monitor", "KEINE URTEILE: siehe Monitor"),
    Colour.UNKNOWN,
)
# The monitor may answer while Prometheus does not read its schools, or have just been started.
ANY_LINE: Final = "max(school_uplink_state)"
KNOWN_LINE: Final = 'max(school_uplink_state{state=~"up|down"}) == 1'
UNREAD_ROW: Final = Value("not_read", Text("NOT MEASURED", "NICHT GEMESSEN"), Colour.SILENT)
PLACE_COLUMNS: Final = (
    Column(
        "place",
        Text("School", "Schule"),
        values=(SILENT_ROW, BLIND_ROW, UNREAD_ROW),
        coloured=False,
    ),
    Column("school", same("school"), hidden=True),
    Column("site", same("site"), hidden=True),
)


def or_blind(expr: str) -> str:
    """Return PromQL of a table that says in the column `place` why it has no verdicts."""
    blind = f"{labelled(place=str(BLIND_ROW.value))} and on () {BLIND}"
    unread = f"{labelled(place=str(UNREAD_ROW.value))} unless on () ({KNOWN_LINE})"
    return f"{or_silent(expr)} or ({blind}) or ({unread} unless on () {BLIND} and on () {ALIVE})"


CALM: Final = Value(3, Text("none", "keine"), Colour.GOOD)
SILENT: Final = Value(-1, Text("nothing is known", "nichts ist bekannt"), Colour.SILENT)
ISOLATED: Final = Value(-2, Text("nothing is known", "nichts ist bekannt"), Colour.UNKNOWN)
NOTHING_ELSE: Final = (CALM, SILENT, ISOLATED)
# What a timeline shows for as long as the monitor is silent, to be mapped `SILENT`.
WHEN_SILENT: Final = Query(
    f"vector({SILENT.value}) unless on () {ALIVE}", Text("monitor silent", "Monitor stumm")
)


def if_none(expr: str, said: Text) -> tuple[Query, ...]:
    """Return what a timeline shows while `expr` has nothing, to be mapped `NOTHING_ELSE`.

    It says `said` while the monitor judges lines; else that it is silent or isolated. Where lines
    are not read it is empty.
    """
    none = f"unless on () ({expr})"
    calm = f"(vector({CALM.value}) {none} unless on () {BLIND} and on () {ANY_LINE})"
    queries = (
        (f"{calm} and on () {ALIVE}", said),
        (WHEN_SILENT.expr, WHEN_SILENT.legend),
        (
            f"vector({ISOLATED.value}) {none} and on () {BLIND}",
            Text("no verdicts: see the monitor", "keine Urteile: siehe Monitor"),
        ),
    )
    return tuple(Query(query, text) for query, text in queries)


NO_SERIES: Final = Series("none", NONE, Colour.GOOD)


def zero_line(counter: str) -> Query:
    """Return a graph's line at 0, `NO_SERIES`, where a counter did not grow and is known not to.

    The graph's series are filtered by `moved`, so that the legend names only what is not zero.
    """
    return Query(f"({_grown(counter)} == 0) and on () {ALIVE}", same(NO_SERIES.name))


def moved(counter: str, by: str) -> str:
    """Return PromQL of what a counter grew by in the time range, if it did; a constant set.

    To be put behind `and on (by)`.
    """
    return f"{_grown(counter, f' by ({by})')} > 0"


def _grown(counter: str, by: str = "") -> str:
    return f"sum{by} (increase({counter}[$__range] @ end()))"


def or_dash(expr: str, label: str) -> str:
    """Return `expr` with a dash for a label that it lacks; Grafana has no name without it."""
    return f'label_replace({expr}, "{label}", "–", "{label}", "")'


def with_name(expr: str) -> str:
    """Return `expr`, which has a school, with the label `name`: the school's."""
    return f"({expr}) * on (school) group_left (name) max by (school, name) (school_info)"


def with_place(expr: str) -> str:
    """Return `expr` (by school and site) with the label `place`: the school's name, and its site.

    A school of one site has `main`, which says nothing and is left out.
    """
    joined = f'label_join({with_name(expr)}, "place", " · ", "name", "site")'
    return f'label_replace({joined}, "place", "$1", "place", "(.*) · main")'


def code_of(metric: str, label: str, names: Iterable[str], selector: str, by: str) -> str:
    """Return PromQL that is the place (from 0) in `names` of the state that holds.

    `metric` has one series per state, told by `label`.
    """
    comma = ", " if selector else ""
    return " or ".join(
        f'(max by ({by}) ({metric}{{{selector}{comma}{label}="{name}"}}) == 1) * {code}'
        for code, name in enumerate(names)
    )


def not_up_throughout(metric: str, selector: str, by: str, most: int = 12) -> str:
    """Return PromQL of those that were not up throughout the time range: the worst, a constant set.

    To be put behind `and on (by)`; of one family of states.
    """
    comma = ", " if selector else ""
    up = f'{metric}{{{selector}{comma}state="up"}}[$__range] @ end()'
    return f"topk({most}, (1 - max by ({by}) (avg_over_time({up}))) > 0)"


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


def polled_rate(selector: str, *counters: str, window: str = "[$__rate_interval]") -> str:
    """Return PromQL of the rate a second of what an interfaces poll counts.

    Of several counters an interface's first one is taken, as of 64 bits and of 32. `rate` spreads
    what the samples of its window grew by over the whole window, and so shows too little beside a
    missing poll; the instants of the same polls, which grow by one a second, suffer alike.
    """
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
