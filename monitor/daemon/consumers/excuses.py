"""Writes the reclassifications of `schulnetz sla excuse` to the ledger, in the running daemon.

Must not know: how an excuse changes the minutes.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from monitor.availability.excuses import (
    EXCUSE,
    EXCUSE_WITHDRAWN,
    ExcuseError,
    read_excuses,
    unrecorded,
)
from monitor.daemon.consumers.requests import obey_requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.availability.excuse_requests import ExcuseFile
    from monitor.availability.excuses import Excuse, Withdrawal
    from monitor.clock import Clock
    from monitor.ledger.ledger import Ledger

log = logging.getLogger(__name__)


async def obey_excuses(ledger: Ledger, requests: ExcuseFile, clock: Clock) -> None:
    """Carry out requests until cancelled; each is recorded in the ledger once.

    While the file or the ledger cannot be read, they wait; each failure is logged once.
    """
    await obey_requests(requests, partial(_record, ledger), clock)


async def _record(
    ledger: Ledger, requests: Sequence[Excuse | Withdrawal]
) -> dict[Excuse | Withdrawal, str]:
    refused: dict[Excuse | Withdrawal, str] = {}
    for asked in requests:
        recorded = [
            one.entry for kind in (EXCUSE, EXCUSE_WITHDRAWN) for one in await ledger.entries(kind)
        ]
        try:
            entry = unrecorded(asked, read_excuses(recorded))
        except ExcuseError as error:
            refused[asked] = f"excuse refused: {error}"
            continue
        if entry is not None:
            await ledger.append([entry])
            log.info("excuse recorded: %s %s", entry.kind, entry.payload["excuse"])
    return refused
