"""DNS replies as bytes: each is read, dropped, or refused with a reason."""

from __future__ import annotations

import dns.message
import dns.rrset
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.inventory.checks import DnsOptions
from monitor.observation import Reason
from monitor.probes.attempt import ProbeError
from monitor.probes.dns import _Lookup
from tests.probes.support import context

QUERY = dns.message.make_query("www.schule.example", "SOA")
QUERY.id = 4711


def _genuine() -> bytes:
    reply = dns.message.make_response(QUERY)
    name = QUERY.question[0].name
    text = "ns.schule.example. admin.schule.example. 2026101501 1 2 3 4"
    reply.answer.append(dns.rrset.from_text(name, 60, "IN", "SOA", text))
    reply.additional.append(dns.rrset.from_text(name, 60, "IN", "TXT", '"Stadt Bochum"'))
    return reply.to_wire()


GENUINE = _genuine()


async def _read(data: bytes) -> None:
    lookup = _Lookup(DnsOptions("127.0.0.1", "www.schule.example", "SOA"), context())
    try:
        reply = lookup._accept(QUERY, data, 4096)
    except ProbeError as error:
        reason, reply = error.reason, None
    else:
        reason = Reason.MALFORMED
    assert reason is Reason.MALFORMED
    if reply is not None:
        lookup._keep(reply, QUERY.question[0].rdtype)
        assert all(answer.isprintable() for answer in lookup.reading().answers)


async def test_genuine_reply_is_read() -> None:
    lookup = _Lookup(DnsOptions("127.0.0.1", "www.schule.example", "SOA"), context())
    reply = lookup._accept(QUERY, GENUINE, 4096)
    assert reply is not None
    lookup._keep(reply, QUERY.question[0].rdtype)
    assert lookup.reading().serial == 2026101501


@settings(max_examples=1000)
@given(st.lists(st.tuples(st.integers(2, len(GENUINE) - 1), st.integers(0, 255)), max_size=5))
async def test_mutated_replies_raise_only_probe_errors(
    changes: list[tuple[int, int]],
) -> None:
    mutated = bytearray(GENUINE)
    for place, value in changes:
        mutated[place] = value
    await _read(bytes(mutated))


@given(st.binary(max_size=300))
async def test_any_bytes_raise_only_probe_errors(data: bytes) -> None:
    await _read(GENUINE[:2] + data)
