"""Are we there yet: the goal, by evidence, for the project lead and the council."""

from __future__ import annotations

from typing import Final

from dashboards import goal_why
from dashboards.goal_answer import ANSWER
from dashboards.goal_terms import (
    BUILT,
    GOAL,
    HISTORY_HOURS,
    NO_FORECAST,
    TARGET,
    VERIFIED,
    as_day,
    at_each_point,
    finish,
)
from dashboards.panel import Board, Colour, Column, Kind, Panel, Query, Row, Series, Step
from dashboards.shared import (
    CAMPAIGNS,
    NOTHING_YET,
    PLACE_COLUMNS,
    PROVIDER_COLUMN,
    TO_PLACE,
    of_city,
    or_dash,
    or_silent,
    with_place,
    words,
)
from dashboards.stages import (
    MAP_SILENT,
    MAPPED,
    STAGE_LAYERS,
    STAGE_SERIES,
    STAGE_VALUES,
    stage_code,
)
from monitor.words.terms import STAGES, UNITS
from monitor.words.text import Text, same

_SITES: Final = "max by (school, site, lot, programme, provider) (school_site_info)"
_VERIFIED: Final = 'max by (school, site) (rollout_stage{stage="verified"})'
_ALL: Final = "max by (school, site) (rollout_stage)"


def _share(label: str, info: str, on: str) -> str:
    """Return PromQL of the verified share by a label, least first; none where no site has one."""
    joined = f"* on ({on}) group_left ({label}) max by ({on}, {label}) ({info})"
    share = f"sum by ({label}) ({_VERIFIED} {joined}) / sum by ({label}) ({_ALL} {joined})"
    return f'sort({or_dash(share, label)} and on () count({info}{{{label}!=""}}))'


def _breakdown(title: Text, label: str, info: str, on: str) -> Panel:
    return Panel(
        Kind.BAR_GAUGE,
        title,
        Text(
            "Share of verified sites, lowest first; “–” stands for sites without this attribute. "
            "Good: 100 %.",
            "Nachgewiesene Standorte von allen, die wenigsten zuerst; „–“ sind die ohne. Gut: "
            "100 %.",
        ),
        (Query(_share(label, info, on), same(f"{{{{{label}}}}}"), instant=True),),
        "percentunit",
        Text("not known, or not given", "nicht bekannt oder nicht angegeben"),
        width=6,
        # Ten types of schools, each with its name above its bar.
        height=15,
        maximum=1,
        decimals=0,
        steps=(Step(None, Colour.BAD), Step(0.5, Colour.CARE), Step(1, Colour.GOOD)),
    )


def _by_target(quantile: str) -> str:
    """On the straight way from what is built to all of it on the day that the forecast names."""
    return (
        f"({BUILT} + ({GOAL} - {BUILT}) * clamp(({TARGET} - time()) / ({finish(quantile)} - time())"
        f", 0, 1)) and on () ({TARGET} > time())"
    )


def _point(expr: str, name: str) -> Query:
    return Query(at_each_point(expr), same(name), every="1m")


_BURN_UP: Final = Panel(
    Kind.TIME_SERIES,
    Text("Burn-up against the goal", "Fortschritt gegen das Ziel"),
    Text(
        "Verified, built and the goal. The band: how many are built by the target day according "
        "to the forecast at each time, on a straight line to its latest and earliest finish. It "
        "ends on the target day. Good: the band reaches the goal.",
        "Nachgewiesen, gebaut und das Ziel. Das Band: wie viele bis zum Zieltag gebaut sind, wie "
        "es die jeweilige Prognose sah, auf gerader Linie zum spätesten und frühesten Abschluss. "
        "Es endet am Zieltag. Gut: das Band erreicht das Ziel.",
    ),
    (
        _point(VERIFIED, "verified"),
        _point(BUILT, "built"),
        _point(GOAL, "goal"),
        _point(_by_target("0.1"), "upper"),
        _point(_by_target("0.9"), "lower"),
    ),
    "none",
    NOTHING_YET,
    width=12,
    height=10,
    joined_hours=HISTORY_HOURS,
    series=(
        Series("verified", STAGES["verified"], Colour.GOOD),
        Series("built", STAGES["built"], Colour.BUILT),
        Series("goal", Text("goal", "Ziel"), Colour.PLAIN, dashed=True),
        Series(
            "upper",
            Text("by the target day, at best", "bis zum Zieltag, bestenfalls"),
            Colour.ORDERED,
            band_to="lower",
        ),
        Series(
            "lower",
            Text("by the target day, at least", "bis zum Zieltag, mindestens"),
            Colour.ORDERED,
        ),
    ),
)

_BAND: Final = Panel(
    Kind.TIME_SERIES,
    Text("Forecast, as seen at each time", "Prognose, wie sie jeweils aussah"),
    Text(
        "The days between which the last line is built in 8 of 10 simulated futures, and the "
        "target day. There is no band without a forecast range. Good: the band is below the "
        "target day.",
        "Zwischen welchen Tagen die letzte Leitung in 8 von 10 möglichen Verläufen gebaut wird, "
        "und der Zieltag. Kein Band, wo es keine Spanne gab. Gut: das Band unter dem Zieltag.",
    ),
    (
        _point(as_day(finish("0.9")), "latest"),
        _point(as_day(finish("0.5")), "middle"),
        _point(as_day(finish("0.1")), "earliest"),
        # Alone, it would be drawn in the middle of an axis that begins in 1970.
        _point(f"{as_day(TARGET)} and on () {finish('0.5')}", "target"),
    ),
    "day",
    NO_FORECAST,
    width=12,
    height=10,
    joined_hours=HISTORY_HOURS,
    series=(
        Series("latest", Text("latest", "spätestens"), Colour.ORDERED, band_to="earliest"),
        Series("middle", Text("middle", "Mitte"), Colour.BUILT),
        Series("earliest", Text("earliest", "frühestens"), Colour.ORDERED),
        Series("target", Text("target day", "Zieltag"), Colour.PLAIN, dashed=True),
    ),
)

_MAP: Final = Panel(
    Kind.GEOMAP,
    Text("Where which stage is", "Wo welche Stufe ist"),
    Text(
        "Each site in the colour of its stage; north is up. Click a point to open its school. "
        "Good: all verified.",
        "Jeder Standort in der Farbe seiner Stufe, Norden ist oben, ohne Hintergrund. Ein Klick "
        "auf einen Punkt führt zur Schule. Gut: alle nachgewiesen.",
    ),
    (
        *(
            Query(
                with_place(
                    f'(max by (school, site) (rollout_stage{{stage="{name}"}}) == 1)'
                    " * on (school, site) group_left (lat, lon)"
                    " max by (school, site, lat, lon) (school_site_info)"
                ),
                same(""),
                instant=True,
            )
            for name in MAPPED
        ),
        MAP_SILENT,
    ),
    "none",
    NOTHING_YET,
    width=24,
    height=15,
    series=STAGE_LAYERS,
    link=TO_PLACE,
)

_EVER: Final = "max by (stage) (max_over_time(rollout_sites[$__range] @ end())) > 0"

_OVER_TIME: Final = Panel(
    Kind.TIME_SERIES,
    Text("Sites by stage over time", "Standorte nach Stufe über die Zeit"),
    Text(
        "Sites at each stage. Good: verified grows, regressed stays away.",
        "Standorte auf jeder Stufe. Gut: nachgewiesen wächst, kein Nachweis geht verloren.",
    ),
    # A stage at which no site ever was in the time range has no line and no legend.
    (
        Query(
            f"{at_each_point('max by (stage) (rollout_sites)')} and on (stage) {_EVER}",
            same("{{stage}}"),
            every="1m",
        ),
    ),
    "none",
    NOTHING_YET,
    width=24,
    height=10,
    joined_hours=HISTORY_HOURS,
    stacked=True,
    series=STAGE_SERIES,
)

_EVERY_SITE: Final = Panel(
    Kind.TABLE,
    Text("Every site, problems first", "Jeder Standort, was nicht stimmt zuerst"),
    Text(
        "Stage of each site by evidence, and since when. Regressed first, verified last.",
        "Stufe jedes Standorts nach Nachweis, und seit wann. Nachweis verloren zuerst, "
        "nachgewiesen zuletzt.",
    ),
    (
        Query(
            or_silent(
                with_place(
                    f"({stage_code()}) * on (school, site) group_left (provider, lot, programme)"
                    f" {_SITES}"
                )
            ),
            same(""),
            instant=True,
        ),
        Query(
            with_place("max by (school, site) (rollout_stage_since_timestamp_seconds) * 1000"),
            same(""),
            instant=True,
        ),
    ),
    "none",
    NOTHING_YET,
    width=24,
    height=12,
    columns=(
        PLACE_COLUMNS[0],
        Column("Value #A", Text("Stage", "Stufe"), values=STAGE_VALUES),
        Column("Value #B", Text("Since", "Seit"), "day"),
        PROVIDER_COLUMN,
        Column("lot", Text("Lot", "Los")),
        Column("programme", Text("Programme", "Programm")),
        *PLACE_COLUMNS[1:],
    ),
    first_by=Text("Stage", "Stufe"),
    link=TO_PLACE,
)

WHERE: Final = Row(
    Text("Where we stand", "Wo wir stehen"),
    (
        _MAP,
        _OVER_TIME,
        _breakdown(Text("By district", "Nach Bezirk"), "district", "school_info", "school"),
        _breakdown(Text("By type of school", "Nach Schulform"), "type", "school_info", "school"),
        _breakdown(Text("By operator lot", "Nach Los"), "lot", "school_site_info", "school, site"),
        _breakdown(
            Text("By programme", "Nach Programm"),
            "programme",
            "school_site_info",
            "school, site",
        ),
    ),
)

_AGE: Final = Text("Days old", "Tage alt")
_AGE_STEPS: Final = (Step(None, Colour.GOOD), Step(150, Colour.CARE), Step(180, Colour.BAD))

DETAIL: Final = Row(
    Text("Every site, its evidence, and other goals", "Jeder Standort, Nachweise, andere Ziele"),
    (
        _EVERY_SITE,
        Panel(
            Kind.TABLE,
            Text("Oldest evidence", "Älteste Nachweise"),
            Text(
                "How long ago the last passed campaign ended. Good: under 150 days; from 180 on it "
                "no longer counts.",
                "Wie lange die letzte bestandene Kampagne her ist. Gut: unter 150 Tagen; ab 180 "
                "zählt sie nicht mehr.",
            ),
            (
                Query(
                    or_silent(
                        with_place(
                            "topk(20, (time() - max by (school, site) "
                            "(rollout_campaign_passed_timestamp_seconds)) / 86400)"
                        )
                    ),
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            Text(
                "no day of a passed campaign is known",
                "kein Tag einer bestandenen Kampagne bekannt",
            ),
            width=24,
            height=8,
            columns=(
                PLACE_COLUMNS[0],
                Column("Value", _AGE, "none", steps=_AGE_STEPS),
                *PLACE_COLUMNS[1:],
            ),
            first_by=_AGE,
            link=TO_PLACE,
        ),
        Panel(
            Kind.TABLE,
            Text("Tablets, funding and other reported goals", "Tablets, Förderung, andere Ziele"),
            Text(
                "Figures that others report, not measured here. Planned (announced, granted) is "
                "not reached. The report names the source of each figure.",
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
                # Including those without a published number.
                Query("max by (goal, name, unit) (rollout_reported_info)", same(""), instant=True),
            ),
            "none",
            Text("none configured, or not known", "keine eingestellt oder nicht bekannt"),
            width=24,
            height=9,
            columns=(
                Column("name", Text("Goal", "Ziel")),
                Column("Value #A", Text("Reached", "Erreicht"), "locale"),
                Column("Value #B", Text("Planned", "Geplant"), "locale"),
                Column("Value #C", Text("To be reached", "Zu erreichen"), "locale"),
                Column("unit", Text("Unit", "Einheit"), values=words(UNITS, {}), coloured=False),
            ),
        ),
    ),
)

BOARD: Final = Board(
    "schulnetz-goal",
    Text("Are we there yet?", "Sind wir am Ziel?"),
    Text(
        "How many schools are connected by measured evidence, and when all will be.",
        "Wie viele Schulen nachweislich angebunden sind, und wann es alle sein werden.",
    ),
    (ANSWER, Row(Text("Why", "Warum"), (*goal_why.TILES, _BURN_UP, _BAND)), WHERE, DETAIL),
    marks=(of_city(CAMPAIGNS),),
    since="now-1y",
    refresh="5m",
)
