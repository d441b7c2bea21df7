"""What the recorded stages rest on at an instant: the newest campaigns, and their ledger rows.

A stage is recorded when it changes, so its row names the campaign of that day. A site that has been
verified for years rests on its last campaign, by the same rule as the daemon's stage.

Must not know: files, formats, or how a stage is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from monitor.campaigns.book import CampaignBook
from monitor.campaigns.records import CAMPAIGN, MEASUREMENT, campaign_of
from monitor.rollout.stage import Stage, StageFinding, stage_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import EntrySource
    from monitor.rollout.stage_records import StageChange

_CAMPAIGN_PREFIX: Final = "campaign:"
_MEASURED: Final = frozenset({Stage.VERIFIED, Stage.LIVE_STALE, Stage.REGRESSED})

CampaignRows = tuple[int, int, int]
"""A campaign's first row, last row, and number of tests."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The campaigns in the ledger before an instant; `rows` has the rows of each, by its id."""

    rows: Mapping[str, CampaignRows]
    book: CampaignBook
    zone: ZoneInfo

    def basis(self, recorded: StageChange, at: datetime) -> StageFinding:
        """Return what a site's recorded stage rests on at an instant.

        That is what was recorded with it if the campaigns do not give that stage: it rests on
        something else, or the daemon has not recorded the next one yet.
        """
        found = stage_of((), (), self.book.judged(recorded.site), at, self.zone)
        if found.stage is recorded.stage and found.stage in _MEASURED:
            return found
        return StageFinding(recorded.stage, recorded.since, recorded.why, recorded.evidence)

    def rows_of(self, finding: StageFinding) -> CampaignRows | None:
        """Return the rows of the first campaign that a stage rests on; None without one."""
        names = (one.removeprefix(_CAMPAIGN_PREFIX) for one in finding.evidence)
        return next((self.rows[name] for name in names if name in self.rows), None)


def read_evidence(source: EntrySource, inventory: Inventory, until: datetime) -> Evidence:
    """Return the campaigns before an instant, judged by the inventory's goal.

    Raises:
        LedgerError: if the ledger cannot be read, or an entry has an invalid payload.
    """
    rows: dict[str, CampaignRows] = {}
    book, entries = CampaignBook(inventory), []
    for kind in (CAMPAIGN, MEASUREMENT):
        for one in source.entries(kind, None, until):
            entries.append(one.entry)
            name, row = campaign_of(one.entry), one.sequence
            first, last, tests = rows.get(name, (row, row, 0))
            rows[name] = (min(first, row), max(last, row), tests + (kind == MEASUREMENT))
    book.take(entries)
    return Evidence(rows, book, ZoneInfo(inventory.calendar.timezone))
