"""The data of API and pages about outages, excuses and availability.

Must not know: where the values come from.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from monitor.status.answer import Answer


class Outage(Answer):
    """A period without an answer from a site's router; `ends` is null while it lasts."""

    site: str
    begins: datetime
    ends: datetime | None
    cause: str = Field(description="The cause of the first verdict.")
    reason: str
    excuses: tuple[str, ...] = Field(
        description="Ids of the excuses that cover minutes of it, counted from when the line went "
        "down. A school's outages are as recorded; a month's are what the excuses left or charged."
    )


class ExcuseStatus(Answer):
    """Minutes of a site that a person reclassified afterwards, with effect in `/api/v1/sla`.

    `schulnetz sla excuse list` says who decided it.
    """

    id: str
    site: str
    begins: datetime
    ends: datetime
    into: Literal["excused", "down"] = Field(
        description="Excused: minutes that were down count neither up nor down. Down: minutes that "
        "were unknown count as down."
    )
    minutes: int = Field(description="How many it changed.")
    reason: str


class SiteAvailability(Answer):
    """A site's month against its contract, in minutes."""

    school: str
    site: str
    provider: str
    verdict: Literal["kept", "broken", "no data", "no contract"] = Field(
        description="Without a contract, availability is measured, not judged."
    )
    is_certain: bool
    whole_month: bool = Field(
        description="False if minutes are before the site's first record, or not over yet."
    )
    recorded_share: float = Field(
        description="Share of the month's minutes that are recorded and not unknown."
    )
    availability: float | None
    contracted: float | None
    up_minutes: int
    down_minutes: int
    excused_minutes: int = Field(description="Recorded as down, excused by a person.")
    charged_minutes: int = Field(
        description="Down minutes that were recorded as unknown and charged by a person."
    )
    outages: tuple[Outage, ...]


class Sla(Answer):
    """A month's availability per site."""

    month: str
    sites: tuple[SiteAvailability, ...]
