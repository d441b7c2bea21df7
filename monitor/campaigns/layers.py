"""The size of a frame at each layer: payload, octets that a router counts, time on the wire.

A rate means nothing without its layer. On Ethernet with an MTU of 1500 and IPv4 a full TCP
segment is 1448 octets of payload, 1514 octets in the router's counters and takes the time of
1538 octets on the wire: 1 Gbit/s carries 941 Mbit/s of payload (with IPv6 1428 octets, 928).

Must not know: contracts, measurements, or counters.
Source: RFC 894 (header), RFC 791, RFC 9293, RFC 7323 (timestamps), IEEE 802.3 clause 4
(FCS, preamble, gap), RFC 3635 §3.2.6 (what octet counters count).
"""

from __future__ import annotations

from typing import Final

MTU: Final = 1500
# IPv4 20, TCP 20, its timestamps 12. IPv6 has 20 more.
HEADERS: Final = 52
SEGMENT: Final = MTU - HEADERS
"""Payload of a full segment in octets: 1448."""

# Addresses and type. RFC 3635 also counts the FCS, but not every agent does: the smaller
# figure makes cross traffic look larger, never the line's own result.
_COUNTED_OVERHEAD: Final = 14
# Header 14, FCS 4, preamble 8, gap 12.
_WIRE_OVERHEAD: Final = 38

COUNTED_PER_PAYLOAD: Final = (MTU + _COUNTED_OVERHEAD) / SEGMENT
"""Octets in the counters for each octet of payload: 1514 / 1448."""

PAYLOAD_OF_WIRE: Final = SEGMENT / (MTU + _WIRE_OVERHEAD)
"""The share of an Ethernet line's rate that arrives as payload: 1448 / 1538, or 94.1 %."""

ACKNOWLEDGEMENT_PER_PAYLOAD: Final = (HEADERS + _COUNTED_OVERHEAD) / SEGMENT
"""Counted octets in the reverse direction: at most one ACK per segment (RFC 9293 §3.8.6.3)."""
