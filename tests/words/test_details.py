"""German pages say what the English ones say of a finding, in the words of the real sentences."""

from __future__ import annotations

import ast
import re
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.campaigns.evidence import Judged
from monitor.campaigns.rules import evaluate
from monitor.rollout.stage import stage_of
from monitor.words.detail_sentences import FIGURES, INSTANTS, PLACES, SENTENCES
from monitor.words.details import in_german
from tests.campaigns.evidence import START, ZONE, failing, passing
from tests.verdict.test_remembered import FAULTS, broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.verdict import Subject, Trouble

PACKAGE = Path(__file__).parents[2] / "monitor"
# Where the sentences on verdicts, degradations, stages and failed checks are written.
SPEAKERS = (
    *(PACKAGE / "verdict").glob("*.py"),
    *(PACKAGE / "rollout" / f"{name}.py" for name in ("stage", "line", "line_watch", "board")),
    *(PACKAGE / "probes").rglob("*.py"),
    *(PACKAGE / "snmp" / f"{name}.py" for name in ("client", "endpoint", "walk", "usm_reports")),
)
# Calls that say why, and variables that are given to them.
WHY = {"ProbeError", "Failure", "ResolveError", "Verdict", "_unknown", "observed", "Line", "fail"}
SAID = {"said", "detail", "words", "why", "late", "sentence", "text", "message", "complaint"}


def rendered(node: ast.expr) -> Iterator[str]:
    """Yield the sentences that an expression makes, with a number in each field."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values
        )
    elif isinstance(node, ast.IfExp):
        yield from rendered(node.body)
        yield from rendered(node.orelse)


def said_in(file: Path) -> Iterator[str]:
    """Yield the sentences of a file that explain something."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        found: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            found = list(node.args) if name in WHY else []
        elif isinstance(node, ast.Assign):
            names = {one.id for one in node.targets if isinstance(one, ast.Name)}
            found = [node.value] if names & SAID else []
        for one in found:
            yield from (text for text in rendered(one) if " " in text)


# Those composed of others; `COMPOSED` has them whole.
FRAMES = {
    "7 of 7 sites of 7 stopped answering together while 7 of 7 references answer; suspects: 7",
    ": 7",
    "not measured for 7 s7",
    "no answer, but 7",
    "7 of 7 packets lost in 7, limit 7",
    "7 at 7 of the contracted rate over 7, limit 7",
    "7 outages or more within 7",
    "7 (failed 7 times in a row)",
    "up in 7 of 7 minutes until 7, 7",
    "7 on 7 by 7; 7",
    "7, 7 days ago or more: measure again",
    "7; cannot be verified: the number of the school's classes is not configured",
    "7; 7",
    "no reply from 7 to 77",
    "7 of 7 packets to 7 lost7",
    "the 7 does not match the expected expression",
    "no answer from 7 in 7 s while 7",
    "7, reported by 7",
    "the certificate of 7 7",
    "7 cannot be reached: 7 unreachable",
    "no reply to 7 of 7 s",
    "a reply from 7, an address that was not queried; 7",
    "7: 77",
}
COMPOSED = {
    "80 of 99 sites of A, B stopped answering together while 3 of 3 references answer; suspects: "
    "our hub, or all providers (A, B)": "80 von 99 Standorten von A, B sind zugleich verstummt, "
    "während 3 von 3 Referenzzielen antworten; verdächtig: unser Netzknoten oder alle Anbieter "
    "(A, B)",
    "not measured for 30 s: no reply from 10.8.0.1 to 5 packets: host unreachable, reported by "
    "10.8.0.9": "seit 30 s nicht gemessen: keine Antwort von 10.8.0.1 auf 5 Pakete: Rechner nicht "
    "erreichbar, gemeldet von 10.8.0.9",
    "no answer, but the path to it is still to be proven": "keine Antwort, aber der Weg dorthin "
    "ist noch zu beweisen",
    "39.3 % of 135 packets lost in 2.6 min, limit 5 %": "39,3 % von 135 Paketen in 2,6 min "
    "verloren, Grenze 5 %",
    "up at 95 % of the contracted rate over 10 min, limit 90 %": "Upload bei 95 % der vereinbarten "
    "Rate über 10 min, Grenze 90 %",
    "3 outages or more within 60 min": "3 Ausfälle oder mehr in 60 min",
    "no reply to 2 tries of 2 s: ifDescr, ifName, ifSpeed and 8 more (failed 3 times in a row)": (
        "keine Antwort auf 2 Versuche von 2 s: ifDescr, ifName, ifSpeed und 8 weitere "
        "(3-mal in Folge)"
    ),
    "ICMP error: Connection refused; nothing listens on UDP 161: is SNMP on, is the port right?: "
    "ifName": "ICMP-Fehler: Verbindung abgelehnt; auf UDP 161 lauscht nichts: Ist SNMP an, stimmt "
    "der Port?: ifName",
    "no reply from 10.8.0.1 to 5 packets; interfaces: no reply to 1 try of 2.5 s": "keine Antwort "
    "von 10.8.0.1 auf 5 Pakete; SNMP-Schnittstellen: keine Antwort auf 1 Versuch von 2,5 s",
    "no reply from 10.8.0.1 to 5 packets; mail: 10.8.0.1 port 25 refuses connections": "keine "
    "Antwort von 10.8.0.1 auf 5 Pakete; mail: 10.8.0.1 Port 25 lehnt Verbindungen ab",
    "no reply from 10.8.0.1 to 1 packet: no route to host": "keine Antwort von 10.8.0.1 auf "
    "1 Paket: kein Weg zum Rechner",
    "dns: 10.8.0.53 port 53 refuses connections": "DNS-Abfrage: 10.8.0.53 Port 53 lehnt "
    "Verbindungen ab",
    "1 of 5 packets to 10.8.0.1 lost: no route to host": "1 von 5 Paketen an 10.8.0.1 verloren: "
    "kein Weg zum Rechner",
    "up in 1436 of 1440 minutes until 2026-11-29 11:00, seen as expected: sysName 'r1', address "
    "'10.8.0.1'": "1436 von 1440 Minuten online bis 29.11.2026 11:00, gesehen wie erwartet: "
    "sysName 'r1', Adresse '10.8.0.1'",
    "not live: up in 1436 and down in 0 of 1440 minutes, address is '10.8.0.1', expected "
    "'10.9.0.0/24'": "nicht in Betrieb: 1436 von 1440 Minuten online, 0 ausgefallen, die Adresse "
    "ist '10.8.0.1', erwartet '10.9.0.0/24'",
    "up in 1440 of 1440 minutes until 2026-11-29 10:00 UTC, seen as expected: sysName 'r1'": (
        "1440 von 1440 Minuten online bis 29.11.2026 10:00 UTC, gesehen wie erwartet: sysName 'r1'"
    ),
    "ordered on 2026-01-02 by contract 7; no 24 hours on the right line are proven yet; cannot be "
    "verified: the number of the school's classes is not configured": "beauftragt am 02.01.2026 "
    "laut contract 7; noch keine 24 Stunden auf der richtigen Leitung sind bewiesen; kein Nachweis "
    "möglich: die Zahl der Klassen ist nicht eingetragen",
    "campaign 7 passed on 2022-03-01 with 30 tests, 365 days ago or more: measure again": (
        "Kampagne 7 am 01.03.2022 mit 30 Messungen bestanden, vor 365 Tagen oder mehr: neu messen"
    ),
    "wan runs at 2.5 Gbit/s, the contract says 10 Gbit/s down and 1.25 Gbit/s up": (
        "wan läuft mit 2,5 Gbit/s, vereinbart sind 10 Gbit/s im Download und 1,25 Gbit/s im Upload"
    ),
    "the body does not match the expected expression": "der Inhalt passt nicht zum erwarteten "
    "Ausdruck",
    "no answer from 10.8.0.1 port 443 in 9.5 s while in the TLS handshake": "keine Antwort von "
    "10.8.0.1 Port 443 in 9,5 s bei der TLS-Aushandlung",
    "the certificate of x is for a different name": "das Zertifikat von x gilt für einen anderen "
    "Namen",
    "10.8.0.1 port 25 cannot be reached: host unreachable": "10.8.0.1 Port 25 ist nicht "
    "erreichbar: Rechner nicht erreichbar",
    "no usable reply: a malformed reply: it ends early": "keine brauchbare Antwort: eine "
    "fehlerhafte Antwort: it ends early",
}


@pytest.mark.parametrize("file", SPEAKERS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_sentence_of_the_program_has_its_german(file: Path) -> None:
    missing = {text for text in said_in(file) if text not in FRAMES and in_german(text) is None}
    assert missing == set(), "monitor/words/detail_sentences.py lacks them"


def test_the_sentences_of_the_program_are_found() -> None:
    found = {text for file in SPEAKERS for text in said_in(file)}
    assert found >= FRAMES, "the others are written nowhere any more"
    assert len(found - FRAMES) > 40


@pytest.mark.parametrize(("english", "german"), COMPOSED.items())
def test_composed_sentences_are_translated_part_by_part(english: str, german: str) -> None:
    assert in_german(english) == german


@pytest.mark.parametrize(("subject", "fault", "trouble"), FAULTS)
def test_every_degradation_has_its_german(
    subject: Subject, fault: dict[str, object], trouble: Trouble
) -> None:
    found = [one.detail for one in broken(**fault).found(subject) if one.trouble is trouble]
    assert found
    made_up = {"wan runs at 100 Mbit/s", "down 1 % of the packets"}
    for detail in set(found) - made_up:
        german = in_german(detail)
        assert german is not None, detail
        assert re.findall(r"\d+", german) == re.findall(r"\d+", detail)


def test_a_failed_campaign_has_its_german() -> None:
    begin = START + timedelta(days=30)
    campaigns = passing("c0"), failing("c1", begin)
    judged = [Judged(one.id, evaluate(one, ZONE)) for one in campaigns]
    why = stage_of([], [], judged, begin + timedelta(days=5), ZONE).why
    assert why.startswith(
        "campaign c1 failed: download: 90 % of 1,000 Mbit/s was reached on 0 of 3 "
    )
    rules = (
        "90 % von 1.000 Mbit/s wurden an 0 von 3 Tagen erreicht, geschuldet an zwei Dritteln davon",
        "die normale Rate 900 Mbit/s wurde in 0 von 30 Messungen erreicht, geschuldet in 90 %",
        "das Minimum 600 Mbit/s wurde an 3 Tagen unterschritten, erlaubt an einem",
    )
    down, up = (
        f"{way}: {rules[0]}; höchstens waren es 38 Mbit/s; {way}: {rules[1]}; {way}: {rules[2]}"
        for way in ("Download", "Upload")
    )
    assert in_german(why) == f"Kampagne c1 nicht bestanden: {down}; {up}; c0 war bestanden"
    busy = [replace(one, down_others_bps=1.25e6) for one in campaigns[1].measurements]
    (best, *_) = evaluate(replace(campaigns[1], measurements=tuple(busy)), ZONE).down_reasons
    assert in_german(best) == (
        "90 % von 1.000 Mbit/s wurden an 0 von 3 Tagen erreicht, geschuldet an zwei Dritteln "
        "davon; höchstens waren es 39,1955 Mbit/s, davon 1,19551 Mbit/s von anderen"
    )


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("fan 1.5 has failed", "der Lüfter 1.5 ist ausgefallen"),
        ("1.1 does not work", "1.1 arbeitet nicht"),
        ("power over Ethernet 1.24 is faulty", "die Stromabgabe (PoE) 1.24 ist gestört"),
        ("board port 3 has 81.5 °C, limit 70 °C", "board port 3 hat 81,5 °C, Grenze 70 °C"),
        ("planned on 2026-01-02 by 1.5", "geplant am 02.01.2026 laut 1.5"),
        ("2026-01-02 had passed", "2026-01-02 war bestanden"),
        ("seen as expected: 1.5", "gesehen wie erwartet: 1.5"),
        ("the answer is 1.5, not 2.5", "die Antwort ist 1.5, nicht 2.5"),
        ("version is 1.5, expected 1,000", "version ist 1.5, erwartet 1,000"),
    ],
)
def test_names_and_texts_of_devices_are_no_figures(english: str, german: str) -> None:
    assert in_german(english) == german


def test_every_kind_of_field_occurs() -> None:
    fields = {name for text in SENTENCES for name in re.findall(r"{(\w+)}", text)}
    assert fields >= FIGURES | INSTANTS | PLACES
    assert not FIGURES & (INSTANTS | PLACES)
    assert not INSTANTS & PLACES


def test_what_is_not_in_the_table_is_not_guessed() -> None:
    for text in ("", "the flux capacitor is empty", "a; b", "x: y", "no answer; quark", "a" * 900):
        assert in_german(text) is None


@pytest.mark.parametrize("english", SENTENCES)
def test_both_templates_have_the_same_fields(english: str) -> None:
    fields = re.compile(r"{(\w+)}")
    assert set(fields.findall(english)) == set(fields.findall(SENTENCES[english]))


@pytest.mark.parametrize(
    "hostile",
    [": ".join("a" * 166), "no usable reply: " * 30, "1 of 2 sites of " * 31, "x of " * 100],
)
def test_a_hostile_sentence_costs_little(hostile: str) -> None:
    begun = time.process_time()
    in_german(hostile[:500])
    in_german("; ".join([hostile[:500]] * 10))
    assert time.process_time() - begun < 2.0
