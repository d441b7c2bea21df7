"""Names for the values of labels: one table for each set of values that people see.

The keys are the values in metrics, the API and the ledger. `tests/test_words.py` compares each
table with its set.

Must not know: the sets themselves, or how they are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.words.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

STATES: Final[Mapping[str, Text]] = {
    "up": Text("online", "online"),
    "down": Text("down", "Ausfall"),
    "unknown": Text("unknown", "unbekannt"),
}

NO_CONTRACT: Final = Text(
    "no contract: availability is measured, not judged",
    "kein Vertrag: Die Verfügbarkeit wird gemessen, nicht beurteilt",
)

TROUBLES: Final[Mapping[str, Text]] = {
    "packet_loss": Text("packet loss", "Paketverlust"),
    "flapping": Text("flapping", "instabil"),
    "service": Text("a service fails", "Dienst gestört"),
    "snmp": Text("SNMP cannot be read", "SNMP nicht lesbar"),
    "line_full": Text("line is full", "Leitung ausgelastet"),
    "line_errors": Text("packets with errors", "fehlerhafte Pakete"),
    "slower_than_contract": Text("slower than contracted", "langsamer als vereinbart"),
    "hardware": Text("hardware failure", "Hardware defekt"),
    "temperature": Text("too hot", "zu heiß"),
}

DEGRADED: Final = Text("degraded", "gestört")

STAGES: Final[Mapping[str, Text]] = {
    "unknown": Text("unknown", "unbekannt"),
    "planned": Text("planned", "geplant"),
    "ordered": Text("ordered", "beauftragt"),
    "built": Text("built", "gebaut"),
    "reported": Text("reported ready", "als fertig gemeldet"),
    "live": Text("live, not verified", "in Betrieb, nicht nachgewiesen"),
    "verified": Text("verified", "nachgewiesen"),
    "live_stale": Text("live, proof expired", "in Betrieb, Nachweis abgelaufen"),
    "regressed": Text("regressed", "Nachweis verloren"),
}

OUTLOOKS: Final[Mapping[str, Text]] = {
    "reached": Text("reached", "erreicht"),
    "built": Text("built, not all measured", "gebaut, nicht alle gemessen"),
    "expected": Text("under way", "im Gange"),
    "no goal": Text("no goal", "kein Ziel"),
    "unreachable": Text("cannot be reached", "nicht erreichbar"),
    "too little evidence": Text("too little evidence", "zu wenige Belege"),
    "stalled": Text("standing still", "Stillstand"),
    "no end in sight": Text("no end in sight", "kein Ende abzusehen"),
}

# A school without known lessons counts as outside of lessons.
NO_LESSONS_KNOWN: Final = Text("no lessons known", "kein Unterricht bekannt")

CAUSES: Final[Mapping[str, Text]] = {
    "answers": Text("answers", "antwortet"),
    "no_answer": Text("no answer", "keine Antwort"),
    "provider_outage": Text("outage of the provider", "Ausfall beim Anbieter"),
    "starting": Text("the monitor is starting", "Monitor startet"),
    "no_data": Text("no measurements", "keine Messwerte"),
    "unproven": Text("failing, not confirmed yet", "gestört, noch nicht bestätigt"),
    "behind_uplink": Text("uplink is down", "hinter totem Anschluss"),
    "isolated": Text("the monitor is isolated", "Monitor isoliert"),
    "common_outage": Text("all providers at once", "alle Anbieter zugleich"),
}

REASONS: Final[Mapping[str, Text]] = {
    "none": Text("none", "keiner"),
    "timeout": Text("no answer in time", "keine Antwort in der Zeit"),
    "loss": Text("packets lost", "Pakete verloren"),
    "unreachable": Text("unreachable", "nicht erreichbar"),
    "refused": Text("connection refused", "Verbindung abgelehnt"),
    "reset": Text("connection reset", "Verbindung abgebrochen"),
    "resolve": Text("name not resolved", "Name nicht auflösbar"),
    "authentication": Text("authentication failed", "Anmeldung fehlgeschlagen"),
    "malformed": Text("malformed reply", "fehlerhafte Antwort"),
    "not_increasing": Text("walk does not advance", "SNMP-Walk kommt nicht voran"),
    "limit": Text("over a limit", "Grenze überschritten"),
    "agent_error": Text("SNMP error from the device", "SNMP-Fehler des Geräts"),
    "tls": Text("TLS failed", "TLS fehlgeschlagen"),
    "certificate": Text("bad certificate", "Zertifikat ungültig"),
    "status": Text("unexpected HTTP status", "unerwarteter HTTP-Status"),
    "body": Text("unexpected content", "unerwarteter Inhalt"),
    "redirects": Text("bad redirect", "fehlerhafte Weiterleitung"),
    "rcode": Text("DNS error", "DNS-Fehler"),
    "answer": Text("unexpected answer", "unerwartete Antwort"),
    "busy": Text("device busy", "Gerät beschäftigt"),
    "not_run": Text("not run", "nicht ausgeführt"),
    "no_socket": Text("no socket", "kein Socket"),
    "clock_step": Text("clock was set", "Uhr wurde gestellt"),
    "credential": Text("credential missing", "Zugangsdaten fehlen"),
    "tool": Text("tool failed", "Werkzeug fehlgeschlagen"),
    "bug": Text("bug in the monitor", "Fehler im Monitor"),
}

OUTCOMES: Final[Mapping[str, Text]] = {
    "ok": Text("ok", "in Ordnung"),
    "failed": Text("failed", "fehlgeschlagen"),
    "unknown": Text("unknown", "unbekannt"),
}

FINDINGS: Final[Mapping[str, Text]] = {
    "slower_than_contract": Text("slower than contracted", "langsamer als vereinbart"),
    "errors": Text("packets with errors", "fehlerhafte Pakete"),
    "discards": Text("packets dropped", "verworfene Pakete"),
    "saturated": Text("line is full", "Leitung ausgelastet"),
    "interface_down": Text("interface is down", "Schnittstelle ist aus"),
    "interface_not_found": Text("interface not found", "Schnittstelle nicht gefunden"),
    "interface_ambiguous": Text("interface ambiguous", "Schnittstelle nicht eindeutig"),
}

GAPS: Final[Mapping[str, Text]] = {
    "not_configured": Text("no interface is configured", "keine Schnittstelle eingestellt"),
    "not_found": Text("no interface of that name", "keine Schnittstelle dieses Namens"),
    "ambiguous": Text("several interfaces of that name", "mehrere Schnittstellen dieses Namens"),
    "no_uptime": Text("no sysUpTime", "kein sysUpTime"),
    "no_counters": Text("no octet counters", "keine Oktettzähler"),
    "first_poll": Text("first poll", "erste Abfrage"),
    "too_soon": Text("polled too soon", "zu früh abgefragt"),
    "too_long": Text("last poll too long ago", "letzte Abfrage zu lange her"),
    "other_device": Text("another device answered", "ein anderes Gerät antwortet"),
    "renumbered": Text("interface renumbered", "Schnittstelle neu nummeriert"),
    "restarted": Text("device restarted", "Gerät neu gestartet"),
    "uptime_stands_still": Text("sysUpTime does not advance", "sysUpTime steht still"),
    "clocks_disagree": Text("clocks disagree", "Uhren laufen auseinander"),
    "counters_reset": Text("counters were reset", "Zähler zurückgesetzt"),
    "wrap_uncertain": Text("32-bit counter may have wrapped", "32-Bit-Zähler evtl. übergelaufen"),
    "implausible": Text("implausible counters", "Zähler unplausibel"),
}

DAYS: Final[Mapping[str, Text]] = {
    "school_day": Text("school day", "Schultag"),
    "weekend": Text("weekend", "Wochenende"),
    "public_holiday": Text("public holiday", "Feiertag"),
    "school_holiday": Text("school holidays", "Schulferien"),
    "unknown": Text("unknown", "unbekannt"),
}

CAMPAIGNS: Final[Mapping[str, Text]] = {
    "passed": Text("passed", "bestanden"),
    "failed": Text("failed", "nicht bestanden"),
    "incomplete": Text("incomplete", "unvollständig"),
}

MINUTES: Final[Mapping[str, Text]] = {
    "up": Text("online", "online"),
    "down": Text("down", "Ausfall"),
    "unknown": Text("unknown", "unbekannt"),
    "maintenance": Text("maintenance", "Wartung"),
    "outside": Text("outside the contract", "außerhalb des Vertrags"),
}

CHECKS: Final[Mapping[str, Text]] = {
    "icmp": Text("ping", "Ping"),
    "interfaces": Text("SNMP interfaces", "SNMP-Schnittstellen"),
    "hardware": Text("SNMP hardware", "SNMP-Hardware"),
    "tcp": Text("TCP connection", "TCP-Verbindung"),
    "http": Text("HTTP request", "HTTP-Abruf"),
    "dns": Text("DNS query", "DNS-Abfrage"),
}

ROLES: Final[Mapping[str, Text]] = {
    "uplink": Text("uplink router", "Router am Anschluss"),
    "switch": Text("switch", "Switch"),
    "reference": Text("reference target", "Referenzziel"),
}

UNITS: Final[Mapping[str, Text]] = {
    "schools": Text("schools", "Schulen"),
    "sites": Text("sites", "Standorte"),
}

DIRECTIONS: Final[Mapping[str, Text]] = {
    "down": Text("down", "Download"),
    "up": Text("up", "Upload"),
}

# What an excuse made of minutes, by the label `into`.
RECLASSIFIED: Final[Mapping[str, Text]] = {
    "excused": Text("excused", "entschuldigt"),
    "down": Text("counted as down", "als Ausfall gezählt"),
}

# Why a datagram was discarded: its protocol, and the reason.
DROPS: Final[Mapping[str, Text]] = {
    "icmp unknown_sequence": Text("ping: late or not asked for", "Ping: zu spät oder ungefragt"),
    "icmp wrong_address": Text("ping: from another address", "Ping: von anderer Adresse"),
    "icmp wrong_cookie": Text("ping: forged", "Ping: gefälscht"),
    "icmp malformed": Text("ping: malformed", "Ping: fehlerhaft"),
    "snmp unknown_request": Text("SNMP: late or not asked for", "SNMP: zu spät oder ungefragt"),
    "snmp wrong_source": Text("SNMP: from another address", "SNMP: von anderer Adresse"),
    "snmp wrong_community": Text("SNMP: wrong community", "SNMP: falsche Community"),
    "snmp malformed": Text("SNMP: malformed", "SNMP: fehlerhaft"),
    "snmp too_large": Text("SNMP: too large", "SNMP: zu groß"),
    "snmp icmp_error": Text("SNMP: ICMP error", "SNMP: ICMP-Fehler"),
    "snmp send_buffer": Text("SNMP: send buffer full", "SNMP: Sendepuffer voll"),
    "snmp flood": Text("SNMP: flood", "SNMP: Flut"),
    "snmp wrong_engine": Text("SNMP: another engine", "SNMP: andere Engine"),
    "snmp wrong_user": Text("SNMP: wrong user", "SNMP: falscher Benutzer"),
    "snmp wrong_level": Text("SNMP: wrong security level", "SNMP: falsche Sicherheitsstufe"),
    "snmp wrong_digest": Text("SNMP: wrong signature", "SNMP: falsche Signatur"),
    "snmp wrong_context": Text("SNMP: wrong context", "SNMP: falscher Kontext"),
    "snmp not_in_time_window": Text("SNMP: too old", "SNMP: zu alt"),
    "snmp not_decrypted": Text("SNMP: not decrypted", "SNMP: nicht entschlüsselbar"),
    "trap source": Text("trap: unknown sender", "Trap: unbekannter Absender"),
    "trap rate": Text("trap: too many", "Trap: zu viele"),
    "trap refused": Text("trap: refused", "Trap: zurückgewiesen"),
    "trap unread": Text("trap: not read in time", "Trap: nicht rechtzeitig gelesen"),
}

# Why the web server refused a client.
REFUSALS: Final[Mapping[str, Text]] = {
    "too_many_connections": Text("too many connections", "zu viele Verbindungen"),
    "no_file_descriptor": Text("no file descriptor free", "kein Dateideskriptor frei"),
    "tls_handshake": Text("TLS handshake failed", "TLS-Aushandlung gescheitert"),
    "slow_request": Text("request too slow", "Anfrage zu langsam"),
    "unread_answer": Text("answer not read", "Antwort nicht abgenommen"),
    "malformed_request": Text("malformed request", "fehlerhafte Anfrage"),
    "host_name": Text("another host name", "fremder Rechnername"),
    "certificate": Text("no valid certificate", "kein gültiges Zertifikat"),
    "wrong_login": Text("wrong login", "falsche Anmeldung"),
    "too_many_logins": Text("too many logins", "zu viele Anmeldungen"),
    "too_many_readers": Text("too many readers", "zu viele Leser"),
}
