"""The file of contacts: whom to call at night, by city, provider and school.

It is a separate file, so that it can be kept out of a repository, and so that the daemon never
reads it: what the daemon does not know appears in no metric, page or log. Problems repeat none of
its values.

Must not know: what is done with the contacts.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from monitor.config.shape.base import Rules
from monitor.config.shape.fields import Slug, Text
from monitor.config.shape.quiet_messages import note_quietly
from monitor.config.tree.places import key_mark_of
from monitor.config.tree.problems import NOWHERE, Findings, TooManyProblemsError, listed, suggestion
from monitor.config.tree.regular_file import read_regular_file
from monitor.config.tree.text import MAX_BYTES, compose, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path
    from typing import Self

    from monitor.config.tree.text import Node
    from monitor.inventory.city import Inventory

FILE_NAME: Final = "contacts.yaml"
MAX_CONTACTS: Final = 20
"""Per school, provider or city: more are no help at night."""

_PHONE: Final = r"^\+?[0-9](?:[0-9 ()/.-]{0,38}[0-9])$"
_EMAIL: Final = r"^[^\s@<>,;\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])$"
# pydantic ends the location of an error with this if the key itself is wrong, not its value.
_KEY: Final = "[key]"
_FORMS: Final = {
    _PHONE: ("not a phone number", "allowed: digits, inner spaces and ()/.-, a + at the start"),
    _EMAIL: ("not a mail address", "allowed: name@domain, such as it@schule.example.org"),
}

Phone = Annotated[str, StringConstraints(pattern=_PHONE)]
Email = Annotated[str, StringConstraints(pattern=_EMAIL)]


class Person(Rules):
    """A person or office to call or write to."""

    name: Text
    """Name of the person or office."""
    role: Text = Field(default_factory=str)
    """The person's role."""
    phone: Phone = Field(default_factory=str)
    """Phone number."""
    email: Email = Field(default_factory=str)
    """Mail address."""
    note: Text = Field(default_factory=str)
    """When to call, where the key is, and so on."""

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if not (self.phone or self.email):
            raise PydanticCustomError("unreachable", "neither phone nor email is given; give one")
        return self


People = Annotated[list[Person], Field(max_length=MAX_CONTACTS)]


class CityContacts(Rules):
    """The city's contacts."""

    contacts: People = Field(default_factory=list)
    """People of the city's network or IT."""


class ProviderContacts(Rules):
    """A provider's contacts."""

    hotline: Phone = Field(default_factory=str)
    """Number for reporting outages."""
    customer: Text = Field(default_factory=str)
    """Customer number, which the hotline asks for."""
    contacts: People = Field(default_factory=list)
    """People at the provider."""


class SiteContacts(Rules):
    """A site's address and contacts."""

    address: Text = Field(default_factory=str)
    """Street and town."""
    contacts: People = Field(default_factory=list)
    """People at this site."""


class SchoolContacts(SiteContacts):
    """A school's address and contacts."""

    sites: dict[Slug, SiteContacts] = Field(default_factory=dict)
    """The same by site, for a school with several."""


class Contacts(Rules):
    """All contacts."""

    version: Literal[1] = 1
    """Version of the file's format."""
    city: CityContacts = Field(default_factory=CityContacts)
    """The city's own."""
    providers: dict[Text, ProviderContacts] = Field(default_factory=dict)
    """By the provider's name, as in reports and labels."""
    schools: dict[Slug, SchoolContacts] = Field(default_factory=dict)
    """By the school's id."""


def read_contacts(path: Path, inventory: Inventory) -> Contacts:
    """Return the contacts of a file; every school, site and provider in it is configured.

    Raises:
        ConfigError: if it cannot be read or is not fit for use, with every reason; no reason
            repeats a value.
    """
    findings = Findings(str(path))
    try:
        contacts = _contacts(read_regular_file(path, MAX_BYTES), inventory, findings)
    except OSError as error:
        findings.add(NOWHERE, f"the file cannot be read: {error.strerror or error}")
        raise findings.error() from None
    except TooManyProblemsError:
        raise findings.error() from None
    if contacts is None or len(findings):
        raise findings.error()
    return contacts


def _contacts(content: bytes, inventory: Inventory, findings: Findings) -> Contacts | None:
    root = compose(content, findings, is_ours=False)
    if root is None or len(findings):
        return None
    document = plain(root)
    contacts: Contacts | None = None
    no_names: set[tuple[int | str, ...]] = set()
    try:
        contacts = Contacts.model_validate({} if document is None else document)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False):
            note_quietly(detail, root, Contacts, _FORMS, findings)
            if detail["loc"][-1:] == (_KEY,):
                no_names.add(detail["loc"][:-1])
    # Also in a file with other mistakes, so that one run reports all of them.
    _check_names(document, no_names, inventory, root, findings)
    return contacts


def _names_in(document: object, *path: str) -> list[str]:
    """Return the names in the mapping at a place; none if there is no mapping."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return (
        [name for name in document if isinstance(name, str)] if isinstance(document, dict) else []
    )


def _check_names(
    document: object,
    no_names: Collection[tuple[int | str, ...]],
    inventory: Inventory,
    root: Node,
    findings: Findings,
) -> None:
    """Add a problem for each name that is not configured; `no_names` have been reported."""

    def check(
        known: set[str], what: str, *path: str, propose: Callable[[str, set[str]], str] = suggestion
    ) -> None:
        for name in _names_in(document, *path):
            if name not in known and (*path, name) not in no_names:
                findings.add(
                    key_mark_of(root, (*path, name)),
                    f"no such {what} is configured",
                    listed(sorted(known)),
                    propose(name, known),
                )

    sites = {school.id: {site.id for site in school.sites} for school in inventory.schools}
    uplinks = [site.uplink for _, site in inventory.sites()]
    providers = {uplink.provider for uplink in uplinks if uplink.provider}
    check(providers, "provider", "providers", propose=partial(_of_key, inventory.providers))
    check(set(sites), "school", "schools")
    for id_ in _names_in(document, "schools"):
        if id_ in sites:
            check(sites[id_], "site", "schools", id_, "sites")


def _of_key(names: Mapping[str, str], key: str, known: set[str]) -> str:
    """Return a suggestion for a provider's key; the nearest name might be another company's."""
    name = names.get(key)
    return f"did you mean {name}?" if name in known else ""
