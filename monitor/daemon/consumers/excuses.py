"""Writes the reclassifications of `schulnetz sla excuse` to the ledger, in the running daemon.

Must not know: how an excuse changes the minutes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from monitor.availability.excuses import (
    EXCUSE,
    EXCUSE_WITHDRAWN,
    ExcuseError,
    read_excuses,
    unrecorded,
)
from monitor.ledger.chain import LedgerError
from monitor.state.request_file import RequestFileError

if TYPE_CHECKING:
    from monitor.availability.excuse_requests import ExcuseFile
    from monitor.clock import Clock
    from monitor.ledger.ledger import Ledger
    from monitor.state.file import Stamp

log = logging.getLogger(__name__)

REQUEST_SECONDS = 2.0


async def obey_excuses(ledger: Ledger, requests: ExcuseFile, clock: Clock) -> None:
    """Carry out requests until cancelled; each is recorded in the ledger once.

    While the file or the ledger cannot be read, they wait; each failure is logged once.
    """
    seen: Stamp = None
    logged = ""
    while True:
        try:
            stamp = requests.stamp()
            if stamp != seen:
                await _take_up(ledger, requests)
                seen = stamp
            logged = ""
        except (RequestFileError, LedgerError) as error:
            if str(error) != logged:
                log.warning("excuses: %s", error)
            logged = str(error)
        await clock.sleep(REQUEST_SECONDS)


async def _take_up(ledger: Ledger, requests: ExcuseFile) -> None:
    for asked in requests.read():
        recorded = [
            one.entry for kind in (EXCUSE, EXCUSE_WITHDRAWN) for one in await ledger.entries(kind)
        ]
        try:
            entry = unrecorded(asked, read_excuses(recorded))
        except ExcuseError as error:
            log.warning("excuse refused: %s", error)
            continue
        if entry is not None:
            await ledger.append([entry])
            log.info("excuse recorded: %s %s", entry.kind, entry.payload["excuse"])
