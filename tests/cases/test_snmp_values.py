"""Unreadable values of real devices: each costs only itself."""

from __future__ import annotations

import pytest

from monitor.observation import DeviceReading, Outcome
from monitor.snmp.ber import Tag, encode_tlv
from monitor.snmp.model import LeftOut
from monitor.snmp.oid_octets import encode_oid
from tests.cases.device import KNOWN, Device, asking, rows, switch, text

PORTS = set(range(1, 13))

# Brocade and HPE's power distribution units say sysObjectID as text, or as nothing at all.
OBJECT_IDS = {
    "empty text": (encode_tlv(Tag.OCTET_STRING, b""), LeftOut.KIND),
    "digits as text": (encode_tlv(Tag.OCTET_STRING, b"1.3.6.1.4.1.1588.2.1.1.1"), LeftOut.KIND),
    "octets that look like an OID": (
        encode_tlv(Tag.OCTET_STRING, encode_oid("1.3.6.1.4.1.9")),
        LeftOut.KIND,
    ),
    "an OID without arcs": (encode_tlv(Tag.OBJECT_IDENTIFIER, b""), LeftOut.OID),
    "an OID that ends within an arc": (encode_tlv(Tag.OBJECT_IDENTIFIER, b"\x2b\x86"), LeftOut.OID),
    "a number": (encode_tlv(Tag.INTEGER, b"\x07"), LeftOut.KIND),
}

# snmp_exporter#541 and #1080 met the first.
NUMBERS = {
    "a number without octets": (b"\x41\x00", LeftOut.EMPTY),
    "an INTEGER without octets": (b"\x02\x00", LeftOut.EMPTY),
    "a number of ten octets": (encode_tlv(Tag.COUNTER32, bytes(10)), LeftOut.NUMBER),
    "a number of 33 bits": (encode_tlv(Tag.COUNTER32, b"\x01" + bytes(4)), LeftOut.NUMBER),
    "text": (text("n/a"), LeftOut.KIND),
    "NULL": (b"\x05\x00", LeftOut.KIND),
    "a tag that SNMP has not": (b"\x79\x01\x05", LeftOut.TYPE),
}


@pytest.mark.parametrize("name", OBJECT_IDS)
async def test_an_odd_sysobjectid_is_left_out_and_the_rest_kept(name: str) -> None:
    value, reason = OBJECT_IDS[name]
    device = Device({**switch(), KNOWN["sysObjectID"].oid: value})
    async with asking(device) as asked:
        for _ in range(2):  # the second poll asks for scalars and columns at once
            found = await asked.interfaces()
            assert (found.outcome, found.detail) == (Outcome.OK, "")
            assert isinstance(found.values, DeviceReading)
            assert found.values.sys_object_id == ""
            assert found.values.sys_name == "sw1"
            assert set(found.values.columns["ifHCInOctets"]) == PORTS
        hardware = await asked.hardware()
        assert (hardware.outcome, hardware.detail) == (Outcome.OK, "")
        assert asked.readers.left_out[reason] >= 3


@pytest.mark.parametrize("name", NUMBERS)
async def test_an_unreadable_number_is_missing_and_its_table_complete(name: str) -> None:
    value, reason = NUMBERS[name]
    device = Device({**switch(), **rows("ifInErrors", {4: value})})
    async with asking(device) as asked:
        found = await asked.interfaces()
        assert (found.outcome, found.detail) == (Outcome.OK, "")
        assert isinstance(found.values, DeviceReading)
        assert set(found.values.columns["ifInErrors"]) == PORTS - {4}
        for column in ("ifDescr", "ifName", "ifHCInOctets", "ifHighSpeed"):
            assert set(found.values.columns[column]) == PORTS
        assert asked.readers.left_out[reason] == 1
        assert sum(asked.readers.left_out.values()) == 1


async def test_a_bad_value_beyond_the_table_is_not_even_counted() -> None:
    # The last row of ifInErrors is followed by ifOutQLen, which is not read.
    beyond = f"{KNOWN['ifOutQLen'].oid}.1"
    objects = switch()
    names = {oid: value for oid, value in objects.items() if oid.startswith(KNOWN["ifName"].oid)}
    before = {oid: value for oid, value in objects.items() if oid not in names}
    ordered = dict(sorted({**before, beyond: b"\x42\x00"}.items(), key=_arcs))
    async with asking(Device({**ordered, **names})) as asked:
        found = await asked.read("ifInErrors")
        assert found.failure is None
        assert set(found.columns["ifInErrors"]) == PORTS
        assert found.left_out == {}


def _arcs(entry: tuple[str, bytes]) -> tuple[int, ...]:
    return tuple(map(int, entry[0].split(".")))
