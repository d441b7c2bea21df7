"""The forms in which an IPv6 address embeds an IPv4 address, built as their RFCs say.

Must not know: how the product unwraps them.
"""

from __future__ import annotations

import ipaddress


def _joined(*parts: tuple[int, int]) -> ipaddress.IPv6Address:
    """Return the address composed of numbers with their widths in bits, most significant first."""
    number = 0
    for value, width in parts:
        number = number << width | value & ((1 << width) - 1)
    assert sum(width for _, width in parts) == 128
    return ipaddress.IPv6Address(number)


def wrapped(address: ipaddress.IPv4Address, dice: int) -> dict[str, ipaddress.IPv6Address]:
    """Return every form by its name; `dice` fills what a form leaves open (64 bits)."""
    v4 = int(address)
    high, low = v4 >> 16, v4 & 0xFFFF
    other = dice & 0xFFFFFFFF
    well_known, local = (0x64FF9B, 32), (0x64FF9B0001, 48)
    return {
        "mapped, RFC 4291": _joined((0, 80), (0xFFFF, 16), (v4, 32)),
        "compatible, RFC 4291": _joined((0, 96), (v4, 32)),
        "translated, RFC 2765": _joined((0, 64), (0xFFFF, 16), (0, 16), (v4, 32)),
        "NAT64, RFC 6052": _joined(well_known, (0, 64), (v4, 32)),
        "local NAT64 /48": _joined(local, (high, 16), (0, 8), (low, 16), (dice, 40)),
        "local NAT64 /56": _joined(
            local, (dice, 8), (v4 >> 24, 8), (0, 8), (v4 & 0xFFFFFF, 24), (dice, 32)
        ),
        "local NAT64 /64": _joined(local, (dice, 16), (0, 8), (v4, 32), (dice, 24)),
        "local NAT64 /96": _joined(local, (dice, 48), (v4, 32)),
        "6to4, RFC 3056": _joined((0x2002, 16), (v4, 32), (dice, 80)),
        "Teredo server, RFC 4380": _joined((0x20010000, 32), (v4, 32), (dice, 64)),
        "Teredo client, RFC 4380": _joined((0x20010000, 32), (other, 32), (0, 32), (~v4, 32)),
        "ISATAP, RFC 5214": _joined((0x2A00, 16), (dice, 48), (0x00005EFE, 32), (v4, 32)),
        "ISATAP, universal": _joined((0x2A00, 16), (dice, 48), (0x02005EFE, 32), (v4, 32)),
    }
