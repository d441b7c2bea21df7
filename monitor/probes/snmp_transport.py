"""The SNMP readers behind one interface: which engine and credential to use for a device.

Must not know: which objects are read, or why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from monitor.inventory.checks import password_names
from monitor.snmp.model import AuthProtocol, LeftOut, PrivProtocol, Security
from monitor.snmp.read import Agent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.inventory.checks import Engine, SnmpAccess
    from monitor.snmp.read import Reader, Request, Result


class Credential(Protocol):
    """A secret that is shown only on demand."""

    def reveal(self) -> str:
        """Return the secret in clear text."""


class SnmpReaders:
    """Reads through the engine and with the credential that a device's access names.

    `credentials` can be replaced on a reload. `left_out` counts the values that devices sent and
    that could not be decoded, by reason.
    """

    def __init__(
        self, readers: Mapping[Engine, Reader], credentials: Mapping[str, Credential]
    ) -> None:
        self._readers = readers
        self.credentials = credentials
        self.left_out: dict[str, int] = {reason.value: 0 for reason in LeftOut}

    async def read(
        self, address: str, access: SnmpAccess, request: Request, deadline: float
    ) -> Result:
        """Read scalars and columns from a device (see `SnmpTransport`)."""
        agent = self.agent(address, access)
        result = await self._readers[access.engine].read(agent, request, deadline)
        for reason, values in result.left_out.items():
            self.left_out[reason.value] += values
        return result

    def agent(self, address: str, access: SnmpAccess) -> Agent:
        """Return the agent at a literal address, with the access's credential."""
        security = self._security(access)
        community = b"" if security else self.credentials[access.credential].reveal().encode()
        return Agent(
            address,
            access.port,
            access.version,
            community,
            access.timeout,
            access.retries,
            security,
        )

    def _security(self, access: SnmpAccess) -> Security | None:
        user = access.user
        if user is None:
            return None
        auth_name, priv_name = password_names(access.credential)
        return Security(
            user.name.encode(),
            AuthProtocol(user.auth) if user.auth else None,
            self.credentials[auth_name].reveal().encode() if user.auth else b"",
            PrivProtocol(user.priv) if user.priv else None,
            self.credentials[priv_name].reveal().encode() if user.priv else b"",
            user.context.encode(),
        )
