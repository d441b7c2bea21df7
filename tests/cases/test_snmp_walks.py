"""Tables of real devices whose rows come in the wrong order or shape."""

from __future__ import annotations

import pytest

from monitor.observation import HardwareReading, Neighbor, Outcome
from monitor.snmp.ber import Tag, encode_tlv
from monitor.snmp.message import PduType
from monitor.snmp.model import FailureKind, LeftOut
from tests.cases.device import KNOWN, Device, asking, number, rows, switch, text

# HPE 1920 and D-Link DGS-1100 (cacti#1293) sort by the digits; the others are siblings.
ORDERS = {
    "as text": [1, 10, 11, 12, 2, 3, 4, 5, 6, 7, 8, 9],
    "backwards": [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
    "as they were plugged in": [5, 300, 2, 129, 1, 12, 128, 127],
}


@pytest.mark.parametrize("name", ORDERS)
async def test_rows_in_any_order_are_all_read(name: str) -> None:
    order = ORDERS[name]
    async with asking(Device(switch(order))) as asked:
        for _ in range(3):
            found = await asked.read("ifName", "ifInErrors", "ifHCInOctets", scalars=("sysName",))
            assert found.failure is None
            assert set(found.columns["ifName"]) == set(order)
            assert found.columns["ifHCInOctets"] == {row: row * 1000 for row in order}
        alone = await asked.read("ifName")
        assert (alone.failure, set(alone.columns["ifName"])) == (None, set(order))


class Circle(Device):
    """Starts over after the last row with an earlier one."""

    def _next(self, oid: tuple[int, ...]) -> tuple[int, ...]:
        found = super()._next(oid)
        first, last = (KNOWN["ifName"].oid + end for end in (".2", ".12"))
        if ".".join(map(str, oid)) == last:
            return tuple(map(int, first.split(".")))
        return found


@pytest.mark.parametrize("name", ["as they should be", *ORDERS])
async def test_a_looping_walk_ends_at_the_first_repeated_row(name: str) -> None:
    order = ORDERS.get(name, list(range(1, 13)))
    device = Circle(switch(order))
    async with asking(device) as asked:
        found = await asked.read("ifName")
        if 2 in order[order.index(12) :]:
            assert found.failure is None or found.failure.kind is FailureKind.NOT_INCREASING
        else:
            assert found.failure is not None
            assert found.failure.kind is FailureKind.NOT_INCREASING
        assert len(device.asked) < 12


async def test_an_agent_whose_getbulk_repeats_the_request_is_read_by_getnext() -> None:
    columns = ("ifName", "ifHCInOctets", "ifInErrors")
    device = Device(switch(range(1, 41)), repeats=True)
    async with asking(device) as asked:
        for turn in range(2):
            device.asked.clear()
            found = await asked.read(*columns)
            assert found.failure is None
            assert {name: len(found.columns[name]) for name in columns} == dict.fromkeys(
                columns, 40
            )
            assert device.asked.count(PduType.GET_BULK) == (0 if turn else 2)


REMOTE = {
    "lldpRemPortIdSubtype": number(5, Tag.INTEGER),
    "lldpRemPortId": text("ge-0/0/1"),
    "lldpRemPortDesc": text("to the cellar"),
    "lldpRemSysName": text("attic"),
    "lldpRemSysCapEnabled": encode_tlv(Tag.OCTET_STRING, b"\x20\x00"),
}


def lldp(index: str) -> dict[str, bytes]:
    """Return one neighbor at port 7, in a row with that index."""
    return {
        **rows("lldpLocPortIdSubtype", {7: number(5, Tag.INTEGER)}),
        **rows("lldpLocPortId", {7: text("Gi7")}),
        **{f"{KNOWN[name].oid}.{index}": value for name, value in REMOTE.items()},
    }


# MikroTik's CRS317 and TP-Link's JetStream name a row by its port alone.
@pytest.mark.parametrize(
    ("index", "neighbors"),
    [
        ("0.7.1", (Neighbor("Gi7", "attic", "ge-0/0/1"),)),
        ("7", (Neighbor("Gi7", "attic", "ge-0/0/1"),)),
        ("7.1", ()),
        ("0.7.1.4", ()),
    ],
)
async def test_a_neighbor_row_with_a_nonstandard_index_fails_no_check(
    index: str, neighbors: tuple[Neighbor, ...]
) -> None:
    system = {oid: value for oid, value in switch().items() if oid.startswith("1.3.6.1.2.1.1.")}
    async with asking(Device({**lldp(index), **system})) as asked:
        found = await asked.hardware()
        assert (found.outcome, found.detail) == (Outcome.OK, "")
        assert isinstance(found.values, HardwareReading)
        assert found.values.neighbors == neighbors


@pytest.mark.parametrize("extra", ["3.1", "12.7.7", "1.0"])
async def test_a_row_with_too_many_arcs_is_skipped(extra: str) -> None:
    objects = {**switch(), f"{KNOWN['ifName'].oid}.{extra}": text("a ghost")}
    ordered = dict(sorted(objects.items(), key=lambda one: tuple(map(int, one[0].split(".")))))
    async with asking(Device(ordered)) as asked:
        for columns in (("ifName",), ("ifName", "ifInErrors", "ifHCInOctets")):
            found = await asked.read(*columns)
            assert found.failure is None
            assert set(found.columns["ifName"]) == set(range(1, 13))
            assert found.left_out == {LeftOut.INDEX: 1}
