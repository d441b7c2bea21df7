"""net-snmp's decoder (libnetsnmp 5.9, Debian's libsnmp40), called as a library.

It returns plain values. A datagram may contain anything and the library is C, so call this in a
separate process.

Must not know: our decoder.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, Structure, byref, c_int, c_long, c_size_t, c_ubyte, c_ulong, c_void_p
from typing import Final, NamedTuple

LIBRARY: Final = "libnetsnmp.so.40"
_RESPONSE: Final = 0xA2
# NETSNMP_LOGHANDLER_NONE (net-snmp/library/snmp_logging.h), LOG_DEBUG.
_LOG_TO_NOTHING: Final = 6
_LOG_ALL: Final = 7
_COMMUNITY_OCTETS: Final = 256
_NUMBERS: Final = frozenset({0x02, 0x41, 0x42, 0x43, 0x47})
_COUNTER64: Final = 0x46
_OBJECT_IDENTIFIER: Final = 0x06
_EMPTY: Final = frozenset({0x05, 0x80, 0x81, 0x82})


class _Variable(Structure):
    """The head of `struct variable_list` (net-snmp/types.h)."""


_Variable._fields_ = [
    ("next", POINTER(_Variable)),
    ("name", POINTER(c_ulong)),
    ("name_length", c_size_t),
    ("type", c_ubyte),
    ("value", c_void_p),
    ("length", c_size_t),
]


class _Pdu(Structure):
    """The head of `struct snmp_pdu` (net-snmp/types.h)."""

    _fields_ = (
        ("version", c_long),
        ("command", c_int),
        ("reqid", c_long),
        ("msgid", c_long),
        ("transid", c_long),
        ("sessid", c_long),
        ("errstat", c_long),
        ("errindex", c_long),
        ("time", c_ulong),
        ("flags", c_ulong),
        ("security_model", c_int),
        ("security_level", c_int),
        ("parse_model", c_int),
        ("largest", c_size_t),
        ("transport_data", c_void_p),
        ("transport_data_length", c_int),
        ("domain", c_void_p),
        ("domain_length", c_size_t),
        ("variables", POINTER(_Variable)),
    )


class Read(NamedTuple):
    """A message: its head as `decode_head` has it, and its varbinds with decoded OIDs."""

    head: tuple[int, bytes, int, int, int, int]
    varbinds: list[tuple[tuple[int, ...], int, int | bytes | tuple[int, ...] | None]]


class NetSnmp:
    """The library, ready to read datagrams.

    Raises:
        OSError: if it is not installed.
    """

    def __init__(self) -> None:
        self._library = library = ctypes.CDLL(LIBRARY)
        library.snmp_comstr_parse.restype = c_void_p
        library.snmp_pdu_create.restype = POINTER(_Pdu)
        # It would log the problem of each damaged datagram.
        library.netsnmp_register_loghandler(_LOG_TO_NOTHING, _LOG_ALL)

    def read(self, data: bytes) -> Read | None:
        """Return what the library reads from a datagram, None if it refuses it."""
        library = self._library
        octets = (c_ubyte * len(data)).from_buffer_copy(data)
        length = c_size_t(len(data))
        community = (c_ubyte * _COMMUNITY_OCTETS)()
        community_length = c_size_t(_COMMUNITY_OCTETS)
        version = c_long()
        pdu_at = library.snmp_comstr_parse(
            octets, byref(length), community, byref(community_length), byref(version)
        )
        if not pdu_at:
            return None
        pdu = library.snmp_pdu_create(_RESPONSE)
        try:
            if library.snmp_pdu_parse(pdu, c_void_p(pdu_at), byref(length)):
                return None
            said = pdu.contents
            head = (
                version.value,
                bytes(community[: community_length.value]),
                said.command,
                said.reqid,
                said.errstat,
                said.errindex,
            )
            return Read(head, _varbinds(said))
        finally:
            library.snmp_free_pdu(pdu)


def _varbinds(
    pdu: _Pdu,
) -> list[tuple[tuple[int, ...], int, int | bytes | tuple[int, ...] | None]]:
    found = []
    variable = pdu.variables
    while variable:
        one = variable.contents
        name = tuple(one.name[: one.name_length])
        found.append((name, one.type, _value(one)))
        variable = one.next
    return found


def _value(one: _Variable) -> int | bytes | tuple[int, ...] | None:
    if one.type in _EMPTY:
        return None
    if one.type in _NUMBERS:
        return c_long.from_address(one.value).value
    if one.type == _COUNTER64:
        high, low = (c_ulong * 2).from_address(one.value)
        return int(high) << 32 | int(low)
    if one.type == _OBJECT_IDENTIFIER:
        arcs = (c_ulong * (one.length // ctypes.sizeof(c_ulong))).from_address(one.value)
        return tuple(arcs)
    return ctypes.string_at(one.value, one.length) if one.length else b""
