"""Is the city well: the wall board of the people on call."""

from __future__ import annotations

from typing import Final

from dashboards.city_answer import ANSWER, LOAD, LOAD_LIMIT, LOSS, LOSS_LIMIT, RTT, RTT_LIMIT, UP
from dashboards.panel import Board, Colour, Column, Kind, Panel, Query, Row, Step, Value
from dashboards.shared import (
    BLIND,
    CAMPAIGNS,
    KNOWN_LINE,
    MAINTENANCE,
    NONE,
    NOTHING_ELSE,
    NOTHING_YET,
    OUTAGES,
    PROVIDER_COLUMN,
    RELOADS,
    SILENT_ROW,
    STATES,
    TO_PLACE_OF_SERIES,
    TO_SCHOOL_OF_ROW,
    UNREAD_ROW,
    code_of,
    if_none,
    not_up_throughout,
    of_city,
    or_silent,
    or_unread,
    state_code,
    with_name,
    with_place,
)
from monitor.words import terms
from monitor.words.text import Text, same

_OUTAGE: Final = "max by (provider) (school_provider_outage)"
# While no line is judged, none is no good news.
_OUTAGE_CODE: Final = (
    f"{_OUTAGE} == 1 or ({_OUTAGE} and on () {KNOWN_LINE} unless on () {BLIND})"
    f" or {_OUTAGE} * 0 + 2"
)
_BY_PROVIDER: Final = (
    "by (provider) ({} * on (school, site) group_left (provider) "
    "max by (school, site, provider) (school_site_info))"
)


def _lines_of(state: str) -> Query:
    lines = f'max by (school, site) (school_uplink_state{{state="{state}"}})'
    return Query(f"sum {_BY_PROVIDER.format(lines)}", same(""), instant=True)


WHY: Final = Row(
    Text("Providers, work and calendar", "Anbieter, Arbeiten, Kalender"),
    (
        Panel(
            Kind.TABLE,
            Text("Lines by provider", "Leitungen nach Anbieter"),
            Text(
                "Whether most of a provider's lines stopped answering while references answer, "
                "and the state of its lines. Good: no outage.",
                "Ob die meisten Leitungen eines Anbieters verstummten, während Referenzen "
                "antworten, und wie es seinen Leitungen geht. Gut: kein Ausfall.",
            ),
            (
                Query(
                    or_silent(_OUTAGE_CODE, "provider"),
                    same(""),
                    instant=True,
                ),
                *(_lines_of(state) for state in ("down", "unknown", "up")),
            ),
            "none",
            NONE,
            width=24,
            height=5,
            columns=(
                Column(
                    PROVIDER_COLUMN.name,
                    PROVIDER_COLUMN.title,
                    values=(SILENT_ROW,),
                    coloured=False,
                ),
                Column(
                    "Value #A",
                    Text("Outage", "Ausfall"),
                    values=(
                        Value(0, Text("no", "nein"), Colour.GOOD),
                        Value(1, Text("OUTAGE", "AUSFALL"), Colour.BAD),
                        Value(2, terms.STATES["unknown"], Colour.UNKNOWN),
                    ),
                ),
                Column("Value #B", Text("Down", "Ausgefallen"), "none"),
                Column("Value #C", Text("Unknown", "Unbekannt"), "none"),
                Column("Value #D", Text("Online", "Online"), "none"),
            ),
            first_by=Text("Down", "Ausgefallen"),
        ),
        Panel(
            Kind.TABLE,
            Text("In maintenance", "In Wartung"),
            Text(
                "Announced work and its end. During it, pages become tickets.",
                "Angekündigte Arbeiten und bis wann. Solange wird niemand geweckt.",
            ),
            (
                Query(
                    or_unread(
                        with_name(
                            "max by (school) (school_maintenance_ends_timestamp_seconds) * 1000"
                        ),
                        "max(school_maintenance)",
                        "name",
                    ),
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NONE,
            width=12,
            height=5,
            columns=(
                Column(
                    "name",
                    Text("School", "Schule"),
                    values=(SILENT_ROW, UNREAD_ROW),
                    coloured=False,
                ),
                Column("school", same("school"), hidden=True),
                Column("Value", Text("Until", "Bis"), "since"),
            ),
            link=TO_SCHOOL_OF_ROW,
        ),
        Panel(
            Kind.STAT,
            Text("Today", "Heute"),
            Text(
                "Kind of day today, by the school calendar.",
                "Was der Schulkalender über heute sagt.",
            ),
            (
                Query(
                    code_of("school_calendar_day", "kind", terms.DAYS, "", "job"),
                    Text("today", "heute"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=6,
            height=5,
            values=tuple(
                Value(code, text, Colour.UNKNOWN if day == "unknown" else Colour.PLAIN)
                for code, (day, text) in enumerate(terms.DAYS.items())
            ),
        ),
        Panel(
            Kind.STAT,
            Text("Schools in lessons", "Schulen im Unterricht"),
            Text(
                "Schools that have lessons now; during lessons an outage pages.",
                "Wie viele Schulen gerade Unterricht haben: dann weckt ein Ausfall jemanden.",
            ),
            (
                Query(
                    "sum(max by (school) (school_in_lessons))",
                    Text("in lessons", "im Unterricht"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=6,
            height=5,
        ),
    ),
)


def _worst(
    title: Text, description: Text, expr: str, unit: str, limits: tuple[float, float]
) -> Panel:
    care, bad = limits
    living = with_place(f"{expr} {UP}")
    return Panel(
        Kind.BAR_GAUGE,
        title,
        description,
        (Query(f"topk(5, {living})", same("{{place}}"), instant=True),),
        unit,
        NOTHING_YET,
        width=8,
        height=9,
        decimals=1,
        maximum=1 if unit == "percentunit" else None,
        steps=(Step(None, Colour.GOOD), Step(care, Colour.CARE), Step(bad, Colour.BAD)),
        link=TO_PLACE_OF_SERIES,
    )


WORST: Final = Row(
    Text("The worst lines", "Die schlechtesten Leitungen"),
    (
        _worst(
            Text("Most packets lost", "Meiste Paketverluste"),
            Text(
                "Share of pings to routers lost in five minutes, for lines that were up "
                "throughout. Good: under 1 %.",
                "Anteil verlorener Pings zu Routern in fünf Minuten; nur durchgehend erreichbare "
                "Leitungen. Gut: unter 1 %.",
            ),
            LOSS,
            "percentunit",
            (LOSS_LIMIT, 0.05),
        ),
        _worst(
            # Not as a unit: Grafana breaks a bar's figure before one.
            Text("Longest round-trip times (ms)", "Längste Umlaufzeiten (ms)"),
            Text(
                "Mean of five minutes. Good: under 50 ms.",
                "Mittel von fünf Minuten. Gut: unter 50 ms.",
            ),
            f"{RTT} * 1000",
            "none",
            (RTT_LIMIT * 1000, 200),
        ),
        _worst(
            Text("Fullest lines", "Vollste Leitungen"),
            Text(
                "Traffic relative to the contracted rate, in the busier direction. Good: under 80 "
                "%.",
                "Verkehr gegen die vertragliche Rate, die vollere Richtung. Gut: unter 80 %.",
            ),
            LOAD,
            "percentunit",
            (LOAD_LIMIT, 0.95),
        ),
    ),
)

_TROUBLED: Final = not_up_throughout("school_uplink_state", "", "school, site")

DETAIL: Final = Row(
    Text("Over time", "Über die Zeit"),
    (
        Panel(
            Kind.STATE_TIMELINE,
            Text(
                "Lines that were not up throughout",
                "Leitungen, die nicht durchgehend online waren",
            ),
            Text(
                "The twelve lines that were up the least in the time range. Good: none.",
                "Die zwölf, die im Zeitraum am wenigsten online waren. Gut: keine.",
            ),
            (
                Query(
                    with_place(
                        f"({state_code('school_uplink_state', '', 'school, site')})"
                        f" and on (school, site) {_TROUBLED}"
                    ),
                    same("{{place}}"),
                ),
                *if_none(
                    _TROUBLED, Text("every line was up throughout", "alle durchgehend online")
                ),
            ),
            "none",
            NOTHING_YET,
            width=24,
            height=11,
            values=(*STATES, *NOTHING_ELSE),
            link=TO_PLACE_OF_SERIES,
        ),
    ),
)

BOARD: Final = Board(
    "schulnetz-city",
    Text("Is the city well?", "Geht es der Stadt gut?"),
    Text(
        "Which schools are up, which are not, and what is the cause.",
        "Welche Schulen online sind, welche nicht, und woran es liegt.",
    ),
    (ANSWER, WHY, WORST, DETAIL),
    marks=(of_city(OUTAGES), of_city(MAINTENANCE), of_city(CAMPAIGNS), RELOADS),
    since="now-6h",
    refresh="30s",
)
