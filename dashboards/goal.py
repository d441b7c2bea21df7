"""Are we there yet: the goal, by evidence, for the project lead and the council."""

from __future__ import annotations

from typing import Final

from dashboards.goal_answer import ANSWER
from dashboards.panel import Board, Colour, Column, Kind, Panel, Query, Row, Step, Value
from dashboards.shared import (
    CAMPAIGNS,
    NONE,
    NOTHING_YET,
    RELOADS,
    SCHOOL_COLUMN,
    SITE_COLUMN,
    TO_SCHOOL,
    of_city,
)
from dashboards.text import Text, same

_STAGES: Final = (
    Value(0, Text("unknown", "unbekannt"), Colour.UNKNOWN),
    Value(1, Text("planned", "geplant"), Colour.PLANNED),
    Value(2, Text("ordered", "beauftragt"), Colour.ORDERED),
    Value(3, Text("built", "gebaut"), Colour.BUILT),
    Value(4, Text("reported by the provider", "vom Anbieter gemeldet"), Colour.CARE),
    Value(5, Text("live", "in Betrieb"), Colour.LIVE),
    Value(6, Text("verified", "nachgewiesen"), Colour.GOOD),
    Value(7, Text("live, proof too old", "in Betrieb, Nachweis veraltet"), Colour.CARE),
    Value(8, Text("REGRESSED", "VERSCHLECHTERT"), Colour.BAD),
)
_NAMES: Final = (
    "unknown",
    "planned",
    "ordered",
    "built",
    "reported",
    "live",
    "verified",
    "live_stale",
    "regressed",
)
_STAGE_CODE: Final = " or ".join(
    f'(max by (school, site) (rollout_stage{{stage="{name}"}}) == 1) * {code}'
    for code, name in enumerate(_NAMES)
)
_SCHOOLS: Final = "max by (school, district, type) (school_info)"
_SITES: Final = "max by (school, site, lot, programme, provider, lat, lon) (school_site_info)"
_VERIFIED: Final = 'max by (school, site) (rollout_stage{stage="verified"})'
_ALL: Final = "max by (school, site) (rollout_stage)"


def _share(label: str, info: str, on: str) -> str:
    return (
        f"sum by ({label}) ({_VERIFIED} * on ({on}) group_left ({label}) {info})"
        f" / sum by ({label}) ({_ALL} * on ({on}) group_left ({label}) {info})"
    )


def _breakdown(title: Text, label: str, info: str, on: str) -> Panel:
    return Panel(
        Kind.BAR_GAUGE,
        title,
        Text(
            "Verified sites of all sites. Good: 100 %; the shortest bars need attention first.",
            "Nachgewiesene Standorte von allen. Gut: 100 %; die kürzesten Balken zuerst ansehen.",
        ),
        (Query(_share(label, info, on), same(f"{{{{{label}}}}}"), instant=True),),
        "percentunit",
        NOTHING_YET,
        width=6,
        height=8,
        maximum=1,
        steps=(Step(None, Colour.BAD), Step(0.5, Colour.CARE), Step(1, Colour.GOOD)),
    )


WHY: Final = Row(
    Text("Where we stand", "Wo wir stehen"),
    (
        Panel(
            Kind.GEOMAP,
            Text("Sites by stage", "Standorte nach Stufe"),
            Text(
                "Each site with its stage. Good: all verified. The background comes from what this "
                "Grafana has as its map; the markers need none.",
                "Jeder Standort mit seiner Stufe. Gut: alle nachgewiesen. Der Hintergrund kommt "
                "von der Karte dieses Grafana; die Punkte brauchen keine.",
            ),
            (
                Query(
                    f"({_STAGE_CODE}) * on (school, site) group_left (lat, lon) {_SITES}",
                    same("{{school}} {{site}}"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=12,
            height=14,
            values=_STAGES,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Sites by stage over time", "Standorte nach Stufe über die Zeit"),
            Text(
                "How many sites are at which stage. Good: verified grows, regressed stays at 0.",
                "Wie viele Standorte auf welcher Stufe sind. Gut: nachgewiesen wächst, "
                "verschlechtert bleibt 0.",
            ),
            (Query("max by (stage) (rollout_sites)", same("{{stage}}")),),
            "none",
            NOTHING_YET,
            width=12,
            height=14,
            stacked=True,
        ),
        _breakdown(Text("By district", "Nach Bezirk"), "district", _SCHOOLS, "school"),
        _breakdown(Text("By type of school", "Nach Schulform"), "type", _SCHOOLS, "school"),
        _breakdown(Text("By operator lot", "Nach Los"), "lot", _SITES, "school, site"),
        _breakdown(
            Text("By funding programme", "Nach Programm"), "programme", _SITES, "school, site"
        ),
    ),
)

DETAIL: Final = Row(
    Text("Every site, its evidence, and other goals", "Jeder Standort, Nachweise, andere Ziele"),
    (
        Panel(
            Kind.TABLE,
            Text("Regressions", "Verschlechterungen"),
            Text(
                "Sites that were verified and failed a campaign since. Good: empty.",
                "Standorte, die nachgewiesen waren und seither durchgefallen sind. Gut: leer.",
            ),
            (
                Query(
                    'max by (school, site) (rollout_stage{stage="regressed"}) == 1',
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NONE,
            width=8,
            height=8,
            columns=(SCHOOL_COLUMN, SITE_COLUMN),
            link=TO_SCHOOL,
        ),
        Panel(
            Kind.TABLE,
            Text("Oldest evidence", "Älteste Nachweise"),
            Text(
                "Age of each verification. Good: under 150 days; from 180 on it no longer counts.",
                "Alter jedes Nachweises. Gut: unter 150 Tagen; ab 180 zählt er nicht mehr.",
            ),
            (
                Query(
                    "topk(20, time() - max by (school, site) "
                    "(rollout_campaign_last_measurement_timestamp_seconds))",
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=8,
            height=8,
            columns=(
                SCHOOL_COLUMN,
                SITE_COLUMN,
                Column("Value", Text("Age", "Alter"), "duration"),
            ),
            link=TO_SCHOOL,
        ),
        Panel(
            Kind.TABLE,
            Text("Tablets, funding and other reported goals", "Tablets, Förderung, andere Ziele"),
            Text(
                "What others report, not measured here. What is planned (announced, granted) is "
                "not reached. The report has the source of each figure.",
                "Was andere melden, hier nicht gemessen. Geplantes (angekündigt, bewilligt) ist "
                "nicht erreicht. Der Bericht nennt die Quelle jeder Zahl.",
            ),
            (
                *(
                    Query(
                        f"max by (goal) (rollout_reported_{figure}) * on (goal) "
                        "group_left (name, unit) max by (goal, name, unit) (rollout_reported_info)",
                        same(""),
                        instant=True,
                    )
                    for figure in ("value", "planned", "target")
                ),
                # Those too of which nobody said a number.
                Query("max by (goal, name, unit) (rollout_reported_info)", same(""), instant=True),
            ),
            "none",
            Text("nothing reported", "nichts gemeldet"),
            width=8,
            height=8,
            columns=(
                Column("name", Text("Goal", "Ziel")),
                Column("Value #A", Text("Reached", "Erreicht"), "locale"),
                Column("Value #B", Text("Planned", "Geplant"), "locale"),
                Column("Value #C", Text("Target", "Ziel"), "locale"),
                Column("unit", Text("Unit", "Einheit")),
            ),
        ),
        Panel(
            Kind.TABLE,
            Text("Every site", "Jeder Standort"),
            Text(
                "Stage of each site by evidence. Good: verified.",
                "Stufe jedes Standorts nach Nachweis. Gut: nachgewiesen.",
            ),
            (
                Query(
                    f"({_STAGE_CODE}) * on (school, site) group_left (provider, lot, programme)"
                    f" {_SITES}",
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=24,
            height=12,
            columns=(
                SCHOOL_COLUMN,
                SITE_COLUMN,
                Column("Value", Text("Stage", "Stufe"), values=_STAGES),
                Column("provider", Text("Provider", "Anbieter")),
                Column("lot", Text("Lot", "Los")),
                Column("programme", Text("Programme", "Programm")),
            ),
            link=TO_SCHOOL,
        ),
    ),
)

BOARD: Final = Board(
    "schulnetz-goal",
    Text("Schulnetz: are we there yet", "Schulnetz: sind wir am Ziel"),
    Text(
        "How many schools are connected by measured evidence, and when all will be.",
        "Wie viele Schulen nachweislich angebunden sind, und wann es alle sein werden.",
    ),
    (ANSWER, WHY, DETAIL),
    marks=(of_city(CAMPAIGNS), RELOADS),
    since="now-1y",
    refresh="5m",
)
