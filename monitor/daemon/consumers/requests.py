"""Follows a file of requests from the shell: each new version is carried out once.

Must not know: what is requested.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar

from monitor.ledger.chain import LedgerError
from monitor.state.request_file import Dated, RequestFileError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from monitor.clock import Clock
    from monitor.state.file import Stamp
    from monitor.state.request_file import StoredRequests

log = logging.getLogger(__name__)

REQUEST_SECONDS: Final = 2.0

Asked = TypeVar("Asked", bound=Dated)


async def obey_requests(
    file: StoredRequests[Asked],
    carry_out: Callable[[Sequence[Asked]], Awaitable[Mapping[Asked, str]]],
    clock: Clock,
) -> None:
    """Carry out the requests of each new version of a file until cancelled.

    `carry_out` returns the requests that it refuses, each with a sentence for the log. They are
    removed from the file: they must not be carried out later, when the obstacle is gone.

    While the file or the ledger cannot be read, the version is tried again; each problem is logged
    once. So `carry_out` may get requests that it has carried out already.
    """
    done: Stamp = None
    problem = ""
    while True:
        try:
            stamp = file.stamp()
            if stamp != done:
                refused = await carry_out(file.read())
                if refused:
                    file.remove(refused)
                for sentence in refused.values():
                    log.warning("%s", sentence)
                done = stamp
            problem = ""
        except (RequestFileError, LedgerError) as error:
            if str(error) != problem:
                log.warning("requests cannot be carried out: %s", error)
            problem = str(error)
        await clock.sleep(REQUEST_SECONDS)
