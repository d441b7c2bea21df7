"""What is wrong at this school: one school, for the engineer who was called.

The first row gives the verdict on each of its lines with cause and begin, the second the checks
and findings behind it, `school_detail` the rest.
"""

from __future__ import annotations

from typing import Final

from dashboards import degraded
from dashboards.as_of import as_of
from dashboards.codes import (
    MAIN_SITE,
    NOT_KNOWN,
    REASONS,
    RESULTS,
    UNREAD,
    result_code,
    verdict_sentences,
)
from dashboards.panel import (
    Board,
    Colour,
    Column,
    Kind,
    Panel,
    Query,
    Row,
    Value,
)
from dashboards.school_detail import DEVICES, HERE, LINE, LOSS, LOSS_STEPS, OWED, SCHOOL_HERE
from dashboards.sentence import (
    BAD,
    GOOD,
    NOTHING,
    SENTENCE_STEPS,
    UNKNOWN,
    numbered,
    sentence,
    sentences_of_nothing,
)
from dashboards.shared import (
    CAMPAIGNS,
    MAINTENANCE,
    NONE,
    NOTHING_YET,
    OUTAGES,
    RELOADS,
    SCHOOL,
    SILENT,
    SILENT_ROW,
    SITES,
    STATE_SEEN_SINCE,
    STATES,
    UNREAD_ROW,
    WHEN_SILENT,
    not_up_throughout,
    or_silent,
    or_unread,
    state_code,
    while_alive,
    words,
)
from monitor.words import terms
from monitor.words.text import Text, same

SITE_HERE: Final = Column(
    "site", Text("Site", "Standort"), values=(MAIN_SITE,), coloured=False, width=130
)
_CHECK: Final = "site, device, check"
_SWITCH: Final = "site, device"
_FINDINGS: Final = f"max by (site, finding) (school_uplink_finding{{{HERE}}})"
# A line whose router is not read has no findings, which is not the same as none.
_FOUND: Final = (
    f"{_FINDINGS} == 1 or label_replace(max by (site) (school_uplink_state{{{HERE}}}) "
    f'unless on (site) {_FINDINGS}, "finding", "{UNREAD.value}", "", "")'
)
_BEGAN: Final = f"max by (site) (school_uplink_state_since_timestamp_seconds{{{HERE}}})"
_NOT_UP: Final = f'max by (site) (school_uplink_state{{{HERE}, state="up"}}) == 0'
_SINCE: Final = f"({_BEGAN} and on (site) {_NOT_UP} or on () max({_BEGAN})) * 1000"


_DEVICE: Final = Column(
    "device", Text("Device", "Gerät"), values=(SILENT_ROW, UNREAD_ROW), coloured=False, width=160
)


_SWITCHES: Final = f"count(max by (site, device) (school_switch_state{{{HERE}}}))"
_READ: Final = f"max(school_uplink_state{{{HERE}}})"
_JUDGED: Final = f'max(school_uplink_state{{{HERE}, state=~"up|down"}}) == 1'


def _switches(state: str) -> str:
    return f'sum(max by (site, device) (school_switch_state{{{HERE}, state="{state}"}}))'


# Its rate would outlast the last answer of the monitor about this school by its window.
_LOSS_NOW: Final = f"max({LOSS} and on (site) school_uplink_state{{{HERE}}})"


_BEHIND: Final = (
    f'count(max by (site, device) (school_switch_cause_info{{{HERE}, cause="behind_uplink"}}) == 1)'
)
_DEAD: Final = f"{_switches('down')} > 0"
_LOST: Final = f"{_switches('unknown')} > 0"
_OF: Final = Text("{{number}} of {{whole}}", "{{number}} von {{whole}}")
# No dead one while some are unknown is no good news.
_SWITCHES_SAID: Final = (
    sentence(numbered(whole=_SWITCHES, number=_DEAD), BAD, _OF),
    sentence(
        f"{numbered(number=_BEHIND)} unless on () ({_DEAD})",
        UNKNOWN,
        Text("{{number}} behind dead line", "{{number}} hinter toter Leitung"),
    ),
    sentence(
        f"{numbered(whole=_SWITCHES, number=_LOST)} unless on () ({_DEAD} or {_BEHIND})",
        UNKNOWN,
        Text("{{number}} of {{whole}} unknown", "{{number}} von {{whole}} unbekannt"),
    ),
    sentence(
        f"{numbered(whole=_SWITCHES, number=_switches('down'))} unless on () ({_DEAD} or {_LOST})",
        GOOD,
        _OF,
    ),
    sentence(
        f"{_READ} unless on () {_SWITCHES}", NOTHING, Text("none listed", "keine eingetragen")
    ),
    *sentences_of_nothing(f"{_READ} or {_SWITCHES}", NOTHING_YET),
)

ANSWER: Final = Row(
    Text("What is wrong here?", "Was stimmt hier nicht?"),
    (
        Panel(
            Kind.STAT,
            Text("Line", "Leitung"),
            Text(
                "Verdict on each site's line, with its cause. Good: online.",
                "Urteil über die Leitung jedes Standorts, mit Grund. Gut: online.",
            ),
            verdict_sentences("uplink", HERE, "school, site", "{{place}}"),
            "none",
            NOTHING_YET,
            width=20,
            height=4,
            steps=SENTENCE_STEPS,
            in_words=True,
        ),
        as_of(4, 4),
        Panel(
            Kind.STAT,
            STATE_SEEN_SINCE,
            Text(
                "Since when each line has not been up, or since when all have been up.",
                "Seit wann jede Leitung, die nicht online ist, es nicht ist; seit wann alle es "
                "sind, wo alle es sind. Nicht von vor dem Start des Monitors.",
            ),
            (Query(_SINCE, same("{{site}}"), instant=True),),
            "since",
            NOTHING_YET,
            width=6,
            height=4,
            names_one=False,
        ),
        Panel(
            Kind.STAT,
            Text("Loss", "Verlust"),
            Text(
                "Share of unanswered pings in the last minutes, for the line with the highest "
                "loss. Good: below 1 %.",
                "Anteil der Pings der letzten Minuten, auf die nichts kommt, an der Leitung, die "
                "am meisten verliert. Gut: unter 1 %.",
            ),
            (Query(while_alive(_LOSS_NOW), Text("lost", "verloren"), instant=True),),
            "percentunit",
            NOTHING_YET,
            width=6,
            height=4,
            steps=LOSS_STEPS,
            decimals=0,
        ),
        Panel(
            Kind.STAT,
            Text("Switches down", "Tote Switches"),
            Text(
                "Switches that are down while the line is up, of all; while the line is down they "
                "are unknown. Good: 0.",
                "Tote Switches hinter lebender Leitung, von allen; hinter einer toten sind sie "
                "unbekannt. Gut: 0.",
            ),
            _SWITCHES_SAID,
            "none",
            NOTHING_YET,
            width=6,
            height=4,
            steps=SENTENCE_STEPS,
            in_words=True,
        ),
        Panel(
            Kind.STAT,
            Text("Lessons", "Unterricht"),
            Text(
                "Whether lessons are in progress, and whether announced work is under way.",
                "Ob gerade Unterricht ist, denn dann tut ein Ausfall weh, und ob angekündigte "
                "Arbeiten laufen.",
            ),
            (
                Query(
                    f"max(school_in_lessons{{{SCHOOL_HERE}}})"
                    f" + 2 * max(school_maintenance{{{SCHOOL_HERE}}})",
                    Text("lessons", "Unterricht"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=6,
            height=4,
            values=(
                Value(0, Text("none now", "gerade keiner"), Colour.PLAIN),
                Value(1, Text("NOW", "JETZT"), Colour.CARE),
                Value(2, Text("none, maintenance", "keiner, Wartung"), Colour.CARE),
                Value(3, Text("NOW, and maintenance", "JETZT, und Wartung"), Colour.CARE),
            ),
        ),
    ),
)


WHY: Final = Row(
    Text("Why", "Warum"),
    (
        Panel(
            Kind.TABLE,
            Text("Every check, failed ones first", "Jede Prüfung, Fehlgeschlagenes zuerst"),
            Text(
                "How the last run of each check ended, and why. Good: ok.",
                "Wie der letzte Lauf jeder Prüfung endete, und warum. Gut: ok.",
            ),
            (
                Query(or_silent(result_code(HERE), "device"), same(""), instant=True),
                Query(
                    f"max by ({_CHECK}) (probe_last_run_timestamp_seconds{{{HERE}}}) * 1000",
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NOT_KNOWN,
            width=24,
            height=10,
            columns=(
                _DEVICE,
                SITE_HERE,
                Column(
                    "check",
                    Text("Check", "Prüfung"),
                    values=words(terms.CHECKS, {}),
                    coloured=False,
                ),
                Column("Value #A", Text("Result", "Ergebnis"), values=RESULTS, width=110),
                Column("reason", Text("Reason", "Grund"), values=REASONS, coloured=False),
                Column("Value #B", Text("Last run", "Zuletzt"), "since"),
            ),
            first_by=Text("Result", "Ergebnis"),
        ),
        Panel(
            Kind.TABLE,
            Text("Degraded lines and switches", "Was antwortet und gestört ist"),
            Text(
                "Why the line or a switch is degraded, and since when, the line first. Switches "
                "that lose packets behind a line that does are counted in its row. "
                "docs/verdicts.md lists the limits. Good: none.",
                "Warum die Leitung oder ein Switch gestört ist, und seit wann, die Leitung zuerst. "
                "Switches, die hinter einer verlustreichen Leitung Pakete verlieren, zählt deren "
                "Zeile. Die Grenzen stehen in docs/verdicts.md. Gut: keine.",
            ),
            (
                Query(or_unread(degraded.is_line(HERE), _JUDGED, "device"), same(""), instant=True),
                Query(degraded.since(HERE), same(""), instant=True),
                Query(degraded.behind(HERE), same(""), instant=True),
            ),
            "none",
            NONE,
            width=24,
            height=6,
            columns=(
                _DEVICE,
                SITE_HERE,
                degraded.KIND,
                degraded.REASON,
                degraded.BEHIND,
                degraded.CHECK,
                degraded.PART,
                Column("school", same("school"), hidden=True),
                degraded.SINCE,
            ),
            first_by=degraded.KIND.title,
            then_by=degraded.SINCE.title,
        ),
        Panel(
            Kind.TABLE,
            Text("Findings at the line", "Befunde an der Leitung"),
            Text(
                "Problems at the interface of the line's router. Good: none.",
                "Befunde an der Schnittstelle des Routers zur Leitung. Gut: keine.",
            ),
            (Query(or_unread(_FOUND, _READ, "finding"), same(""), instant=True),),
            "none",
            NONE,
            width=10,
            height=8,
            columns=(
                Column(
                    "finding",
                    Text("Finding", "Befund"),
                    values=(
                        SILENT_ROW,
                        UNREAD_ROW,
                        UNREAD,
                        *words(terms.FINDINGS, {}, Colour.CARE),
                    ),
                ),
                SITE_HERE,
            ),
        ),
        Panel(
            Kind.STATE_TIMELINE,
            Text(
                "The line, and switches not up throughout",
                "Die Leitung, und nicht durchgehend erreichbare Switches",
            ),
            Text(
                "States over time: each line, and the twelve worst switches. Switches that are "
                "not shown were up throughout. Switches are unknown while the line is down.",
                "Zustände über die Zeit: jede Leitung, und die zwölf schlechtesten Switches. Ein "
                "Switch, der fehlt, war durchgehend online. Unbekannt, solange die Leitung "
                "tot ist.",
            ),
            (
                Query(
                    state_code("school_uplink_state", HERE, "site"),
                    Text("{{site}}: line", "{{site}}: Leitung"),
                ),
                Query(
                    f"({state_code('school_switch_state', HERE, _SWITCH)}) and on ({_SWITCH}) "
                    f"{not_up_throughout('school_switch_state', HERE, _SWITCH)}",
                    same("{{site}}: {{device}}"),
                ),
                WHEN_SILENT,
            ),
            "none",
            NOTHING_YET,
            width=14,
            height=8,
            values=(*STATES, SILENT),
        ),
    ),
)

BOARD: Final = Board(
    "schulnetz-school",
    Text("What is wrong at this school?", "Was ist an dieser Schule los?"),
    Text("One school: verdicts, line, devices.", "Eine Schule: Urteile, Leitung, Geräte."),
    (ANSWER, WHY, LINE, DEVICES, OWED),
    choices=(SCHOOL, SITES),
    marks=(OUTAGES, MAINTENANCE, CAMPAIGNS, RELOADS),
)
