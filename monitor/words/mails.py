"""The words of a mail's lines about a place.

Must not know: how a mail is made.
"""

from __future__ import annotations

from typing import Final

from monitor.words.text import Text

SCHOOL: Final = Text("School", "Schule")
NUMBER: Final = Text("no.", "Nr.")
SITE: Final = Text("Site", "Standort")
ADDRESS: Final = Text("Address", "Anschrift")
CONTRACT: Final = Text("Contract", "Vertrag")
CONTRACTS: Final = Text("Contracts", "Verträge")
PROVIDER: Final = Text("Provider", "Anbieter")
HOTLINE: Final = Text("Hotline", "Störungshotline")
CUSTOMER: Final = Text("customer number", "Kundennummer")
AT_SCHOOL: Final = Text("Contact at the school", "Kontakt in der Schule")
AT_SITE: Final = Text("Contact at the site", "Kontakt am Standort")
AT_PROVIDER: Final = Text("Contact at the provider", "Kontakt beim Anbieter")
AT_CITY: Final = Text("Contact at the city", "Kontakt bei der Stadt")
MORE: Final = Text("and {} more", "und {} weitere")
