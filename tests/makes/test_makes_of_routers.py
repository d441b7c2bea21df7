"""What is read from LANCOM, bintec, Teldat, Fortinet, Sophos, DrayTek, Ruckus, object by object."""

from __future__ import annotations

import pytest

from monitor.observation import Chassis
from tests.makes.agents import (
    CPU,
    ENTITY,
    FAN,
    FREE,
    HEAT,
    KIB,
    RPM,
    SHARE,
    SIZE,
    SUPPLY,
    USED,
    Agent,
)

_XS = "2356.100.1.1"
_FORTI = "12356.101.4.3.2.1"
_HR_LOAD = "1.3.6.1.2.1.25.3.3.1.2"

AGENTS = (
    Agent(
        "lancom-lx",
        "2356.13.8.0.1",
        {
            "2356.13.1.47.4.0": 2000,
            "2356.13.1.47.5.0": 800,
            "2356.13.1.47.7.0": "4000000000000001",
            "2356.13.1.47.9.0": "5.36.0069Rel",
        },
        {(SIZE, ""): 2000 * KIB, (FREE, ""): 800 * KIB},
        Chassis("", "4000000000000001", "5.36.0069Rel"),
    ),
    Agent(
        "lancom-sx",
        "2356.16.8.5110",
        {
            "2356.16.1.1.1.1.3.0": "XS-0000F",
            "2356.16.1.1.1.1.4.0": "4000000000000002",
            "2356.16.1.1.1.1.13.0": "5.20.0099",
            f"{_XS}.1.1.3.1.0": "Chipset",
            f"{_XS}.1.1.6.1.0": 48,
            f"{_XS}.3.1.3.1.0": "Fan 1",
            f"{_XS}.3.1.5.1.0": 2,
            f"{_XS}.3.1.6.1.0": 3947,
            f"{_XS}.4.1.3.1.0": "PS-1",
            f"{_XS}.4.1.5.1.0": 3,
            f"{_XS}.4.1.5.1.1": 1,
        },
        {
            (HEAT, "Chipset"): 48.0,
            (FAN, "Fan 1"): 1.0,
            (RPM, "Fan 1"): 3947.0,
            (SUPPLY, "PS-1"): 0.0,
        },
        Chassis("XS-0000F", "4000000000000002", "5.20.0099"),
    ),
    Agent(
        "lancom-sx",
        "2356.14.8.1",
        {
            "2356.14.1.1.1.2.0": "GS-0000",
            **{f"2356.14.1.1.1.{200 + n}.0": f"{40 + n} C" for n in (1, 2, 3)},
        },
        {(HEAT, f"sensor {n}"): 40.0 + n for n in (1, 2, 3)},
        Chassis("GS-0000", "", ""),
    ),
    Agent(
        "lancom",
        "2356.11.8.301",
        {},
        {},
        Chassis("LANCOM OAP-000", "4000000000000003", "10.12.0147"),
        "LANCOM OAP-000 10.12.0147 / 15.11.2017 4000000000000003",
    ),
    Agent(
        "bintec",
        "272.4.201.66.69.50.48.0.0",
        {
            "272.4.1.17.1.5.0.0.0": "be.IP",
            "272.4.1.17.1.8.0.0.0": "BE0000001",
            "272.4.1.26.0": "V.10.2.9.99 from 2021",
            "272.4.17.4.2.1.2.1.0": "Onboard Flash",
            "272.4.17.4.2.1.4.1.0": 99,
            "272.4.17.4.2.1.2.2.1": "Main Memory",
            "272.4.17.4.2.1.4.2.1": 1000,
            "272.4.17.4.2.1.5.2.1": 250,
        },
        {(SIZE, "Main Memory"): 1000.0, (USED, "Main Memory"): 250.0},
        Chassis("be.IP", "BE0000001", "V.10.2.9.99 from 2021"),
    ),
    Agent(
        "teldat",
        "2007.1.1.199",
        {"2007.1.2.1.6.0": "11.01.99", "2007.4.1.2.1.2.1.1.2.0": 5},
        {(CPU, ""): 0.05},
        Chassis("M1L", "819/00001", "11.01.99"),
        "Router model M1L 1FELAN IPSec T+ 34 156 CPU QorIQ  S/N: 819/00001  Teldat  (c)1996",
    ),
    Agent(
        "fortinet",
        "12356.15",
        {
            "12356.101.4.1.1.0": "v7.2.6",
            f"{_FORTI}.2.1": "CPU Vcore",
            f"{_FORTI}.3.1": "1.1373",
            f"{_FORTI}.2.2": "CPU Core 0",
            f"{_FORTI}.3.2": "62",
            f"{_FORTI}.2.3": "FAN_TMP_3",
            f"{_FORTI}.3.3": "47",
            f"{_FORTI}.2.4": "FAN1",
            f"{_FORTI}.3.4": "7200",
            f"{_FORTI}.4.4": 1,
            f"{_FORTI}.2.5": "PS1 Status",
            f"{_FORTI}.4.5": 0,
            f"{_FORTI}.2.6": "PS1 VIN",
            f"{_FORTI}.4.6": 1,
            f"{ENTITY}.10.1": "FortiGate-0 v7.2.6,build1575b1575",
        },
        {
            (HEAT, "CPU Core 0"): 62.0,
            (HEAT, "FAN_TMP_3"): 47.0,
            (RPM, "FAN1"): 7200.0,
            (FAN, "FAN1"): 0.0,
            (SUPPLY, "PS1 Status"): 1.0,
        },
        Chassis("", "", "v7.2.6"),
    ),
    Agent(
        "fortinet-others",
        "12356.106.1.1486",
        {
            "12356.100.1.1.1.0": "S000EPTF00000000",
            "12356.106.4.1.1.0": "FortiSwitch-000F v7.4.1",
            "12356.106.4.1.2.0": 22,
            "12356.106.4.1.3.0": 400,
            "12356.106.4.1.4.0": 1000,
        },
        {(CPU, ""): 0.22, (USED, ""): 400 * KIB, (SIZE, ""): 1000 * KIB},
        Chassis("", "S000EPTF00000000", "FortiSwitch-000F v7.4.1"),
    ),
    Agent(
        "fortinet-others",
        "12356.120.10.83112",
        {"12356.120.1.1.0": "FP000F-v7.0", "12356.120.1.2.0": "FP000FTF00000000"},
        {},
        Chassis("", "FP000FTF00000000", "FP000F-v7.0"),
    ),
    Agent(
        "fortinet-others",
        "12356.121.200.201",
        {
            "12356.121.21.1.1.1.0": "v7.4.5",
            "12356.121.21.1.1.3.0": "FortiExtender-000E",
            "12356.121.21.1.1.5.0": "FX000ETQ00000000",
            "12356.121.21.1.2.1.0": 3,
            "12356.121.21.1.2.2.0": 20,
        },
        {(CPU, ""): 0.03, (SHARE, ""): 0.2},
        Chassis("FortiExtender-000E", "FX000ETQ00000000", "v7.4.5"),
    ),
    Agent(
        "sophos",
        "21067.2",
        {
            "21067.2.1.1.1.0": "C0000",
            "21067.2.1.1.2.0": "SFVH",
            "21067.2.1.1.3.0": "SFOS 17.5.9",
            "21067.2.1.2.2.1.0": 42,
            "21067.2.1.2.4.2.0": 59,
        },
        {(CPU, ""): 0.42, (SHARE, ""): 0.59},
        Chassis("SFVH", "C0000", "SFOS 17.5.9"),
    ),
    Agent(
        "sophos",
        "2604.5",
        {"2604.5.1.1.4.0": "C0001"},
        {},
        Chassis("", "C0001", ""),
    ),
    Agent(
        "draytek",
        "7367",
        {f"{_HR_LOAD}.0": 6, "7367.3.7.0": 67},
        {(CPU, "0"): 0.06, (SHARE, ""): 0.67},
        Chassis("Vigor0000", "", "4.3.2.9"),
        "DrayTek Corporation, Router Model: Vigor0000, Version: 4.3.2.9, Build Date/Time:x",
    ),
    Agent(
        "draytek",
        "7367",
        {"7367.3.1.0": "Vigor000", "7367.3.2.0": "r13107"},
        {},
        Chassis("Vigor000", "", "r13107"),
    ),
    *(
        Agent(
            "ruckus-wireless",
            system,
            {f"25053.1.{load}.0": 7, f"25053.1.{memory}.0": 26, **about},
            {(CPU, ""): 0.07, (SHARE, ""): 0.26},
            Chassis("R000", "SN00", "9.7.2.9"),
        )
        for system, load, memory, about in (
            (
                "25053.3.1.5.2",
                "2.1.1.1.5.58",
                "2.1.1.1.5.59",
                {
                    f"25053.1.2.1.1.1.1.{n}.0": text
                    for n, text in ((9, "R000"), (15, "SN00"), (18, "9.7.2.9"))
                },
            ),
            (
                "25053.3.1.5.20",
                "15.1.1.1.15.13",
                "15.1.1.1.15.14",
                {
                    f"25053.1.15.1.1.1.1.{n}.0": text
                    for n, text in ((9, "R000"), (15, "SN00"), (18, "9.7.2.9"))
                },
            ),
            (
                "25053.3.1.4.71",
                "1.11.1.1.1.1",
                "1.11.1.1.1.2",
                {
                    "25053.1.1.2.1.1.1.1.0": "R000",
                    "25053.1.1.2.1.1.1.2.0": "SN00",
                    "25053.1.1.3.1.1.1.1.1.3.1": "9.7.2.9",
                },
            ),
        )
    ),
    Agent(
        "ruckus-wireless",
        "25053.3.1.11.1",
        {
            "25053.1.4.1.1.1.15.13.0": "2000",
            "25053.1.8.1.1.1.1.1.1.3.1.50": "SZ000",
            "25053.1.8.1.1.1.1.1.1.9.1.50": "3.6.2.9",
        },
        {},
        Chassis("SZ000", "2000", "3.6.2.9"),
    ),
)


@pytest.mark.parametrize("agent", AGENTS, ids=lambda one: f"{one.profile} {one.sys_object_id}")
async def test_the_objects_of_a_make_are_read(agent: Agent) -> None:
    await agent.check()
