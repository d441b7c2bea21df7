from __future__ import annotations

import pytest

from monitor.snmp.oid_octets import decode_oid, encode_oid
from monitor.snmp.oids import SCALARS, TABLES, Syntax, objects


def test_every_name_and_every_oid_is_listed_once() -> None:
    known = objects()
    count = len(SCALARS) + sum(len(table.columns) for table in TABLES)
    assert len(known) == count
    assert len({entry.oid for entry in known.values()}) == count


def test_every_oid_can_be_encoded() -> None:
    for entry in objects().values():
        assert decode_oid(encode_oid(entry.oid)) == tuple(map(int, entry.oid.split(".")))


@pytest.mark.parametrize(
    ("name", "oid", "syntax"),
    [
        ("ifInOctets", "1.3.6.1.2.1.2.2.1.10", Syntax.COUNTER32),
        ("ifOutErrors", "1.3.6.1.2.1.2.2.1.20", Syntax.COUNTER32),
        ("ifOperStatus", "1.3.6.1.2.1.2.2.1.8", Syntax.INTEGER),
        ("ifName", "1.3.6.1.2.1.31.1.1.1.1", Syntax.STRING),
        ("ifHCInOctets", "1.3.6.1.2.1.31.1.1.1.6", Syntax.COUNTER64),
        ("ifHCOutOctets", "1.3.6.1.2.1.31.1.1.1.10", Syntax.COUNTER64),
        ("ifHighSpeed", "1.3.6.1.2.1.31.1.1.1.15", Syntax.GAUGE),
        ("ifAlias", "1.3.6.1.2.1.31.1.1.1.18", Syntax.STRING),
        ("sysUpTime", "1.3.6.1.2.1.1.3.0", Syntax.TIMETICKS),
        ("sysObjectID", "1.3.6.1.2.1.1.2.0", Syntax.OID),
    ],
)
def test_objects_are_those_of_the_mib(name: str, oid: str, syntax: Syntax) -> None:
    entry = objects()[name]
    assert (entry.oid, entry.syntax) == (oid, syntax)
