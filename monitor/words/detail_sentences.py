"""The sentences of probes and verdicts in both languages, as templates.

A field is text that is the same in both languages, unless its name is one of `FIGURES`, `INSTANTS`
or `PLACES`, or begins with `say`: then it is a sentence of this table. The more specific of two
templates comes first.
`tests/words/test_details.py` compares the table with the program's own sentences.

Must not know: how a sentence is looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Fields with figures of our own, which have a decimal comma in German.
FIGURES: Final = frozenset(
    (
        *("all", "celsius", "count", "days", "down", "limit", "lost", "minutes", "n", "others"),
        *("rate", "seconds", "share", "some", "unsent", "up"),
    )
)
# Fields with days and times, and with hosts and their ports.
INSTANTS: Final = frozenset(("day", "end", "instant"))
PLACES: Final = frozenset(("host", "place"))

_VERDICTS: Final[Mapping[str, str]] = {
    "no answer": "keine Antwort",
    "no full round yet": "noch keine vollständige Runde",
    "not measured for {n} s": "seit {n} s nicht gemessen",
    "its uplink is down": "die Leitung ist ausgefallen",
    "its uplink is back; no round since then": "die Leitung ist zurück; seither noch keine Runde",
    "no answer, and the path to it has not been proven since": (
        "keine Antwort, und der Weg dorthin ist seither nicht bewiesen"
    ),
    "no answer, but not yet for long enough": "keine Antwort, aber noch nicht lange genug",
    "no answer, but the path to it is still to be proven": (
        "keine Antwort, aber der Weg dorthin ist noch zu beweisen"
    ),
    "the monitor is isolated": "der Monitor ist isoliert",
    "no reference was measured": "kein Referenzziel wurde gemessen",
    "none of {n} references answers": "keines von {n} Referenzzielen antwortet",
    "all providers stopped answering together": "alle Anbieter sind zugleich verstummt",
    "{lost} of {all} sites stopped answering together, and {some} of {count} references answered "
    "since": (
        "{lost} von {all} Standorten sind zugleich verstummt, und seither haben {some} von {count} "
        "Referenzzielen geantwortet"
    ),
    "{lost} of {all} sites of {names} stopped answering together while {some} of {count} "
    "references answer": (
        "{lost} von {all} Standorten von {names} sind zugleich verstummt, während {some} von "
        "{count} Referenzzielen antworten"
    ),
    "{lost} of {all} sites stopped answering together while {some} of {count} references answer": (
        "{lost} von {all} Standorten sind zugleich verstummt, während {some} von {count} "
        "Referenzzielen antworten"
    ),
    "its hand-over router answers": "der Übergaberouter antwortet",
    "its hand-over router is silent, too": "auch der Übergaberouter schweigt",
    "chain {n} of writer {name}": "Kette {n} des Schreibers {name}",
    "suspects: our hub": "verdächtig: unser Netzknoten",
    "suspects: our hub, or all providers ({names})": (
        "verdächtig: unser Netzknoten oder alle Anbieter ({names})"
    ),
}
_DEGRADED: Final[Mapping[str, str]] = {
    "{say} (failed {n} times in a row)": "{say} ({n}-mal in Folge)",
    "{share} % of {n} packets lost in {minutes} min, limit {limit} %": (
        "{share} % von {n} Paketen in {minutes} min verloren, Grenze {limit} %"
    ),
    "down at {share} % of the contracted rate over {minutes} min, limit {limit} %": (
        "Download bei {share} % der vereinbarten Rate über {minutes} min, Grenze {limit} %"
    ),
    "up at {share} % of the contracted rate over {minutes} min, limit {limit} %": (
        "Upload bei {share} % der vereinbarten Rate über {minutes} min, Grenze {limit} %"
    ),
    "{n} outages or more within {minutes} min": "{n} Ausfälle oder mehr in {minutes} min",
    "fan has failed": "der Lüfter ist ausgefallen",
    "fan {name} has failed": "der Lüfter {name} ist ausgefallen",
    "power supply has failed": "das Netzteil ist ausgefallen",
    "power supply {name} has failed": "das Netzteil {name} ist ausgefallen",
    "power over Ethernet {name} is faulty": "die Stromabgabe (PoE) {name} ist gestört",
    "{name} does not work": "{name} arbeitet nicht",
    "the device has {celsius} °C, limit {limit} °C": (
        "das Gerät hat {celsius} °C, Grenze {limit} °C"
    ),
    "{name} has {celsius} °C, limit {limit} °C": "{name} hat {celsius} °C, Grenze {limit} °C",
    "{name} runs at {rate}, the contract says {down} down and {up} up": (
        "{name} läuft mit {rate}, vereinbart sind {down} im Download und {up} im Upload"
    ),
    "errors: {say}, {say_also}": "Fehler: {say}, {say_also}",
    "errors: {say}": "Fehler: {say}",
    "down {share} % of the packets ({rate} a second)": (
        "im Download {share} % der Pakete ({rate} je Sekunde)"
    ),
    "up {share} % of the packets ({rate} a second)": (
        "im Upload {share} % der Pakete ({rate} je Sekunde)"
    ),
}
_STAGES: Final[Mapping[str, str]] = {
    "nothing is known of this site": "über diesen Standort ist nichts bekannt",
    "no milestone is reached": "kein Meilenstein ist erreicht",
    "no 24 hours on the right line are proven yet": (
        "noch keine 24 Stunden auf der richtigen Leitung sind bewiesen"
    ),
    "planned on {day} by {reference}": "geplant am {day} laut {reference}",
    "ordered on {day} by {reference}": "beauftragt am {day} laut {reference}",
    "built on {day} by {reference}": "gebaut am {day} laut {reference}",
    "reported on {day} by {reference}": "als fertig gemeldet am {day} laut {reference}",
    "campaign {name} failed: {say}": "Kampagne {name} nicht bestanden: {say}",
    "campaign {name} failed": "Kampagne {name} nicht bestanden",
    "download: {say}": "Download: {say}",
    "upload: {say}": "Upload: {say}",
    # As older entries of the ledger have it.
    "down: {say}": "Download: {say}",
    "up: {say}": "Upload: {say}",
    "the minimum {rate} was undercut on {n} days, excused on one": (
        "das Minimum {rate} wurde an {n} Tagen unterschritten, erlaubt an einem"
    ),
    "90 % of {rate} was reached on {n} of {all} days, owed on two thirds of them": (
        "90 % von {rate} wurden an {n} von {all} Tagen erreicht, geschuldet an zwei Dritteln davon"
    ),
    "the best was {rate}, others' {others} included": (
        "höchstens waren es {rate}, davon {others} von anderen"
    ),
    "the best was {rate}": "höchstens waren es {rate}",
    "the normal rate {rate} was reached in {n} of {all} measurements, owed in 90 %": (
        "die normale Rate {rate} wurde in {n} von {all} Messungen erreicht, geschuldet in 90 %"
    ),
    "the minimum {rate} was undercut on {n} days, allowed on one": (
        "das Minimum {rate} wurde an {n} Tagen unterschritten, erlaubt an einem"
    ),
    "{name} had passed": "{name} war bestanden",
    "campaign {name} passed on {day} with {n} tests, {days} days ago or more: measure again": (
        "Kampagne {name} am {day} mit {n} Messungen bestanden, vor {days} Tagen oder "
        "mehr: neu messen"
    ),
    "campaign {name} passed on {day} with {n} tests": (
        "Kampagne {name} am {day} mit {n} Messungen bestanden"
    ),
    "not live: up in {up} and down in {down} of {n} minutes, {say}": (
        "nicht in Betrieb: {up} von {n} Minuten online, {down} ausgefallen, {say}"
    ),
    "up in {up} of {n} minutes until {end} UTC, {say}": (  # as older entries have it
        "{up} von {n} Minuten online bis {end} UTC, {say}"
    ),
    "up in {up} of {n} minutes until {end}, {say}": (
        "{up} von {n} Minuten online bis {end}, {say}"
    ),
    "nothing says which line is the right one: set `line` in the configuration": (
        "die Konfiguration sagt nicht, welche Leitung die richtige ist (`line`)"
    ),
    "seen as expected: address {address}": "gesehen wie erwartet: Adresse {address}",
    "seen as expected: {what}, address {address}": (
        "gesehen wie erwartet: {what}, Adresse {address}"
    ),
    "seen as expected: {what}": "gesehen wie erwartet: {what}",
    "address is {found}, expected {wanted}": "die Adresse ist {found}, erwartet {wanted}",
    "address was not seen, expected {text}": (
        "die Adresse wurde nicht gesehen, erwartet ist {text}"
    ),
    "{name} was not seen, expected {text}": "{name} wurde nicht gesehen, erwartet ist {text}",
    "the right line since {instant} UTC only": "erst seit {instant} UTC die richtige Leitung",
    "{names} of the line was not seen in the 24 hours": (
        "{names} der Leitung wurde in den 24 Stunden nicht gesehen"
    ),
    "cannot be verified: the number of the school's classes is not configured": (
        "kein Nachweis möglich: die Zahl der Klassen ist nicht eingetragen"
    ),
}
_PINGS: Final[Mapping[str, str]] = {
    "no reply from {host} to {n} packet": "keine Antwort von {host} auf {n} Paket",
    "no reply from {host} to {n} packets": "keine Antwort von {host} auf {n} Pakete",
    "{lost} of {n} packets to {host} lost": "{lost} von {n} Paketen an {host} verloren",
    "{host} answers": "{host} antwortet",
    "{n} reply with another payload than was sent": "{n} Antwort mit anderem Inhalt als gesendet",
    "{n} replies with another payload than was sent": (
        "{n} Antworten mit anderem Inhalt als gesendet"
    ),
    "the replies have only {n} octets of the payload": (
        "die Antworten haben nur {n} Oktette des Inhalts"
    ),
    "{unsent} of {n} packets could not be sent": (
        "{unsent} von {n} Paketen konnten nicht gesendet werden"
    ),
    "no time left for an echo request": "keine Zeit für ein Ping übrig",
    "nothing sent to {host}": "nichts an {host} gesendet",
    "the wall clock was set during the round; its times are discarded": (
        "die Uhr wurde während der Runde gestellt; deren Zeiten sind verworfen"
    ),
    "{say}, reported by {host}": "{say}, gemeldet von {host}",
    "network unreachable": "Netz nicht erreichbar",
    "host unreachable": "Rechner nicht erreichbar",
    "protocol unreachable": "Protokoll nicht erreichbar",
    "port unreachable": "Port nicht erreichbar",
    "packet too big": "Paket zu groß",
    "source route failed": "Quellroute gescheitert",
    "network unknown": "Netz unbekannt",
    "host unknown": "Rechner unbekannt",
    "network prohibited": "Netz gesperrt",
    "host prohibited": "Rechner gesperrt",
    "administratively prohibited": "durch Verwaltung gesperrt",
    "time to live exceeded": "Lebensdauer (TTL) überschritten",
    "hop limit exceeded": "Hop-Grenze überschritten",
    "reassembly time exceeded": "Zeit zum Zusammensetzen überschritten",
    "no route to host": "kein Weg zum Rechner",
    "beyond scope of source address": "außerhalb der Reichweite der Quelladresse",
    "source address failed policy": "Quelladresse nicht zugelassen",
    "route rejected": "Route abgelehnt",
    "ICMP error type {kind} code {code}": "ICMP-Fehler Typ {kind} Code {code}",
}
_SNMP: Final[Mapping[str, str]] = {
    "no reply": "keine Antwort",
    "no reply to {n} try of {seconds} s": "keine Antwort auf {n} Versuch von {seconds} s",
    "no reply to {n} tries of {seconds} s": "keine Antwort auf {n} Versuche von {seconds} s",
    "no usable reply": "keine brauchbare Antwort",
    "ICMP error": "ICMP-Fehler",
    "Connection refused": "Verbindung abgelehnt",
    "No route to host": "kein Weg zum Rechner",
    "Network is unreachable": "Netz nicht erreichbar",
    "nothing listens on UDP {port}: is SNMP on, is the port right?": (
        "auf UDP {port} lauscht nichts: Ist SNMP an, stimmt der Port?"
    ),
    "the agent answers, but shows no interfaces: may the credential read IF-MIB?": (
        "der Agent antwortet, zeigt aber keine Schnittstellen: Dürfen die Zugangsdaten "
        "IF-MIB lesen?"
    ),
    "a malformed reply": "eine fehlerhafte Antwort",
    "a reply of more than {n} octets": "eine Antwort von mehr als {n} Oktetten",
    "a reply with a different community": "eine Antwort mit anderer Community",
    "not a response of the requested version": "keine Antwort der angefragten Version",
    "a reply from {host}, an address that was not queried": (
        "eine Antwort von {host}, einer nicht gefragten Adresse"
    ),
    "if the device answers from that address, configure it as the device's host": (
        "antwortet das Gerät von dort, ist das seine Adresse in der Konfiguration"
    ),
    "more than {n} unsolicited datagrams in a second": (
        "mehr als {n} unverlangte Datagramme in einer Sekunde"
    ),
    "all are dropped for a minute": "eine Minute lang werden alle verworfen",
    "the client was closed": "der Monitor endet",
    "cannot send": "Senden nicht möglich",
    "no request was sent": "keine Anfrage gesendet",
    "no slot became free before the deadline": "bis zur Frist wurde kein Platz frei",
    "no end before the deadline": "kein Ende bis zur Frist",
    "no end after {n} requests": "kein Ende nach {n} Anfragen",
    "no end after {n} octets": "kein Ende nach {n} Oktetten",
    "no end after {n} rows": "kein Ende nach {n} Zeilen",
    "the agent's OIDs do not increase": "die OIDs des Agenten steigen nicht",
    "the agent's replies are empty": "die Antworten des Agenten sind leer",
    "the agent reports error {status}": "der Agent meldet Fehler {status}",
    "the agent does not know user {user}": "der Agent kennt den Benutzer {user} nicht",
    "the agent refuses the digest of user {user}": (
        "der Agent weist die Signatur des Benutzers {user} zurück"
    ),
    "wrong authentication password or protocol": "Passwort oder Verfahren der Anmeldung falsch",
    "the agent cannot decrypt what user {user} sends": (
        "der Agent kann nicht entschlüsseln, was Benutzer {user} sendet"
    ),
    "wrong privacy password or protocol": "Passwort oder Verfahren der Verschlüsselung falsch",
    "the agent does not allow user {user} the level {level}": (
        "der Agent erlaubt dem Benutzer {user} die Stufe {level} nicht"
    ),
    "the agent is reachable, but ignores our requests": (
        "der Agent ist erreichbar, beachtet unsere Anfragen aber nicht"
    ),
    "wrong privacy password or privacy protocol": (
        "Passwort oder Verfahren der Verschlüsselung falsch"
    ),
    "wrong privacy password or privacy protocol or context": (
        "Passwort oder Verfahren der Verschlüsselung oder Kontext falsch"
    ),
    "wrong context": "Kontext falsch",
    "the agent has no context {context}": "der Agent hat keinen Kontext {context}",
    "the agent keeps reporting an unknown engine ID or a time outside the window": (
        "der Agent meldet immer wieder eine unbekannte Engine-ID oder eine Zeit außerhalb "
        "des Fensters"
    ),
    "the agent's engine ID is {found}, not {wanted}": (
        "die Engine-ID des Agenten ist {found}, nicht {wanted}"
    ),
    "the agent reports {report}": "der Agent meldet {report}",
}
_SERVICES: Final[Mapping[str, str]] = {
    "connection refused": "Verbindung abgelehnt",
    "{place} refuses connections": "{place} lehnt Verbindungen ab",
    "{place} reset the connection": "{place} hat die Verbindung zurückgesetzt",
    "{place} cannot be reached: {say}": "{place} ist nicht erreichbar: {say}",
    "no answer from {place}: the kernel gave up": "keine Antwort von {place}: der Kernel gab auf",
    "no connection to {place}": "keine Verbindung zu {place}",
    "no answer for the name {name} in {seconds} s": (
        "keine Antwort zum Namen {name} in {seconds} s"
    ),
    "no answer for the name {name} in time": "keine rechtzeitige Antwort zum Namen {name}",
    "the name {name} does not resolve": "der Name {name} ist nicht auflösbar",
    "too many lookups are pending, {name} was not looked up": (
        "zu viele Namensabfragen stehen aus, {name} wurde nicht abgefragt"
    ),
    "no answer from {place} in {seconds} s while {say}": (
        "keine Antwort von {place} in {seconds} s {say}"
    ),
    "looking up the name": "bei der Namensabfrage",
    "connecting": "beim Verbinden",
    "in the TLS handshake": "bei der TLS-Aushandlung",
    "waiting for the response": "beim Warten auf die Antwort",
    "waiting for the reply": "beim Warten auf die Antwort",
    "checking": "bei der Prüfung",
    "the response of {place} did not end in {seconds} s": (
        "die Antwort von {place} endete nicht in {seconds} s"
    ),
    "no time was left before the deadline": "bis zur Frist war keine Zeit übrig",
    "the check cannot be run": "die Prüfung ist nicht möglich",
    "the answer is {found}, not {wanted}": "die Antwort ist {found}, nicht {wanted}",
    "the body does not match the expected expression": (
        "der Inhalt passt nicht zum erwarteten Ausdruck"
    ),
    "the first 1 MiB of the body does not match the expected expression": (
        "das erste MiB des Inhalts passt nicht zum erwarteten Ausdruck"
    ),
    "invalid HTTP response from {place}": "ungültige HTTP-Antwort von {place}",
    "no response was read": "keine Antwort gelesen",
    "more than {n} redirects": "mehr als {n} Weiterleitungen",
    "a redirect leads to {place}": "eine Weiterleitung führt zu {place}",
    "a redirect leads nowhere": "eine Weiterleitung führt ins Leere",
    "{place} sent more than {n} KiB of TLS records without any data": (
        "{place} hat mehr als {n} KiB an TLS-Sätzen ohne Daten gesendet"
    ),
    "{host} hung up during the TLS session": "{host} hat während der TLS-Sitzung aufgelegt",
    "TLS with {host} failed": "TLS mit {host} gescheitert",
    "the CA file {file} cannot be used": "die CA-Datei {file} ist nicht brauchbar",
    "the system's CA store cannot be used": "die CAs des Systems sind nicht lesbar",
    "the certificate of {host} is not valid yet": "das Zertifikat von {host} gilt noch nicht",
    "the certificate of {host} has expired, or another one in its chain has": (
        "das Zertifikat von {host} oder ein anderes seiner Kette ist abgelaufen"
    ),
    "the certificate of {host} is self-signed": "das Zertifikat von {host} ist selbst signiert",
    "the certificate of {host} leads to a root that is not trusted": (
        "das Zertifikat von {host} führt zu keiner vertrauenswürdigen Wurzel"
    ),
    "the certificate of {host} is not signed by a trusted authority, or an intermediate is "
    "missing": (
        "das Zertifikat von {host} ist von keiner vertrauenswürdigen Stelle signiert, oder ein "
        "Zwischenzertifikat fehlt"
    ),
    "the certificate of {host} is for a different name": (
        "das Zertifikat von {host} gilt für einen anderen Namen"
    ),
    "the certificate of {host} is for a different address": (
        "das Zertifikat von {host} gilt für eine andere Adresse"
    ),
    "the certificate of {host} is refused": "das Zertifikat von {host} wird abgelehnt",
    "{place} answers another question": "{place} beantwortet eine andere Frage",
    "{place} answers {rcode} for {question}": "{place} antwortet {rcode} auf {question}",
    "{place} closed before its reply": "{place} hat vor der Antwort aufgelegt",
    "{place} sent more than {n} other replies": (
        "{place} hat mehr als {n} andere Antworten gesendet"
    ),
    "the reply of {place} is over {n} KiB": "die Antwort von {place} hat mehr als {n} KiB",
    "the reply of {place} is over {n} bytes": "die Antwort von {place} hat mehr als {n} Byte",
    "the reply of {place} has more than {n} records": (
        "die Antwort von {place} hat mehr als {n} Einträge"
    ),
    "the reply of {place} is malformed": "die Antwort von {place} ist fehlerhaft",
    "{name} is {found}, expected {wanted}": "{name} ist {found}, erwartet {wanted}",
}

SENTENCES: Final[Mapping[str, str]] = {
    **_VERDICTS,
    **_DEGRADED,
    **_STAGES,
    **_PINGS,
    **_SNMP,
    **_SERVICES,
}
