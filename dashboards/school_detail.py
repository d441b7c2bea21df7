"""The line of a school's sites in figures, its switches, and what the contract owes.

Sites are kept apart throughout: nothing is summed over them.
"""

from __future__ import annotations

from typing import Final

from dashboards.codes import (
    CAMPAIGNS,
    MAIN_SITE,
    NOT_KNOWN,
    STAGES,
    UNNAMED_CONTRACT,
    VERDICTS,
    campaign_code,
    stage_code,
    verdict_code,
)
from dashboards.panel import Colour, Column, Kind, Link, Panel, Query, Row, Step
from dashboards.shared import NOTHING_YET, SILENT_ROW, or_silent
from monitor.words.text import Text, same

SCHOOL_HERE: Final = 'school="$school"'
HERE: Final = f'{SCHOOL_HERE}, site=~"$sites"'
_PINGS: Final = f'{HERE}, check="icmp", device="router"'
LOSS: Final = (
    f"sum by (site) (rate(probe_icmp_lost_total{{{_PINGS}}}[$__rate_interval]))"
    f" / sum by (site) (rate(smokeping_requests_total{{{_PINGS}}}[$__rate_interval]))"
)
LOSS_STEPS: Final = (Step(None, Colour.GOOD), Step(0.01, Colour.CARE), Step(0.05, Colour.BAD))
_SWITCH: Final = "site, device"
_SITE_COLUMN: Final = Column("site", Text("Site", "Standort"), values=(MAIN_SITE,), coloured=False)
_TO_SWITCH: Final = Link(
    Text("What is wrong with this switch", "Was mit diesem Switch nicht stimmt"),
    "schulnetz-switch",
    "var-school=$school&var-site=${__data.fields.site}&var-device=${__value.text}",
)


def _contract_share(direction: str) -> str:
    share = f'school_uplink_utilisation_ratio{{{HERE}, direction="{direction}"}}'
    return f"max by (site) ({share})"


def _model(selector: str) -> str:
    """Return PromQL of the model of devices: the chassis' own, else what the agent says it is."""
    chassis = f'max by ({_SWITCH}, model) (school_device_hardware_info{{{selector}, model!=""}})'
    described = f"max by ({_SWITCH}, sys_descr) (school_device_system_info{{{selector}}})"
    named = f'label_replace({described}, "model", "$1", "sys_descr", "(.*)")'
    return (
        f"max by ({_SWITCH}, model) ({chassis} or on ({_SWITCH}) "
        f"max by ({_SWITCH}, model) ({named}))"
    )


def _switch_verdicts() -> str:
    # `site` stays as it is for the link; `place` is what the table shows.
    code = verdict_code("switch", HERE, _SWITCH)
    return f'label_replace({code}, "place", "$1", "site", "(.*)")'


def _median(direction: str) -> str:
    labels = f'{HERE}, direction="{direction}", statistic="median"'
    return f"max by (site) (rollout_campaign_rate_bits_per_second{{{labels}}})"


def _table(expr: str) -> Query:
    return Query(expr, same(""), instant=True)


LINE: Final = Row(
    Text("The line", "Die Leitung"),
    (
        Panel(
            Kind.TIME_SERIES,
            Text("Traffic: down above, up below", "Verkehr: Download oben, Upload unten"),
            Text(
                "Traffic of each line at its router: towards the site above zero, from the site "
                "below. The panel beside it shows the share of the contracted rate.",
                "Verkehr jeder Leitung an ihrem Router, zum Standort über null, von ihm weg "
                "darunter. Wie viel des Vertrags das ist, sagt die Grafik daneben.",
            ),
            (
                Query(
                    f"max by (site) (school_uplink_down_bits_per_second{{{HERE}}})",
                    Text("{{site}} down", "{{site}} Download"),
                ),
                Query(
                    f"-max by (site) (school_uplink_up_bits_per_second{{{HERE}}})",
                    Text("{{site}} up", "{{site}} Upload"),
                ),
            ),
            "bps",
            NOTHING_YET,
            width=12,
            height=8,
            mirrored=True,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Share of the contract in use", "Genutzter Anteil des Vertrags"),
            Text(
                "Traffic relative to the line's contracted rate. Good: well below 80 %; at 100 % "
                "the line is full.",
                "Verkehr gegen die vertragliche Rate derselben Leitung. Gut: deutlich unter 80 %; "
                "bei 100 % ist die Leitung voll.",
            ),
            tuple(
                Query(_contract_share(direction), legend)
                for direction, legend in (
                    ("down", Text("{{site}} down", "{{site}} Download")),
                    ("up", Text("{{site}} up", "{{site}} Upload")),
                )
            ),
            "percentunit",
            NOTHING_YET,
            width=12,
            height=8,
            steps=(Step(None, Colour.GOOD), Step(0.8, Colour.CARE), Step(1, Colour.BAD)),
            soft_max=0.1,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Round-trip time", "Paketumlaufzeit"),
            Text(
                "Median and 95th percentile of the round-trip times to the routers, by kernel "
                "time stamps. Good: flat.",
                "Median und 95 % aller Pings zu den Routern, mit Zeitstempeln des Kernels. "
                "Gut: flach.",
            ),
            tuple(
                Query(
                    f"histogram_quantile({share}, sum by (site, le) "
                    f"(rate(smokeping_response_duration_seconds_bucket{{{_PINGS}}}"
                    # Without an answer it is not a number.
                    "[$__rate_interval]))) >= 0",
                    legend,
                )
                for share, legend in (
                    (0.5, Text("{{site}} median", "{{site}} Median")),
                    (0.95, same("{{site}} 95 %")),
                )
            ),
            "s",
            NOTHING_YET,
            width=12,
            height=8,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Loss over time", "Verlust im Verlauf"),
            Text(
                "Share of unanswered pings to each router. Good: below 1 %.",
                "Anteil der Pings zu jedem Router, auf die nichts kommt. Gut: unter 1 %.",
            ),
            (Query(LOSS, same("{{site}}")),),
            "percentunit",
            NOTHING_YET,
            width=12,
            height=8,
            steps=LOSS_STEPS,
            by_value=True,
        ),
    ),
)

DEVICES: Final = Row(
    Text("Switches here", "Switches hier"),
    (
        Panel(
            Kind.TABLE,
            Text("Switches, dead ones first", "Switches, tote zuerst"),
            Text(
                "Every switch: verdict and since when, model, uptime, address. Its name links to "
                "its dashboard.",
                "Jeder Switch: Urteil und seit wann, was er ist, wie lange er läuft, wo er "
                "antwortet. Sein Name führt zu seiner Tafel.",
            ),
            (
                _table(or_silent(_switch_verdicts(), "device")),
                _table(
                    f"max by ({_SWITCH}) (school_switch_state_since_timestamp_seconds{{{HERE}}})"
                    " * 1000"
                ),
                _table(
                    f"max by ({_SWITCH}) (sysUpTime{{{HERE}}}) / 100 and on ({_SWITCH}) "
                    f"max by ({_SWITCH}) (school_switch_state{{{HERE}}})"
                ),
                _table(f'max by ({_SWITCH}, host) (school_device_info{{{HERE}, role="switch"}})'),
                _table(
                    f"{_model(HERE)} and on ({_SWITCH}) "
                    f"max by ({_SWITCH}) (school_switch_state{{{HERE}}})"
                ),
            ),
            "none",
            NOT_KNOWN,
            width=24,
            height=12,
            columns=(
                Column("device", same("Switch"), values=(SILENT_ROW,), coloured=False),
                Column("site", same("site"), hidden=True),
                Column("place", _SITE_COLUMN.title, values=(MAIN_SITE,), coloured=False),
                Column("Value #A", Text("State", "Zustand"), values=VERDICTS, width=290),
                Column("Value #B", Text("Since", "Seit"), "since"),
                Column("Value #C", Text("Running for", "Läuft seit"), "duration"),
                Column("model", Text("Model", "Modell")),
                Column("host", Text("Address", "Adresse"), width=110),
            ),
            first_by=Text("State", "Zustand"),
            link=_TO_SWITCH,
        ),
    ),
)

OWED: Final = Row(
    Text("Contract and proof", "Vertrag und Nachweis"),
    (
        Panel(
            Kind.TABLE,
            Text("Whom to call, and about which line", "Wen man anruft, und zu welcher Leitung"),
            Text(
                "Provider, contract and router of each line. Telephone numbers are not in the "
                "metrics, but in the contract that the reference names.",
                "Anbieter, Vertrag und Router jeder Leitung. Telefonnummern stehen nicht in den "
                "Messwerten, sondern im Vertrag, den das Aktenzeichen nennt.",
            ),
            (
                _table(
                    f"label_replace(max by (site, provider, reference) "
                    f'(school_contract_info{{{HERE}}}), "reference", "{UNNAMED_CONTRACT.value}", '
                    '"reference", "")'
                ),
                _table(f"max by (site, lot, programme) (school_site_info{{{HERE}}})"),
                _table(f'max by (site, host) (school_device_info{{{HERE}, role="uplink"}})'),
                _table(
                    f"max by (site, model) ({_model(HERE)} and on ({_SWITCH}) "
                    f'school_device_info{{{HERE}, role="uplink"}})'
                ),
                _table(
                    f"max by (site) (sysUpTime{{{HERE}}} and on ({_SWITCH}) "
                    f'school_device_info{{{HERE}, role="uplink"}}) / 100'
                ),
            ),
            "none",
            NOT_KNOWN,
            width=24,
            height=6,
            columns=(
                Column("provider", Text("Provider", "Anbieter")),
                _SITE_COLUMN,
                Column(
                    "reference",
                    Text("Contract", "Vertrag"),
                    values=(UNNAMED_CONTRACT,),
                    coloured=False,
                ),
                Column("lot", Text("Lot", "Los")),
                Column("programme", Text("Programme", "Förderprogramm")),
                Column("host", Text("Router", "Router")),
                Column("model", Text("Its model", "Sein Modell")),
                Column("Value #E", Text("Running for", "Läuft seit"), "duration"),
            ),
        ),
        Panel(
            Kind.TABLE,
            Text("Contracted and measured rates", "Was geschuldet ist, und was gemessen ist"),
            Text(
                "The contracted rates, the stage of each site by evidence, and the last measuring "
                "campaign with its medians, down (↓) and up (↑). Good: passed, at 90 % of the "
                "contracted rate or more.",
                "Die vertraglichen Raten, die Stufe jedes Standorts nach Nachweis, und die letzte "
                "Messkampagne mit ihren Medianen, Download (↓) und Upload (↑). Gut: bestanden, ab "
                "90 % der vertraglichen Rate.",
            ),
            (
                _table(stage_code(HERE, "site")),
                _table(campaign_code(HERE, "site")),
                _table(f"max by (site) (school_contract_down_bits_per_second{{{HERE}}})"),
                _table(_median("down")),
                _table(f"max by (site) (school_contract_up_bits_per_second{{{HERE}}})"),
                _table(_median("up")),
                _table(f"max by (site) (school_contract_availability_ratio{{{HERE}}})"),
            ),
            "none",
            NOT_KNOWN,
            width=24,
            height=6,
            columns=(
                _SITE_COLUMN,
                Column("Value #A", Text("Stage", "Stufe"), values=STAGES),
                Column("Value #B", Text("Last campaign", "Letzte Kampagne"), values=CAMPAIGNS),
                Column("Value #C", Text("Owed ↓", "Soll ↓"), "bps"),
                Column("Value #D", Text("Measured ↓", "Ist ↓"), "bps"),
                Column("Value #E", Text("Owed ↑", "Soll ↑"), "bps"),
                Column("Value #F", Text("Measured ↑", "Ist ↑"), "bps"),
                Column("Value #G", Text("Availability owed", "Verfügbarkeit Soll"), "percentunit"),
            ),
        ),
    ),
)
