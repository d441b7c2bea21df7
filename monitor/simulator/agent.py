"""One simulated device's SNMP agent: from a request datagram to a reply, or none.

Answers GET, GETNEXT and GETBULK in SNMPv1 and v2c as real agents do, with a limit on the size
of its replies. Time and condition are arguments; nothing runs in between, because every counter
is a function of time.

Must not know: sockets, other devices, or the cause of a condition.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from monitor.inventory.checks import Role
from monitor.simulator.ailments import with_damage, with_slow_port, with_spent_power
from monitor.simulator.faults import HEALTHY
from monitor.simulator.model import Bulk, renumbered
from monitor.simulator.table import Living
from monitor.snmp.ber import CodecError, Tag
from monitor.snmp.decode import decode_message
from monitor.snmp.encode import encode_response, encode_varbind
from monitor.snmp.message import PduType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.simulator.faults import Condition
    from monitor.simulator.model import Device
    from monitor.simulator.table import Table, TableBuilder
    from monitor.simulator.traffic import Traffic
    from monitor.snmp.message import Message

_VERSION_1: Final = 0
_TOO_BIG, _NO_SUCH_NAME, _GENERAL_ERROR, _NO_ACCESS = 1, 2, 5, 6
"""Values of error-status (RFC 3416 §3)."""

_LENGTH_GROWTH: Final = 6
"""Octets by which the three lengths around the varbinds may grow when these are added."""

_MASK_32: Final = (1 << 32) - 1


class _AgentError(Exception):
    """The request is answered with an error-status instead of values."""

    def __init__(self, status: int, index: int = 0) -> None:
        super().__init__(status, index)
        self.status = status
        self.index = index


class Agent:
    """The agent of one device; its table is built on the first request."""

    __slots__ = (
        "_amounts_at_reset",
        "_boot",
        "_builder",
        "_community",
        "_condition",
        "_device",
        "_history",
        "_shown",
        "_table",
        "_traffic",
    )

    def __init__(
        self, device: Device, community: bytes, builder: TableBuilder, traffic: Traffic
    ) -> None:
        self._device = device
        self._shown = device
        self._community = community
        self._builder = builder
        self._traffic = traffic
        self._table: Table | None = None
        self._condition = HEALTHY
        self._boot = -float(device.uptime_seconds)
        self._history = device.uptime_seconds * traffic.mean_level
        self._amounts_at_reset: tuple[float, ...] | None = None

    @property
    def device(self) -> Device:
        """Return the device as the model built it."""
        return self._device

    def answer(
        self, datagram: bytes, seconds: float, condition: Condition = HEALTHY
    ) -> bytes | None:
        """Return the reply at an instant (seconds since the city's start), None for silence."""
        try:
            message = decode_message(datagram)
        except CodecError:
            return None
        if message.community != self._community or message.version not in self._device.versions:
            return None
        table = self._adopt(condition)
        try:
            varbinds = self._varbinds(message, table, seconds, condition.damaged)
        except _AgentError as error:
            return _refusal(message, error)
        return None if varbinds is None else _response(message, varbinds)

    def _adopt(self, condition: Condition) -> Table:
        """Return the table after the events at the device, rebuilt if necessary."""
        known = self._condition
        if self._table is None or _happened(condition) != _happened(known):
            self._table = self._rebuild(condition)
            self._condition = condition
        return self._table

    def _rebuild(self, condition: Condition) -> Table:
        device = self._device
        self._boot = -float(device.uptime_seconds)
        if condition.booted is not None:
            self._boot = condition.booted
        if condition.numbering:
            device = renumbered(device, condition.numbering)
        if condition.slow_port and device.place.role is Role.UPLINK:
            device = with_slow_port(device)
        if condition.poe_budget:
            device = with_spent_power(device)
        self._amounts_at_reset = None
        reset = condition.counters_since
        if reset is not None:
            self._amounts_at_reset = self._traffic.amounts(reset, device.phase)
            ticks = max(0, int((reset - self._boot) * 100)) & _MASK_32
            interfaces = [replace(row, discontinuity_ticks=ticks) for row in device.interfaces]
            device = replace(device, interfaces=tuple(interfaces))
        self._shown = device
        return self._builder.build(device)

    def _amounts(self, seconds: float) -> tuple[float, ...]:
        amounts = self._traffic.amounts(seconds, self._device.phase)
        start = self._amounts_at_reset
        uptime_ticks = max(0.0, (seconds - self._boot) * 100)
        if start is None:
            return (*(self._history + amount for amount in amounts), uptime_ticks)
        grown = (max(0.0, now - then) for now, then in zip(amounts, start, strict=True))
        return (*grown, uptime_ticks)

    def _varbinds(
        self, message: Message, table: Table, seconds: float, damaged: int
    ) -> list[bytes] | None:
        amounts = self._amounts(seconds)
        if damaged:
            table = with_damage(table, self._shown, amounts, damaged)
        reply = _Reply(table, amounts, message.version == _VERSION_1)
        budget = self._device.reply_limit - _LENGTH_GROWTH - len(_response(message, []))
        if message.pdu_type == PduType.GET_BULK:
            if message.version == _VERSION_1 or self._device.bulk is Bulk.SILENT:
                return None
            if self._device.bulk is Bulk.ERROR:
                raise _AgentError(_GENERAL_ERROR)
            return reply.bulk(message, budget)
        if message.pdu_type == PduType.GET:
            varbinds = [reply.get(oid, at) for at, (oid, _, _) in enumerate(message.varbinds, 1)]
        elif message.pdu_type == PduType.GET_NEXT:
            varbinds = [reply.next(oid, at) for at, (oid, _, _) in enumerate(message.varbinds, 1)]
        elif message.pdu_type == PduType.SET:
            # The community is read-only; version 1 has only noSuchName for that.
            raise _AgentError(_NO_SUCH_NAME if message.version == _VERSION_1 else _NO_ACCESS, 1)
        else:
            return None
        if sum(map(len, varbinds)) > budget:
            raise _AgentError(_TOO_BIG)
        return varbinds


def _happened(condition: Condition) -> tuple[object, ...]:
    """Return the part of a condition that determines the table."""
    return (
        condition.numbering,
        condition.booted,
        condition.counters_since,
        condition.slow_port,
        condition.poe_budget,
    )


class _Reply:
    """Looks up the varbinds of one reply, all at the same instant."""

    __slots__ = ("_amounts", "_entries", "_is_version_1", "_layout", "_rates")

    def __init__(self, table: Table, amounts: Sequence[float], is_version_1: bool) -> None:  # noqa: FBT001  # internal
        self._layout = table.layout
        self._entries = table.entries
        self._rates = table.rates
        self._amounts = amounts
        self._is_version_1 = is_version_1

    def get(self, oid: bytes, at: int) -> bytes:
        """Return the object itself (RFC 3416 §4.2.1); `at` is the varbind's number, from 1."""
        position = self._layout.find(oid)
        if position is not None and not self._is_hidden(position):
            return self._encoded(position)
        if self._is_version_1:
            raise _AgentError(_NO_SUCH_NAME, at)
        has_object = self._layout.has_object(oid)
        missing = Tag.NO_SUCH_INSTANCE if has_object else Tag.NO_SUCH_OBJECT
        return encode_varbind(oid, missing, None)

    def next(self, oid: bytes, at: int) -> bytes:
        """Return the object after an OID (RFC 3416 §4.2.2)."""
        position = self._layout.after(oid)
        while position < len(self._entries) and self._is_hidden(position):
            position += 1
        if position < len(self._entries):
            return self._encoded(position)
        if self._is_version_1:
            raise _AgentError(_NO_SUCH_NAME, at)
        return encode_varbind(oid, Tag.END_OF_MIB_VIEW, None)

    def bulk(self, message: Message, budget: int) -> list[bytes]:
        """Return what GETBULK requests, as far as `budget` octets allow (RFC 3416 §4.2.3)."""
        non_repeaters = max(0, message.error_status)
        oids = [oid for oid, _, _ in message.varbinds]
        varbinds = []
        for encoded in self._bulk_sequence(oids, non_repeaters, max(0, message.error_index)):
            budget -= len(encoded)
            if budget < 0:
                break
            varbinds.append(encoded)
        if oids and not varbinds and budget < 0:
            raise _AgentError(_TOO_BIG)
        return varbinds

    def _bulk_sequence(
        self, oids: Sequence[bytes], non_repeaters: int, repetitions: int
    ) -> Iterator[bytes]:
        for at, oid in enumerate(oids[:non_repeaters], 1):
            yield self.next(oid, at)
        repeaters = oids[non_repeaters:]
        positions = [self._layout.after(oid) for oid in repeaters]
        entries, rates, amounts = self._entries, self._rates, self._amounts
        size = len(entries)
        for repetition in range(repetitions):
            is_over = True
            for column, start in enumerate(positions):
                position = start + repetition
                if position < size:
                    is_over = False
                    entry = entries[position]
                    yield entry if isinstance(entry, bytes) else entry.encode(rates, amounts)
                else:
                    last = repeaters[column] if start >= size else self._layout.oids[-1]
                    yield encode_varbind(last, Tag.END_OF_MIB_VIEW, None)
            if is_over:
                return

    def _encoded(self, position: int) -> bytes:
        entry = self._entries[position]
        return entry if isinstance(entry, bytes) else entry.encode(self._rates, self._amounts)

    def _is_hidden(self, position: int) -> bool:
        """Return whether version 1 cannot carry the object (RFC 3584 §4.2.2.1)."""
        if not self._is_version_1:
            return False
        entry = self._entries[position]
        return isinstance(entry, Living) and entry.tag is Tag.COUNTER64


def _response(message: Message, varbinds: Sequence[bytes]) -> bytes:
    return encode_response(message.version, message.community, message.request_id, 0, 0, varbinds)


def _refusal(message: Message, error: _AgentError) -> bytes:
    # RFC 3416 §4.2.1: tooBig has no varbinds; other errors return those of the request.
    is_echoed = error.status != _TOO_BIG or message.version == _VERSION_1
    varbinds = [encode_varbind(*varbind) for varbind in message.varbinds] if is_echoed else []
    return encode_response(
        message.version,
        message.community,
        message.request_id,
        error.status,
        error.index,
        varbinds,
    )
