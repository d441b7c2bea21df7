"""The device profiles: the shipped ones, and those of the configuration.

Must not know: schools, or how a device is read.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from math import inf
from typing import TYPE_CHECKING

from monitor.config.shape.device_profiles import DeviceProfileRules
from monitor.config.tree.places import mark_of
from monitor.config.tree.problems import Findings
from monitor.config.tree.text import compose, plain
from monitor.inventory.device_profile import (
    MAX_OID_OCTETS,
    DeviceProfile,
    DeviceProfiles,
    Identity,
    ProfileReading,
    Quantity,
    oid_octets,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.config.shape.layout import Location
    from monitor.config.tree.text import Node

_FOLDER = "device_profiles"


@cache
def own_profiles() -> tuple[DeviceProfile, ...]:
    """Return the shipped profiles, sorted by name."""
    folder = resources.files("monitor.data").joinpath(_FOLDER)
    files = sorted(
        (one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name
    )
    return tuple(
        _profile(
            file.name.removesuffix(".yaml"),
            DeviceProfileRules.model_validate(_content(file.read_bytes(), file.name)),
        )
        for file in files
    )


def device_profiles(
    rules: Mapping[str, DeviceProfileRules], root: Node, findings: Findings
) -> DeviceProfiles:
    """Return all profiles; add a problem for each invalid reading."""
    for name, profile in rules.items():
        for at, reading in enumerate(profile.readings):
            place: Location = ("device_profiles", name, "readings", at)
            if reading.quantity.endswith("_good") != bool(reading.good):
                findings.add(
                    mark_of(root, place),
                    f"{reading.quantity} cannot have good states"
                    if reading.good
                    else f"{reading.quantity} has no good states",
                    "allowed: `good` with a quantity that ends in _good, and only there",
                )
            if not reading.scale:
                findings.add(
                    mark_of(root, (*place, "scale")),
                    "a scale of 0 makes every value the same",
                    "allowed: any other number",
                )
            _check_length(reading.oid, (*place, "oid"), root, findings)
            _check_length(reading.label, (*place, "label"), root, findings)
            _check_expression(reading.named, (*place, "named"), root, findings)
            _check_expression(reading.rows, (*place, "rows"), root, findings)
            _check_expression(reading.number, (*place, "number"), root, findings, groups=1)
            if reading.label and reading.oid.endswith(".0"):
                findings.add(
                    mark_of(root, (*place, "label")),
                    f"{reading.object} is a scalar and has no rows to name",
                    "leave label out, or give the OID of a column",
                )
        place = ("device_profiles", name, "sys_descr")
        _check_expression(profile.sys_descr, place, root, findings)
        if profile.sensor_table:
            # Its columns are read, which have another arc.
            place = ("device_profiles", name, "sensor_table")
            _check_length(f"{profile.sensor_table}.1", place, root, findings)
        if profile.identity:
            for key in ("model", "serial", "software"):
                for oid in getattr(profile.identity, key):
                    place = ("device_profiles", name, "identity", key)
                    _check_length(oid, place, root, findings)
            place = ("device_profiles", name, "identity", "sys_descr")
            _check_expression(profile.identity.sys_descr, place, root, findings)
    shipped = (profile for profile in own_profiles() if profile.name not in rules)
    configured = (_profile(name, profile) for name, profile in rules.items())
    return DeviceProfiles((*shipped, *configured))


def _check_length(oid: str, place: Location, root: Node, findings: Findings) -> None:
    octets = oid_octets(oid) if oid else 0
    if octets > MAX_OID_OCTETS:
        findings.add(
            mark_of(root, place),
            f"an OID that takes {octets} octets cannot be read",
            f"allowed: at most {MAX_OID_OCTETS}",
        )


def _check_expression(
    text: str, place: Location, root: Node, findings: Findings, *, groups: int = 0
) -> None:
    try:
        found = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        findings.add(
            mark_of(root, place),
            f"not a regular expression: {error}",
            "see the syntax of Python's re",
        )
        return
    if text and found.groups < groups:
        findings.add(
            mark_of(root, place),
            "a regular expression without a group for the number",
            "put the number in parentheses, such as `60 Secs \\(([^)]*)`",
        )


def _content(text: bytes, name: str) -> object:
    findings = Findings(name)
    node = compose(text, findings)
    if node is None:
        raise ValueError(f"{name} is not valid YAML")
    return plain(node)


def _profile(name: str, rules: DeviceProfileRules) -> DeviceProfile:
    readings = tuple(
        ProfileReading(
            Quantity(reading.quantity),
            reading.object,
            reading.oid,
            reading.scale,
            frozenset(reading.good),
            frozenset(reading.ignored),
            reading.label,
            reading.offset,
            reading.text,
            reading.named,
            reading.number,
            reading.rows,
            -inf if reading.least is None else reading.least,
            inf if reading.most is None else reading.most,
            reading.milliwatts,
            reading.fallback,
            reading.part,
        )
        for reading in rules.readings
    )
    own = rules.identity
    identity = (
        Identity(tuple(own.model), tuple(own.serial), tuple(own.software), own.sys_descr, own.first)
        if own
        else None
    )
    return DeviceProfile(
        name,
        rules.source,
        tuple(rules.sys_object_id),
        readings,
        identity,
        rules.sensor_table,
        rules.sys_descr,
        rules.sensor_digits,
        frozenset(rules.sensors_ignored),
    )
