"""The property that the fuzzer checks for every datagram: all SNMP decoders refuse it or agree.

Must not know: where the datagrams come from.
"""

from __future__ import annotations

from monitor.snmp.ber import CodecError
from monitor.snmp.decode import decode_head, decode_message
from monitor.snmp.dump import Dump
from monitor.snmp.oids import objects
from monitor.snmp.rows import RowReaders
from monitor.snmp.scalars import Get, by_oid
from monitor.snmp.secure_message import decode_scoped, decode_secure, is_secure
from tests.snmp.test_columns import BY_ROW, IN_A_RUN, LAYOUTS, fast, general

_READERS = RowReaders()
_SCALARS = by_oid([objects()[name] for name in ("sysDescr", "sysObjectID", "sysUpTime")])


def digest(data: bytes) -> None:
    """Pass a datagram to every decoder.

    Raises:
        AssertionError: if two decoders disagree. Any exception other than ours is a bug, too.
    """
    for layouts in (LAYOUTS, BY_ROW, IN_A_RUN):
        by_the_fast_one = fast(layouts, data, _READERS)
        if by_the_fast_one is not None:
            assert by_the_fast_one == general(layouts, data)
    _secure(data)
    try:
        head = decode_head(data)
    except CodecError:
        return
    for conversation in (Get(_SCALARS), Dump(("1.3.6.1.2.1",), bulk=True)):
        assert conversation.question()
        conversation.answer(head, data[: head[7]])
    try:
        decode_message(data)
    except CodecError:
        return


def _secure(data: bytes) -> None:
    try:
        message = decode_secure(data)
    except CodecError:
        return
    assert is_secure(data)
    try:
        decode_scoped(message.content)
    except CodecError:
        return
