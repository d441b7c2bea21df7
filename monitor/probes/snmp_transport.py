"""The SNMP readers behind one face: who speaks with a device, with which credential.

Must not know: which objects are read, or why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from monitor.snmp.read import Agent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.inventory import Engine, SnmpAccess
    from monitor.snmp.read import Reader, Request, Result


class Credential(Protocol):
    """A secret that shows itself only on demand."""

    def reveal(self) -> str:
        """Return the secret in clear."""


class SnmpReaders:
    """Reads by the engine and the credential that a device's access names.

    `credentials` can be replaced when the configuration is read again.
    """

    def __init__(
        self, readers: Mapping[Engine, Reader], credentials: Mapping[str, Credential]
    ) -> None:
        self._readers = readers
        self.credentials = credentials

    async def read(
        self, address: str, access: SnmpAccess, request: Request, deadline: float
    ) -> Result:
        """Read scalars and columns from a device (see `SnmpTransport`)."""
        community = self.credentials[access.credential].reveal().encode()
        agent = Agent(
            address, access.port, access.version, community, access.timeout, access.retries
        )
        return await self._readers[access.engine].read(agent, request, deadline)
