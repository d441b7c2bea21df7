"""Is the city well: the wall board of the people on call."""

from __future__ import annotations

from typing import Final

from dashboards.panel import (
    BAD_FROM_ONE,
    CARE_FROM_ONE,
    Board,
    Colour,
    Column,
    Kind,
    Panel,
    Query,
    Row,
    Step,
)
from dashboards.shared import (
    CAMPAIGNS,
    MAINTENANCE,
    NONE,
    NOTHING_YET,
    OUTAGES,
    RELOADS,
    SCHOOL_COLUMN,
    SITE_COLUMN,
    STATES,
    TO_SCHOOL,
    TO_SCHOOL_OF_SERIES,
    YES_IS_BAD,
    YES_OR_NO,
    of_city,
    state_code,
)
from dashboards.text import Text, same


def _count(title: Text, description: Text, state: str, steps: tuple[Step, ...]) -> Panel:
    expr = f'sum(max by (school, site) (school_uplink_state{{state="{state}"}}))'
    return Panel(
        Kind.STAT,
        title,
        description,
        (Query(expr, title, instant=True),),
        "none",
        NOTHING_YET,
        width=4,
        steps=steps,
    )


ANSWER: Final = Row(
    Text("Is the city well?", "Geht es der Stadt gut?"),
    (
        _count(
            Text("Uplinks up", "Anschlüsse verbunden"),
            Text("Sites whose uplink answers. Good: all.", "Standorte, die antworten. Gut: alle."),
            "up",
            (Step(None, Colour.GOOD),),
        ),
        _count(
            Text("Uplinks down", "Anschlüsse ausgefallen"),
            Text(
                "Sites whose uplink is dead by evidence. Good: 0.",
                "Standorte, deren Anschluss nachweislich tot ist. Gut: 0.",
            ),
            "down",
            BAD_FROM_ONE,
        ),
        _count(
            Text("Uplinks unknown", "Anschlüsse unbekannt"),
            Text(
                "Sites of which nothing is known, through no fault of theirs. Good: 0.",
                "Standorte, von denen nichts bekannt ist, ohne deren Schuld. Gut: 0.",
            ),
            "unknown",
            (Step(None, Colour.GOOD), Step(1, Colour.UNKNOWN)),
        ),
        Panel(
            Kind.STAT,
            Text("Switches down", "Switches ausgefallen"),
            Text(
                "Dead switches whose uplink is up: causes, not consequences. Good: 0.",
                "Tote Switches hinter lebendem Anschluss: Ursachen, nicht Folgen. Gut: 0.",
            ),
            (
                Query(
                    'sum(max by (school, site, device) (school_switch_state{state="down"}))',
                    Text("down", "ausgefallen"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=4,
            steps=CARE_FROM_ONE,
        ),
        Panel(
            Kind.STAT,
            Text("Monitor isolated", "Monitor isoliert"),
            Text(
                "Whether our own line is dead: then nobody is judged. Good: no.",
                "Ob unsere eigene Leitung tot ist: dann wird niemand beurteilt. Gut: nein.",
            ),
            (Query("max(monitor_isolated)", Text("isolated", "isoliert"), instant=True),),
            "none",
            NOTHING_YET,
            width=4,
            steps=BAD_FROM_ONE,
            values=YES_IS_BAD,
        ),
        Panel(
            Kind.STAT,
            Text("Schools in lessons now", "Schulen im Unterricht"),
            Text(
                "How many schools have lessons now: in lessons an outage pages.",
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
            width=4,
        ),
        Panel(
            Kind.STAT,
            Text("Outages of providers", "Ausfälle von Anbietern"),
            Text(
                "Which provider lost most of its lines while references answer. Good: none.",
                "Welcher Anbieter die meisten Anschlüsse verlor, während Referenzen antworten. "
                "Gut: keiner.",
            ),
            (
                Query(
                    "max by (provider) (school_provider_outage)",
                    same("{{provider}}"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=20,
            steps=BAD_FROM_ONE,
            values=YES_IS_BAD,
        ),
        Panel(
            Kind.STAT,
            Text("All providers at once", "Alle Anbieter zugleich"),
            Text(
                "Whether all lost most lines together: our hub, or the providers. Good: no.",
                "Ob alle zugleich verstummten: unser Übergabepunkt oder die Anbieter. Gut: nein.",
            ),
            (Query("max(school_common_outage)", Text("common", "gemeinsam"), instant=True),),
            "none",
            NOTHING_YET,
            width=4,
            steps=BAD_FROM_ONE,
            values=YES_IS_BAD,
        ),
        Panel(
            Kind.TABLE,
            Text("What is down, and why", "Was ausgefallen ist, und warum"),
            Text(
                "Root causes: dead uplinks, and since when. Good: empty.",
                "Ursachen: tote Anschlüsse, und seit wann. Gut: leer.",
            ),
            (
                Query(
                    "(time() - max by (school, site) "
                    "(school_uplink_state_since_timestamp_seconds)) * on (school, site) "
                    "group_left (cause) (max by (school, site, cause) (school_uplink_cause_info)) "
                    "and on (school, site) (max by (school, site) "
                    '(school_uplink_state{state="down"}) == 1)',
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NONE,
            width=12,
            height=9,
            columns=(
                SCHOOL_COLUMN,
                SITE_COLUMN,
                Column("cause", Text("Cause", "Ursache")),
                Column("Value", Text("For", "Seit"), "duration"),
            ),
            link=TO_SCHOOL,
        ),
        Panel(
            Kind.TABLE,
            Text("Switches down behind a living uplink", "Tote Switches an lebendem Anschluss"),
            Text(
                "Each dead switch and for how long. Good: empty.",
                "Jeder tote Switch und wie lange schon. Gut: leer.",
            ),
            (
                Query(
                    "(time() - max by (school, site, device) "
                    "(school_switch_state_since_timestamp_seconds)) and on (school, site, device) "
                    '(max by (school, site, device) (school_switch_state{state="down"}) == 1)',
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NONE,
            width=12,
            height=9,
            columns=(
                SCHOOL_COLUMN,
                SITE_COLUMN,
                Column("device", same("Switch")),
                Column("Value", Text("For", "Seit"), "duration"),
            ),
            link=TO_SCHOOL,
        ),
    ),
)

WHY: Final = Row(
    Text("Worst lines, work and calendar", "Schlechteste Leitungen, Arbeiten, Kalender"),
    (
        Panel(
            Kind.BAR_GAUGE,
            Text("Most packets lost", "Meiste Paketverluste"),
            Text(
                "Share of pings lost over the range's steps. Good: under 1 %.",
                "Anteil verlorener Pings. Gut: unter 1 %.",
            ),
            (
                Query(
                    "topk(10, sum by (school, site) (rate(probe_icmp_lost_total[$__rate_interval]))"
                    " / sum by (school, site) (rate(smokeping_requests_total[$__rate_interval])))",
                    same("{{school}} {{site}}"),
                    instant=True,
                ),
            ),
            "percentunit",
            NOTHING_YET,
            width=8,
            height=9,
            maximum=1,
            steps=(Step(None, Colour.GOOD), Step(0.01, Colour.CARE), Step(0.05, Colour.BAD)),
            link=TO_SCHOOL_OF_SERIES,
        ),
        Panel(
            Kind.BAR_GAUGE,
            Text("Longest round-trip times", "Längste Paketumlaufzeiten"),
            Text("Mean RTT. Good: under 20 ms.", "Mittlere Umlaufzeit. Gut: unter 20 ms."),
            (
                Query(
                    "topk(10, max by (school, site) (site:uplink_rtt_seconds:mean5m))",
                    same("{{school}} {{site}}"),
                    instant=True,
                ),
            ),
            "s",
            NOTHING_YET,
            width=8,
            height=9,
            steps=(Step(None, Colour.GOOD), Step(0.02, Colour.CARE), Step(0.1, Colour.BAD)),
            link=TO_SCHOOL_OF_SERIES,
        ),
        Panel(
            Kind.BAR_GAUGE,
            Text("Fullest lines", "Vollste Leitungen"),
            Text(
                "Traffic against the contracted rate. Good: under 80 %.",
                "Verkehr gegen die vertragliche Rate. Gut: unter 80 %.",
            ),
            (
                Query(
                    "topk(10, max by (school, site, direction) (school_uplink_utilisation_ratio))",
                    same("{{school}} {{site}} {{direction}}"),
                    instant=True,
                ),
            ),
            "percentunit",
            NOTHING_YET,
            width=8,
            height=9,
            maximum=1,
            steps=(Step(None, Colour.GOOD), Step(0.8, Colour.CARE), Step(0.95, Colour.BAD)),
            link=TO_SCHOOL_OF_SERIES,
        ),
        Panel(
            Kind.TABLE,
            Text("In maintenance now", "Gerade in Wartung"),
            Text(
                "Announced work, and until when. Pages become tickets meanwhile.",
                "Angekündigte Arbeiten und bis wann. Solange wird niemand geweckt.",
            ),
            (
                Query(
                    "max by (school) (school_maintenance_ends_timestamp_seconds) * 1000",
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NONE,
            width=8,
            height=6,
            columns=(SCHOOL_COLUMN, Column("Value", Text("Until", "Bis"), "moment")),
            link=TO_SCHOOL,
        ),
        Panel(
            Kind.STAT,
            Text("Kind of day", "Art des Tages"),
            Text(
                "What the school calendar says of today.",
                "Was der Schulkalender über heute sagt.",
            ),
            (Query("max by (kind) (school_calendar_day) == 1", same("{{kind}}"), instant=True),),
            "none",
            NOTHING_YET,
            width=8,
            height=6,
            values=YES_OR_NO,
        ),
        Panel(
            Kind.STAT,
            Text("Holidays known until", "Ferien bekannt bis"),
            Text(
                "End of the shipped school holidays. Good: more than 90 days away.",
                "Ende der mitgelieferten Schulferien. Gut: noch mehr als 90 Tage.",
            ),
            (
                Query(
                    "max(school_calendar_ends_timestamp_seconds) * 1000",
                    Text("until", "bis"),
                    instant=True,
                ),
            ),
            "day",
            NOTHING_YET,
            width=8,
            height=6,
        ),
    ),
)

DETAIL: Final = Row(
    Text("Every uplink over time", "Jeder Anschluss über die Zeit"),
    (
        Panel(
            Kind.STATE_TIMELINE,
            Text("Uplinks", "Anschlüsse"),
            Text(
                "State of every uplink. Good: up throughout.",
                "Zustand jedes Anschlusses. Gut: durchgehend verbunden.",
            ),
            (
                Query(
                    state_code("school_uplink_state", "", "school, site"),
                    same("{{school}} {{site}}"),
                ),
            ),
            "none",
            NOTHING_YET,
            width=24,
            height=26,
            values=STATES,
            link=TO_SCHOOL_OF_SERIES,
        ),
    ),
)

BOARD: Final = Board(
    "schulnetz-city",
    Text("Schulnetz: is the city well", "Schulnetz: geht es der Stadt gut"),
    Text(
        "Which schools are up, which are not, and what is the cause.",
        "Welche Schulen verbunden sind, welche nicht, und woran es liegt.",
    ),
    (ANSWER, WHY, DETAIL),
    marks=(of_city(OUTAGES), of_city(MAINTENANCE), of_city(CAMPAIGNS), RELOADS),
    since="now-6h",
    refresh="30s",
)
