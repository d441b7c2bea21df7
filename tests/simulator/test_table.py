from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.model import build_devices
from monitor.simulator.objects import Growth, Rate
from monitor.simulator.table import Layout, Living, TableBuilder
from monitor.snmp.ber import Tag
from monitor.snmp.encode import encode_varbind
from monitor.snmp.oid_octets import decode_oid, encode_oid
from tests.simulator.cities import simulated_city

OID = encode_oid("1.3.6.1.2.1.31.1.1.1.6.10101")


@cache
def layout_of_a_switch() -> Layout:
    return TableBuilder().build(build_devices(simulated_city(1))[1]).layout


@given(
    tag=st.sampled_from([Tag.COUNTER32, Tag.COUNTER64, Tag.TIMETICKS]),
    value=st.integers(0, 2**80),
)
def test_a_changing_value_is_encoded_as_by_the_codec(tag: Tag, value: int) -> None:
    # Rates are floats; this one is the exact value, so nothing is rounded on the way.
    exact = int(float(value))
    living = Living(OID, Growth(tag, Rate.IN), 0, 0)
    width = 64 if tag is Tag.COUNTER64 else 32
    expected = encode_varbind(OID, tag, exact % (1 << width))
    assert living.encode([float(value)], [1.0]) == expected


def test_every_layout_is_in_the_order_of_the_mib() -> None:
    builder = TableBuilder()
    for device in build_devices(simulated_city(20, 12)):
        layout = builder.build(device).layout
        assert list(layout.arcs) == sorted(set(layout.arcs)), device.place
        assert layout.arcs == tuple(decode_oid(oid) for oid in layout.oids)


def test_devices_with_the_same_numbering_share_their_layout() -> None:
    builder = TableBuilder()
    devices = build_devices(simulated_city(83, 12))
    for device in devices:
        builder.build(device)
    assert builder.layouts < 40


@given(st.data())
def test_after_finds_the_first_object_following_any_oid(data: st.DataObject) -> None:
    layout = layout_of_a_switch()
    arcs = data.draw(
        st.one_of(
            st.sampled_from(layout.arcs),
            st.sampled_from(layout.arcs).flatmap(
                lambda known: st.integers(2, len(known)).map(lambda cut: known[:cut])
            ),
            st.sampled_from(layout.arcs).flatmap(
                lambda known: st.integers(0, 2**32 - 1).map(lambda arc: (*known[:-1], arc))
            ),
        )
    )
    expected = sum(1 for known in layout.arcs if known <= arcs)
    assert layout.after(encode_oid(arcs)) == expected
