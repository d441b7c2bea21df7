"""The table of docs/snmp.md: how each make is read, and what that was verified against.

`python -m tests.makes.table` writes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.config.build.device_profiles import own_profiles
from tests.makes.meter import FOLDERS, present_and_read, read_of
from tests.makes.recording import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.inventory.device_profile import DeviceProfile
    from monitor.observation import HardwareReading

PAGE: Final = Path(__file__).parents[2] / "docs" / "snmp.md"
HEAD: Final = "| make, product line | what is read | by | verified against |\n|---|---|---|---|\n"
LINES: Final[Mapping[str, str]] = {
    "3com": "3Com SuperStack and 4200",
    "allied-telesis": "Allied Telesis, AlliedWare Plus",
    "aruba-aos-s": "HP ProCurve, HPE and Aruba AOS-S",
    "aruba-controller": "Aruba controllers (ArubaOS)",
    "aruba-cx": "HPE Aruba AOS-CX",
    "aruba-instant": "Aruba Instant access points",
    "avaya-ers": "Avaya and Extreme ERS",
    "bdcom": "BDCOM",
    "bintec": "bintec routers",
    "brocade-fabric": "Brocade Fabric OS",
    "cisco": "Cisco IOS, IOS XE, NX-OS, AireOS",
    "cisco-business": "Cisco Business and Small Business",
    "comware": "H3C, HPE and 3Com Comware",
    "digital-china": "Digital China",
    "dlink": "D-Link DES, DGS, DXS",
    "draytek": "DrayTek Vigor",
    "extreme": "Extreme EXOS",
    "extreme-voss": "Avaya and Extreme VOSS",
    "fortinet": "Fortinet FortiGate",
    "fortinet-others": "Fortinet FortiSwitch, FortiAP, FortiExtender",
    "hp-msm": "HP MSM",
    "huawei": "Huawei S, AR and NE (VRP)",
    "icx": "Brocade and Ruckus ICX, FastIron",
    "juniper": "Juniper Junos",
    "lancom": "LANCOM LCOS",
    "lancom-lx": "LANCOM LCOS LX",
    "lancom-sx": "LANCOM LCOS SX",
    "maipu": "Maipu",
    "mikrotik": "MikroTik RouterOS and SwOS",
    "net-snmp": "Linux, and newer Ubiquiti UniFi",
    "netgear": "Netgear fully managed (FASTPATH)",
    "ruckus-wireless": "Ruckus ZoneDirector, Unleashed, SmartZone and access points",
    "ruijie": "Ruijie",
    "sophos": "Sophos Firewall (SFOS) and Cyberoam",
    "teldat": "Teldat routers",
    "tp-link": "TP-Link JetStream and Omada switches",
    "trapeze": "Trapeze and Juniper WLC",
    "ubiquiti": "Ubiquiti UniFi, airOS, airFiber and EdgeOS",
    "ubiquiti-edgeswitch": "Ubiquiti EdgeSwitch",
    "zyxel": "Zyxel GS, XGS, MGS, ZyWALL, USG, NWA and NXC",
}
# Verified against recordings that are not ours to publish.
OTHERS: Final = frozenset(LINES) - {
    "bdcom",
    "brocade-fabric",
    "digital-china",
    "maipu",
    "ruijie",
    "trapeze",
}


def rows(readings: Mapping[str, HardwareReading]) -> Iterator[str]:
    """Yield the table's rows; `readings` are those of the recordings, by name."""
    for profile in own_profiles():
        held = [
            name.rpartition("/")[2]
            for name, reading in sorted(readings.items())
            if reading.profile == profile.name and (reading.parts or read_of(reading))
        ]
        if profile.name in OTHERS:
            held.append("others")
        against = "recordings: " + ", ".join(held) if held else "the MIB's text alone"
        yield f"| {LINES[profile.name]} | {_quantities(profile)} | {profile.source} | {against} |\n"


def _quantities(profile: DeviceProfile) -> str:
    quantities = dict.fromkeys(one.quantity.value for one in profile.readings)
    words = [f"`{one}`" for one in quantities]
    if profile.sensor_table:
        words.append("sensors")
    if profile.identity:
        words.append("what it is")
    return ", ".join(words)


def written(readings: Mapping[str, HardwareReading]) -> str:
    """Return the page with the table that follows from the profiles and the recordings."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(HEAD)
    after = rest[rest.index("\n\n") + 1 :] if not rest.startswith("\n") else rest
    return f"{before}{HEAD}{''.join(rows(readings))}{after}"


if __name__ == "__main__":
    PAGE.write_text(
        written({name: present_and_read(name)[1] for folder in FOLDERS for name in names(folder)}),
        encoding="utf-8",
    )
