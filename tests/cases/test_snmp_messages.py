"""Unusual message encodings that net-snmp reads: the monitor reads them too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.observation import DeviceReading, Outcome
from tests.cases.device import Device, asking, switch

if TYPE_CHECKING:
    from collections.abc import Callable


def of_four(tag: int, content: bytes) -> bytes:
    """Return tag, length in four octets, content: gosnmp#544, RFC 3417 §8."""
    return bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content


def of_three(tag: int, content: bytes) -> bytes:
    return bytes((tag, 0x83)) + len(content).to_bytes(3, "big") + content


def of_eight(tag: int, content: bytes) -> bytes:
    return bytes((tag, 0x88)) + len(content).to_bytes(8, "big") + content


def padded(octets: bytes) -> bytes:
    """Insert a padding octet before the fourth arc."""
    return octets[:3] + b"\x80" + octets[3:]


def padded_at_the_end(octets: bytes) -> bytes:
    return octets[:-1] + b"\x80\x80" + octets[-1:] if octets[-2] < 0x80 else octets


async def check_all_is_read(device: Device) -> None:
    async with asking(device) as asked:
        for _ in range(2):
            found = await asked.interfaces()
            assert (found.outcome, found.detail) == (Outcome.OK, "")
            assert isinstance(found.values, DeviceReading)
            assert found.values.sys_name == "sw1"
            assert found.values.sys_object_id == "1.3.6.1.4.1.9.1"
            assert found.values.columns["ifHCInOctets"] == {row: row * 1000 for row in range(1, 13)}
            assert found.values.columns["ifName"][12] == b"Gi12"
        assert sum(asked.readers.left_out.values()) == 0


@pytest.mark.parametrize("tlv", [of_four, of_three, of_eight])
async def test_long_form_lengths_are_accepted(tlv: Callable[[int, bytes], bytes]) -> None:
    await check_all_is_read(Device(switch(), tlv=tlv))


@pytest.mark.parametrize("behind", [b"\0", b"\0" * 200, b"\x30\x05garbage"])
async def test_trailing_octets_are_ignored(behind: bytes) -> None:
    await check_all_is_read(Device(switch(), behind=behind))


@pytest.mark.parametrize("pad", [padded, padded_at_the_end, lambda octets: padded(padded(octets))])
async def test_padded_oids_are_accepted(pad: Callable[[bytes], bytes]) -> None:
    await check_all_is_read(Device(switch(), pad=pad))
