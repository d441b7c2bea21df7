"""What is wrong at this school: one school, for the engineer who was called."""

from __future__ import annotations

from typing import Final

from dashboards.panel import (
    BAD_FROM_ONE,
    Board,
    Colour,
    Column,
    Kind,
    Link,
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
    SCHOOL,
    SITE_COLUMN,
    SITES,
    STATES,
    YES_OR_NO,
    state_code,
)
from dashboards.text import Text, same

_SCHOOL: Final = 'school="$school"'
_HERE: Final = f'{_SCHOOL}, site=~"$site"'
_UPLINK: Final = f'{_HERE}, check="icmp"'
_TO_SWITCH: Final = Link(
    Text("What is wrong with this switch", "Was mit diesem Switch nicht stimmt"),
    "schulnetz-switch",
    "var-school=$school&var-site=${__data.fields.site}&var-device=${__value.text}",
)

ANSWER: Final = Row(
    Text("What is wrong here?", "Was stimmt hier nicht?"),
    (
        Panel(
            Kind.STAT,
            Text("Uplink", "Anschluss"),
            Text("Verdict on each site's uplink. Good: up.", "Urteil je Standort. Gut: verbunden."),
            (
                Query(
                    state_code("school_uplink_state", _HERE, "site"),
                    same("{{site}}"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=6,
            values=STATES,
        ),
        Panel(
            Kind.STAT,
            Text("Switches down", "Switches ausgefallen"),
            Text("Dead switches here. Good: 0.", "Tote Switches hier. Gut: 0."),
            (
                Query(
                    f'sum(max by (site, device) (school_switch_state{{{_HERE}, state="down"}}))',
                    Text("down", "ausgefallen"),
                    instant=True,
                ),
            ),
            "none",
            Text("no switches", "keine Switches"),
            width=6,
            steps=BAD_FROM_ONE,
        ),
        Panel(
            Kind.STAT,
            Text("Lessons now", "Unterricht jetzt"),
            Text(
                "Whether lessons are held now: then an outage hurts.",
                "Ob gerade Unterricht ist: dann tut ein Ausfall weh.",
            ),
            (
                Query(
                    f"max(school_in_lessons{{{_SCHOOL}}})",
                    Text("lessons", "Unterricht"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=6,
            values=YES_OR_NO,
        ),
        Panel(
            Kind.STAT,
            Text("In maintenance", "In Wartung"),
            Text("Whether announced work is under way.", "Ob angekündigte Arbeiten laufen."),
            (
                Query(
                    f"max(school_maintenance{{{_SCHOOL}}})",
                    Text("maintenance", "Wartung"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=6,
            values=YES_OR_NO,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Round-trip time", "Paketumlaufzeit"),
            Text(
                "Median and 95 % of all pings to the routers, by kernel time stamps. Good: flat.",
                "Median und 95 % aller Pings zu den Routern, mit Zeitstempeln des Kernels. "
                "Gut: flach.",
            ),
            tuple(
                Query(
                    f"histogram_quantile({share}, sum by (site, le) "
                    f"(rate(smokeping_response_duration_seconds_bucket{{{_UPLINK}, "
                    'device="router"}[$__rate_interval])))',
                    same(f"{{{{site}}}} {name}"),
                )
                for share, name in ((0.5, "50 %"), (0.95, "95 %"))
            ),
            "s",
            NOTHING_YET,
            width=12,
            height=8,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Packets lost", "Verlorene Pakete"),
            Text("Share of pings lost. Good: under 1 %.", "Anteil verlorener Pings. Gut: < 1 %."),
            (
                Query(
                    f"sum by (site) (rate(probe_icmp_lost_total{{{_UPLINK}, "
                    'device="router"}[$__rate_interval])) / sum by (site) '
                    f"(rate(smokeping_requests_total{{{_UPLINK}, "
                    'device="router"}[$__rate_interval]))',
                    same("{{site}}"),
                ),
            ),
            "percentunit",
            NOTHING_YET,
            width=12,
            height=8,
            steps=(Step(None, Colour.GOOD), Step(0.05, Colour.BAD)),
        ),
    ),
)

WHY: Final = Row(
    Text("Why", "Warum"),
    (
        Panel(
            Kind.TIME_SERIES,
            Text("Traffic against the contract", "Verkehr gegen den Vertrag"),
            Text(
                "Down, up, and the contracted rate. Good: well below it.",
                "Herunter, hinauf, und die vertragliche Rate. Gut: deutlich darunter.",
            ),
            (
                Query(
                    f"max by (site) (school_uplink_down_bits_per_second{{{_HERE}}})",
                    Text("{{site}} down", "{{site}} herunter"),
                ),
                Query(
                    f"max by (site) (school_uplink_up_bits_per_second{{{_HERE}}})",
                    Text("{{site}} up", "{{site}} hinauf"),
                ),
                Query(
                    f"max by (site) (school_contract_down_bits_per_second{{{_HERE}}})",
                    Text("{{site}} contract", "{{site}} Vertrag"),
                ),
            ),
            "bps",
            NOTHING_YET,
            width=12,
            height=8,
        ),
        Panel(
            Kind.STATE_TIMELINE,
            Text("Switches over time", "Switches über die Zeit"),
            Text(
                "State of every switch; unknown while the uplink is dead. Good: up throughout.",
                "Zustand jedes Switches; unbekannt, solange der Anschluss tot ist. Gut: verbunden.",
            ),
            (
                Query(
                    state_code("school_switch_state", _HERE, "site, device"),
                    same("{{site}} {{device}}"),
                ),
            ),
            "none",
            Text("no switches", "keine Switches"),
            width=12,
            height=8,
            values=STATES,
        ),
        Panel(
            Kind.TABLE,
            Text("Checks that are not well", "Prüfungen mit Befund"),
            Text(
                "Reason of each check that failed or could not tell. Good: empty.",
                "Grund jeder Prüfung, die fehlschlug oder nichts sagen konnte. Gut: leer.",
            ),
            (
                Query(
                    f"max by (site, device, check, reason) (probe_failure_reason{{{_HERE}}})",
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NONE,
            width=12,
            height=8,
            columns=(
                SITE_COLUMN,
                Column("device", Text("Device", "Gerät")),
                Column("check", Text("Check", "Prüfung")),
                Column("reason", Text("Reason", "Grund")),
            ),
        ),
        Panel(
            Kind.TABLE,
            Text("Findings at the uplink's interface", "Befunde am Anschluss"),
            Text(
                "What the router's counters say is wrong. Good: empty.",
                "Was laut den Zählern des Routers nicht stimmt. Gut: leer.",
            ),
            (
                Query(
                    f"max by (site, finding) (school_uplink_finding{{{_HERE}}}) == 1",
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NONE,
            width=12,
            height=8,
            columns=(SITE_COLUMN, Column("finding", Text("Finding", "Befund"))),
        ),
    ),
)

DETAIL: Final = Row(
    Text("Devices and evidence", "Geräte und Nachweise"),
    (
        Panel(
            Kind.TABLE,
            Text("Switches", "Switches"),
            Text(
                "Every switch: what it says of itself, and how long it has run.",
                "Jeder Switch: was er von sich sagt, und wie lange er läuft.",
            ),
            (
                Query(
                    f"max by (site, device) (sysUpTime{{{_HERE}}}) / 100 * on (site, device) "
                    "group_left (sys_name) max by (site, device, sys_name) "
                    f"(school_device_system_info{{{_HERE}}})",
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=12,
            height=9,
            columns=(
                Column("device", same("Switch")),
                SITE_COLUMN,
                Column("sys_name", same("sysName")),
                Column("Value", Text("Up for", "Läuft seit"), "duration"),
            ),
            link=_TO_SWITCH,
        ),
        Panel(
            Kind.BAR_GAUGE,
            Text("Last measuring campaign", "Letzte Messkampagne"),
            Text(
                "Median rate of the last campaign. Good: 90 % of the contracted rate or more.",
                "Median der letzten Kampagne. Gut: 90 % der vertraglichen Rate oder mehr.",
            ),
            (
                Query(
                    "max by (site, direction) (rollout_campaign_rate_bits_per_second"
                    f'{{{_HERE}, statistic="median"}})',
                    same("{{site}} {{direction}}"),
                    instant=True,
                ),
            ),
            "bps",
            Text("never measured", "nie gemessen"),
            width=6,
            height=9,
        ),
        Panel(
            Kind.STAT,
            Text("Stage by evidence", "Stufe nach Nachweis"),
            Text("How far the connection is. Good: verified.", "Wie weit der Anschluss ist."),
            (
                Query(
                    f"max by (site, stage) (rollout_stage{{{_HERE}}}) == 1",
                    same("{{site}}: {{stage}}"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=6,
            height=9,
            values=YES_OR_NO,
        ),
    ),
)

BOARD: Final = Board(
    "schulnetz-school",
    Text("Schulnetz: what is wrong at this school", "Schulnetz: was an dieser Schule nicht stimmt"),
    Text("One school: verdicts, line, devices.", "Eine Schule: Urteile, Leitung, Geräte."),
    (ANSWER, WHY, DETAIL),
    choices=(SCHOOL, SITES),
    marks=(OUTAGES, MAINTENANCE, CAMPAIGNS, RELOADS),
)
