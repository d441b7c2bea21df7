"""Replies refused for their source or their community: the message says so."""

from __future__ import annotations

from monitor.observation import Outcome, Reason
from tests.cases.device import Device, asking, switch


# telegraf#11278: a router that answers from another of its addresses.
async def test_a_reply_from_another_address_is_refused_and_reported() -> None:
    async with asking(Device(switch()), forged=True) as asked:
        for found in (await asked.interfaces(), await asked.hardware()):
            assert (found.outcome, found.reason) == (Outcome.FAILED, Reason.TIMEOUT)
            assert "no usable reply: a reply from 127.0.0.1 port " in found.detail
            assert found.detail.endswith(
                "an address that was not queried; if the device answers from that address, "
                "configure it as the device's host"
            )


async def test_a_reply_with_another_community_is_refused_and_reported() -> None:
    class Another(Device):
        def answer(self, data: bytes) -> list[bytes]:
            return [reply.replace(b"public", b"secret") for reply in super().answer(data)]

    async with asking(Another(switch())) as asked:
        found = await asked.interfaces()
    assert (found.outcome, found.reason) == (Outcome.FAILED, Reason.MALFORMED)
    assert found.detail.endswith("no usable reply: a reply with a different community")
