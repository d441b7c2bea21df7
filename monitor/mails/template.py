"""The city's part of Alertmanager's mail templates: places, contracts, contacts, local time.

Alertmanager writes the mails, so they are sent even while the daemon is down. An alert's labels
name school and provider; these templates, which replace those of the same name in
`deploy/alertmanager/templates`, add the rest. So contacts are in no labels, annotations or metrics.

Texts of the configuration are actions of the template (`{{ "…" }}`), never its source: Go's
html/template escapes them in the HTML part, and none of them can be an instruction.

Must not know: where the file goes, or what else a mail says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.mails.clock_changes import clock_changes
from monitor.words import mails as words
from monitor.words.plain import as_json, plain
from monitor.words.text import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from monitor.config.contacts import Contacts, Person
    from monitor.inventory.city import Inventory, School, Site
    from monitor.words.text import Language

    Row = tuple[str, str]

MAX_LISTED: Final = 20
"""Most contract references of one provider in a mail."""

_HEAD: Final = """\
{{/* Written by `schulnetz contacts template`: do not edit. It holds personal data. */ -}}
"""
# Go's layouts; the words around them are in the language.
_LAYOUTS: Final[dict[Language, tuple[str, str]]] = {
    "en": ("2006-01-02 15:04", ""),
    "de": ("02.01.2006, 15:04", " Uhr"),
}
_NANOSECONDS: Final = 1_000_000_000


def template(inventory: Inventory, contacts: Contacts, now: datetime) -> str:
    """Return the template's text for a configuration and its contacts.

    `now` is the creation time: local times are right from a year before it until ten years after.
    """
    parts = [_HEAD]
    for language in LANGUAGES:
        parts += [
            _time(inventory, now, language),
            _places(inventory, contacts, language),
            _providers(inventory, contacts, language),
            _contracts(inventory, language),
            _definition(
                "city", language, _rows(_people(contacts.city.contacts, words.AT_CITY.of(language)))
            ),
        ]
    return "".join(parts)


def _definition(name: str, language: Language, body: str) -> str:
    return f'{{{{ define "schulnetz.{language}.{name}" -}}}}\n{body}{{{{- end }}}}\n'


def _literal(text: str) -> str:
    """Return a text as a string constant of Go."""
    return as_json(plain(text))


def _rows(rows: Iterable[Row]) -> str:
    return "".join(
        f'{{{{- {_literal(f"{name}: {value}")} }}}}{{{{ "\\n" -}}}}\n' for name, value in rows
    )


def _when(field: str, value: str, body: str) -> str:
    return f"{{{{- if eq {field} {_literal(value)} -}}}}\n{body}{{{{- end -}}}}\n"


def _time(inventory: Inventory, now: datetime, language: Language) -> str:
    """Return the action that writes an instant in the city's time zone, not the machine's."""
    layout, after = _LAYOUTS[language]
    body = ""
    for ends, offset in clock_changes(inventory.calendar.timezone, now):
        shifted = f"(.UTC.Add {offset * _NANOSECONDS}).Format {_literal(layout)}"
        body += f"{{{{- {'else ' if body else ''}if lt .Unix {ends} }}}}{{{{ {shifted} }}}}\n"
    return _definition("time", language, f"{body}{{{{- end }}}}{after}")


def _places(inventory: Inventory, contacts: Contacts, language: Language) -> str:
    body = ""
    for school in inventory.schools:
        rows = "{{- $known = true -}}\n" + _rows(_school(school, language))
        for site in school.sites:
            of_site = _rows(_site(school, site, contacts, language))
            single = len(school.sites) == 1
            rows += of_site if single else _when(".Labels.site", site.id, of_site)
        known = contacts.schools.get(school.id)
        if known is not None:
            rows += _rows(_people(known.contacts, words.AT_SCHOOL.of(language)))
        body += _when(".Labels.school", school.id, rows)
    other = f'{{{{ template "schulnetz.{language}.unknown_place" . }}}}'
    body += f"{{{{- if not $known }}}}{other}{{{{ end -}}}}\n"
    return _definition("place", language, "{{- $known := false -}}\n" + body)


def _school(school: School, language: Language) -> Iterator[Row]:
    number = f"{words.NUMBER.of(language)} {school.number}" if school.number else ""
    more = ", ".join(filter(None, (school.type, number)))
    yield words.SCHOOL.of(language), f"{school.name} ({more})" if more else school.name


def _site(school: School, site: Site, contacts: Contacts, language: Language) -> Iterator[Row]:
    known = contacts.schools.get(school.id)
    here = None if known is None else known.sites.get(site.id)
    if len(school.sites) > 1:
        yield words.SITE.of(language), site.id
    address = (here.address if here else "") or (known.address if known else "")
    if address:
        yield words.ADDRESS.of(language), address
    contract = site.uplink.contract
    if contract is not None and contract.reference:
        yield words.CONTRACT.of(language), contract.reference
    if here is not None:
        yield from _people(here.contacts, words.AT_SITE.of(language))


def _providers(inventory: Inventory, contacts: Contacts, language: Language) -> str:
    """Return the data of the providers; the template is given a provider's name."""
    body = ""
    for name in _references(inventory):
        known = contacts.providers.get(name)
        rows: list[Row] = [(words.PROVIDER.of(language), name)]
        if known is not None and known.hotline:
            customer = (
                f" ({words.CUSTOMER.of(language)} {known.customer})" if known.customer else ""
            )
            rows.append((words.HOTLINE.of(language), known.hotline + customer))
        if known is not None:
            rows += _people(known.contacts, words.AT_PROVIDER.of(language))
        body += _when(".", name, _rows(rows))
    return _definition("provider", language, body)


def _contracts(inventory: Inventory, language: Language) -> str:
    """Return the contracts of a provider; the template is given its name."""
    body = ""
    for name, references in _references(inventory).items():
        shown = ", ".join(references[:MAX_LISTED])
        if more := len(references[MAX_LISTED:]):
            shown += f" {words.MORE.of(language).format(more)}"
        label = words.CONTRACT if len(references) == 1 else words.CONTRACTS
        body += _when(".", name, _rows([(label.of(language), shown)] if references else []))
    return _definition("contracts", language, body)


def _references(inventory: Inventory) -> dict[str, list[str]]:
    """Return provider -> references of its contracts, in the file's order."""
    found: dict[str, dict[str, None]] = {}
    for _, site in inventory.sites():
        contract = site.uplink.contract
        if contract is None:
            continue
        of_provider = found.setdefault(contract.provider, {})
        if contract.reference:
            of_provider[contract.reference] = None
    return {name: list(references) for name, references in found.items()}


def _people(people: Iterable[Person], label: str) -> Iterator[Row]:
    for one in people:
        reached = ", ".join(filter(None, (one.name, one.role, one.phone, one.email)))
        yield label, f"{reached} – {one.note}" if one.note else reached
