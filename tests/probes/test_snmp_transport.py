from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from monitor.config.secrets import Secret
from monitor.inventory.checks import Engine, SnmpAccess, SnmpUser
from monitor.probes.snmp_transport import SnmpReaders
from monitor.snmp.model import AuthProtocol, PrivProtocol, Security
from monitor.snmp.read import Agent, Request, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTHING = Request((), ())
SECRETS = {
    "devices": Secret("public"),
    "v3.auth_password": Secret("geheim-genug"),
    "v3.priv_password": Secret("noch-geheimer"),
}


@dataclass
class Listening:
    """A reader that records the agents it was asked to read."""

    asked: list[Agent] = field(default_factory=list)

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        assert request is NOTHING
        assert deadline
        self.asked.append(agent)
        return Result({}, {})


async def asked(access: SnmpAccess, credentials: Mapping[str, Secret] = SECRETS) -> Agent:
    reader = Listening()
    await SnmpReaders({Engine.NATIVE: reader}, credentials).read("192.0.2.1", access, NOTHING, 1.0)
    return reader.asked[0]


async def test_a_community_is_revealed_only_to_the_reader() -> None:
    agent = await asked(SnmpAccess("2c", "devices"))
    assert (agent.community, agent.security) == (b"public", None)
    assert "public" not in repr(agent)


@pytest.mark.parametrize(
    ("user", "security"),
    [
        (SnmpUser("monitor"), Security(b"monitor")),
        (
            SnmpUser("monitor", "md5", context="vlan-1"),
            Security(b"monitor", AuthProtocol.MD5, b"geheim-genug", context=b"vlan-1"),
        ),
        (
            SnmpUser("monitor", "sha256", "aes256c"),
            Security(
                b"monitor",
                AuthProtocol.SHA256,
                b"geheim-genug",
                PrivProtocol.AES256C,
                b"noch-geheimer",
            ),
        ),
    ],
)
async def test_a_user_gets_a_password_for_each_of_its_protocols(
    user: SnmpUser, security: Security
) -> None:
    agent = await asked(SnmpAccess("3", "v3", user=user))
    assert (agent.version, agent.community, agent.security) == ("3", b"", security)
    assert "geheim" not in repr(agent)


def test_only_encrypted_snmp_is_secure() -> None:
    assert SnmpAccess("2c", "devices").is_insecure
    assert SnmpAccess("3", "v3", user=SnmpUser("monitor", "sha256")).is_insecure
    assert not SnmpAccess("3", "v3", user=SnmpUser("monitor", "sha256", "aes128")).is_insecure
