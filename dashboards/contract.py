"""Does the ISP keep its contract: availability, rates and their evidence, by provider."""

from __future__ import annotations

from typing import Final

from dashboards.panel import BAD_FROM_ONE, Board, Colour, Column, Kind, Panel, Query, Row, Step
from dashboards.shared import (
    CAMPAIGNS,
    MAINTENANCE,
    NONE,
    NOTHING_YET,
    OUTAGES,
    PROVIDER,
    SCHOOL_COLUMN,
    SITE_COLUMN,
    TO_SCHOOL,
    TO_SCHOOL_OF_SERIES,
    of_city,
    or_zero,
)
from dashboards.text import Text, same

_OF: Final = 'and on (school, site) max by (school, site) (school_site_info{provider="$provider"})'
_DOWN: Final = 'sum by (school, site) (increase(school_minutes_total{class="down"}[$__range]))'
_COUNTED: Final = (
    'sum by (school, site) (increase(school_minutes_total{class=~"up|down"}[$__range]))'
)
_KEPT: Final = f"(1 - {_DOWN} / ({_COUNTED} > 0))"
_OWED: Final = "max by (school, site) (school_contract_availability_ratio)"
_MEDIAN: Final = (
    'max by (school, site) (rollout_campaign_rate_bits_per_second{direction="down", '
    'statistic="median"})'
)

ANSWER: Final = Row(
    Text("Is the contract kept?", "Wird der Vertrag eingehalten?"),
    (
        Panel(
            Kind.STAT,
            Text("Lowest availability", "Niedrigste Verfügbarkeit"),
            Text(
                "Of the provider's sites in the time range. Good: what the contract owes.",
                "Der Standorte dieses Anbieters im Zeitraum. Gut: was der Vertrag schuldet.",
            ),
            (Query(f"min({_KEPT} {_OF})", Text("lowest", "niedrigste"), instant=True),),
            "percentunit",
            NOTHING_YET,
            decimals=2,
            steps=(Step(None, Colour.BAD), Step(0.995, Colour.GOOD)),
        ),
        Panel(
            Kind.STAT,
            Text("Sites below the contract", "Standorte unter Vertrag"),
            Text(
                "Sites whose availability is less than owed in the time range. Good: 0.",
                "Standorte, deren Verfügbarkeit im Zeitraum unter der geschuldeten liegt. Gut: 0.",
            ),
            (
                Query(
                    or_zero(f"count(({_KEPT} {_OF}) < {_OWED})"),
                    Text("sites", "Standorte"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            steps=BAD_FROM_ONE,
        ),
        Panel(
            Kind.STAT,
            Text("Down now", "Jetzt ausgefallen"),
            Text("The provider's dead lines. Good: 0.", "Tote Leitungen des Anbieters. Gut: 0."),
            (
                Query(
                    f'sum((max by (school, site) (school_uplink_state{{state="down"}})) {_OF})',
                    Text("down", "ausgefallen"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            steps=BAD_FROM_ONE,
        ),
        Panel(
            Kind.STAT,
            Text("Slower than contracted", "Langsamer als vereinbart"),
            Text(
                "Lines whose interface is slower than the contracted rate. Good: 0.",
                "Leitungen, deren Schnittstelle langsamer ist als vereinbart. Gut: 0.",
            ),
            (
                Query(
                    f"sum(max by (school, site) (school_uplink_slower_than_contract) {_OF})",
                    Text("lines", "Leitungen"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            steps=BAD_FROM_ONE,
        ),
        Panel(
            Kind.BAR_GAUGE,
            Text("Minutes of outage", "Ausfallminuten"),
            Text(
                "Accounted minutes down in the time range; `schulnetz sla` lists each outage.",
                "Gezählte Ausfallminuten im Zeitraum; `schulnetz sla` nennt jeden Ausfall.",
            ),
            (Query(f"topk(15, {_DOWN} {_OF})", same("{{school}} {{site}}"), instant=True),),
            "m",
            NOTHING_YET,
            width=12,
            height=10,
            steps=(Step(None, Colour.GOOD), Step(60, Colour.CARE), Step(216, Colour.BAD)),
            link=TO_SCHOOL_OF_SERIES,
        ),
        Panel(
            Kind.BAR_GAUGE,
            Text("Measured against contracted rate", "Gemessen gegen vertragliche Rate"),
            Text(
                "Median download of the last campaign against the contract. Good: 90 % or more.",
                "Median des Herunterladens der letzten Kampagne gegen den Vertrag. Gut: >= 90 %.",
            ),
            (
                Query(
                    f"bottomk(15, {_MEDIAN} / max by (school, site) "
                    f"(school_contract_down_bits_per_second) {_OF})",
                    same("{{school}} {{site}}"),
                    instant=True,
                ),
            ),
            "percentunit",
            Text("never measured", "nie gemessen"),
            width=12,
            height=10,
            maximum=1,
            steps=(Step(None, Colour.BAD), Step(0.9, Colour.GOOD)),
            link=TO_SCHOOL_OF_SERIES,
        ),
    ),
)

WHY: Final = Row(
    Text("Line by line", "Leitung für Leitung"),
    (
        Panel(
            Kind.TABLE,
            Text("Availability against the contract", "Verfügbarkeit gegen den Vertrag"),
            Text(
                "What was kept and what is owed, per site, in the time range.",
                "Was eingehalten wurde und was geschuldet ist, je Standort, im Zeitraum.",
            ),
            (
                Query(f"{_KEPT} {_OF}", same(""), instant=True),
                Query(f"{_OWED} {_OF}", same(""), instant=True),
                Query(f"{_DOWN} {_OF}", same(""), instant=True),
            ),
            "none",
            NOTHING_YET,
            width=12,
            height=11,
            columns=(
                SCHOOL_COLUMN,
                SITE_COLUMN,
                Column("Value #A", Text("Kept", "Eingehalten"), "percentunit"),
                Column("Value #B", Text("Owed", "Geschuldet"), "percentunit"),
                Column("Value #C", Text("Down", "Ausfall"), "m"),
            ),
            link=TO_SCHOOL,
        ),
        Panel(
            Kind.TABLE,
            Text("Findings at the lines", "Befunde an den Leitungen"),
            Text(
                "What the routers' counters say is wrong. Good: empty.",
                "Was laut den Zählern der Router nicht stimmt. Gut: leer.",
            ),
            (
                Query(
                    f"(max by (school, site, finding) (school_uplink_finding) == 1) {_OF}",
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NONE,
            width=12,
            height=11,
            columns=(SCHOOL_COLUMN, SITE_COLUMN, Column("finding", Text("Finding", "Befund"))),
            link=TO_SCHOOL,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Lines down over time", "Ausgefallene Leitungen über die Zeit"),
            Text(
                "The provider's dead lines. Good: 0 throughout.",
                "Tote Leitungen des Anbieters. Gut: durchgehend 0.",
            ),
            (
                Query(
                    f'sum((max by (school, site) (school_uplink_state{{state="down"}})) {_OF})',
                    Text("down", "ausgefallen"),
                ),
            ),
            "none",
            NOTHING_YET,
            width=24,
            height=7,
            steps=BAD_FROM_ONE,
        ),
    ),
)

BOARD: Final = Board(
    "schulnetz-contract",
    Text("Schulnetz: does the ISP keep its contract", "Schulnetz: hält der Anbieter den Vertrag"),
    Text(
        "Availability, rates and errors against what is owed, by provider.",
        "Verfügbarkeit, Raten und Fehler gegen das Geschuldete, je Anbieter.",
    ),
    (ANSWER, WHY),
    choices=(PROVIDER,),
    marks=(of_city(OUTAGES), of_city(MAINTENANCE), of_city(CAMPAIGNS)),
    since="now-30d",
    refresh="5m",
)
