"""The objects of vendors' public MIBs that give a quantity: what could be read from a device.

Written from the MIBs, independently of the device profiles, so that gaps in these show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.makes.recording import Recorded, Value

# Numbers that agents give for a part that has no such value.
_NOTHING: Final = frozenset({0, -1, -255, -4000, 65535, 2147483647, -99999999})


@dataclass(frozen=True)
class Known:
    """An object that gives a quantity, if the name of its row contains `named`, where given."""

    name: str
    oid: str
    label: str = ""
    named: str = ""
    type_column: str = ""
    types: tuple[int, ...] = ()
    is_state: bool = False


_ENTITY_SENSOR = "1.3.6.1.2.1.99.1.1.1"
_CISCO_SENSOR = "1.3.6.1.4.1.9.9.91.1.1.1.1"
_FORTI = "1.3.6.1.4.1.12356.101.4.3.2.1"
_FABRIC = "1.3.6.1.4.1.1588.2.1.1.1.1.22.1"
_JUNIPER = "1.3.6.1.4.1.2636.3.1.13.1"
_HUAWEI = "1.3.6.1.4.1.2011.5.25.31.1.1"
_H3C_OLD = "1.3.6.1.4.1.2011.10.2.6.1.1.1.1"
_H3C = "1.3.6.1.4.1.25506.2.6.1.1.1.1"
_UCD = "1.3.6.1.4.1.2021"
_RUIJIE = "1.3.6.1.4.1.4881.1.1.10.2"


_ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
_SYS_DESCR = "1.3.6.1.2.1.1.1"
_MODEL = r"(?:ICX|D[EG]S-|MODEL: |ProCurve |[Ss]witch +|S)\d"


def _sensors(entry: str, *types: int) -> Known:
    return Known("sensor", f"{entry}.4", type_column=f"{entry}.1", types=types)


KNOWN: Final[dict[str, tuple[Known, ...]]] = {
    "temperature": (
        _sensors(_ENTITY_SENSOR, 8),
        _sensors(_CISCO_SENSOR, 8),
        Known("ciscoEnvMonTemperatureStatusValue", "1.3.6.1.4.1.9.9.13.1.3.1.3"),
        Known("lmTempSensorsValue", f"{_UCD}.13.16.2.1.3"),
        Known("hwEntityTemperature", f"{_HUAWEI}.1.1.11"),
        Known("hh3cEntityExtTemperature", f"{_H3C}.12"),
        Known("h3cEntityExtTemperature", f"{_H3C_OLD}.12"),
        Known("swTemperatureCurrent", "1.3.6.1.4.1.171.12.11.1.8.1.2"),
        Known("jnxOperatingTemp", f"{_JUNIPER}.7"),
        Known("fgHwSensorEntValue", f"{_FORTI}.3", f"{_FORTI}.2", "(?i)temp|core|^D?TS|^TD"),
        Known("snAgentTempValue", "1.3.6.1.4.1.1991.1.1.2.13.1.1.4"),
        Known("swSensorValue", f"{_FABRIC}.4", f"{_FABRIC}.5", "TEMP"),
        Known("ruijieSystemTemperatureCurrent", f"{_RUIJIE}.1.1.23.1.3"),
        Known("wlsxSysExtInternalTemperature", "1.3.6.1.4.1.14823.2.2.1.2.1.10"),
        Known("switchTemperature", "1.3.6.1.4.1.6339.100.1.11.9"),
        Known("switchTemperature", "1.3.6.1.4.1.5651.6.7.2.100.1.11.9"),
    ),
    "processor": (
        Known("cpmCPUTotal5minRev", "1.3.6.1.4.1.9.9.109.1.1.1.1.8"),
        Known("cpmCPUTotal5sec", "1.3.6.1.4.1.9.9.109.1.1.1.1.3"),
        Known("agentCurrentCPUUtilization", "1.3.6.1.4.1.14179.1.1.5.1"),
        Known("hrProcessorLoad", "1.3.6.1.2.1.25.3.3.1.2"),
        Known("ssCpuIdle", f"{_UCD}.11.11"),
        Known("hwEntityCpuUsage", f"{_HUAWEI}.1.1.5"),
        Known("hh3cEntityExtCpuUsage", f"{_H3C}.6"),
        Known("h3cEntityExtCpuUsage", f"{_H3C_OLD}.6"),
        Known("agentCPUutilizationIn1min", "1.3.6.1.4.1.171.12.1.1.6.2"),
        Known("hpSwitchCpuStat", "1.3.6.1.4.1.11.2.14.11.5.1.9.6.1"),
        Known("jnxOperatingCPU", f"{_JUNIPER}.8"),
        Known("fgSysCpuUsage", "1.3.6.1.4.1.12356.101.4.1.3"),
        Known("snAgGblCpuUtil1MinAvg", "1.3.6.1.4.1.1991.1.1.2.1.52"),
        Known("ruijieCPUUtilization1Min", f"{_RUIJIE}.36.1.1.2"),
        Known("wlsxSysExtProcessorLoad", "1.3.6.1.4.1.14823.2.2.1.2.1.13.1.3"),
        Known("trpzSysCpuLastMinuteLoad", "1.3.6.1.4.1.14525.4.8.1.1.11.3"),
        Known("switchCpuUsage", "1.3.6.1.4.1.6339.100.1.11.10"),
        Known("switchCpuUsage", "1.3.6.1.4.1.5651.6.7.2.100.1.11.10"),
        Known("bdcomCPUTotal1min", "1.3.6.1.4.1.3320.9.109.1.1.1.1.4"),
    ),
    "memory": (
        Known("ciscoMemoryPoolUsed", "1.3.6.1.4.1.9.9.48.1.1.1.5"),
        Known("cpmCPUMemoryUsed", "1.3.6.1.4.1.9.9.109.1.1.1.1.12"),
        Known("agentTotalMemory", "1.3.6.1.4.1.14179.1.1.5.2"),
        Known("memTotalReal", f"{_UCD}.4.5"),
        Known(
            "hrStorageUsed",
            "1.3.6.1.2.1.25.2.3.1.6",
            "1.3.6.1.2.1.25.2.3.1.3",
            "(?i)physical|real memory|management memory",
        ),
        Known("hwEntityMemUsage", f"{_HUAWEI}.1.1.7"),
        Known("hh3cEntityExtMemUsage", f"{_H3C}.8"),
        Known("h3cEntityExtMemUsage", f"{_H3C_OLD}.8"),
        Known("agentDRAMutilization", "1.3.6.1.4.1.171.12.1.1.9.1.4"),
        Known("hpLocalMemTotalBytes", "1.3.6.1.4.1.11.2.14.11.5.1.1.2.1.1.1.5"),
        Known("jnxOperatingBuffer", f"{_JUNIPER}.11"),
        Known("fgSysMemUsage", "1.3.6.1.4.1.12356.101.4.1.4"),
        Known("snAgGblDynMemUtil", "1.3.6.1.4.1.1991.1.1.2.1.53"),
        Known("ruijieMemoryPoolCurrentUtilization", f"{_RUIJIE}.35.1.1.1.3"),
        Known("sysExtMemorySize", "1.3.6.1.4.1.14823.2.2.1.2.1.15.1.2"),
        Known("trpzSysMemoryTotal", "1.3.6.1.4.1.14525.4.8.1.1.6"),
        Known("switchMemorySize", "1.3.6.1.4.1.6339.100.1.11.6"),
        Known("switchMemorySize", "1.3.6.1.4.1.5651.6.7.2.100.1.11.6"),
        Known("bdcomMemoryPoolUtilization", "1.3.6.1.4.1.3320.9.48.1"),
    ),
    "optics": (
        _sensors(_CISCO_SENSOR, 14),
        Known("hwEntityOpticalLaneRxPower", f"{_HUAWEI}.3.1.32"),
        Known("hh3cTransceiverCurRXPower", "1.3.6.1.4.1.25506.2.70.1.1.1.12"),
        Known("jnxDomCurrentRxLaserPower", "1.3.6.1.4.1.2636.3.60.1.1.1.1.5"),
        Known("swSfpRxPower", "1.3.6.1.4.1.1588.2.1.1.1.28.1.1.4"),
        Known("hpicfXcvrRxPower", "1.3.6.1.4.1.11.2.14.11.5.1.82.1.1.1.1.15"),
        Known("snIfOpticalMonitoringRxPower", "1.3.6.1.4.1.1991.1.1.3.3.6.1.3"),
    ),
    "fans": (
        _sensors(_ENTITY_SENSOR, 10),
        Known("ciscoEnvMonFanState", "1.3.6.1.4.1.9.9.13.1.4.1.3", is_state=True),
        Known("cefcFanTrayOperStatus", "1.3.6.1.4.1.9.9.117.1.4.1.1.1", is_state=True),
        Known("lmFanSensorsValue", f"{_UCD}.13.16.3.1.3"),
        Known("hwEntityFanState", f"{_HUAWEI}.10.1.7", is_state=True),
        Known("hh3cDevMFanStatus", "1.3.6.1.4.1.25506.8.35.9.1.1.1.2", is_state=True),
        Known("hpicfFanState", "1.3.6.1.4.1.11.2.14.11.5.1.54.2.1.1.4", is_state=True),
        Known("jnxOperatingState", f"{_JUNIPER}.6", f"{_JUNIPER}.5", "(?i)fan", is_state=True),
        Known("fgHwSensorEntValue", f"{_FORTI}.3", f"{_FORTI}.2", "(?i)fan"),
        Known("swSensorValue", f"{_FABRIC}.4", f"{_FABRIC}.5", "FAN"),
        Known("snChasFanOperStatus", "1.3.6.1.4.1.1991.1.1.1.3.1.1.3", is_state=True),
        Known("wlsxSysExtFanStatus", "1.3.6.1.4.1.14823.2.2.1.2.1.17.1.2", is_state=True),
    ),
    "model": (
        Known("entPhysicalModelName", f"{_ENTITY}.13", f"{_ENTITY}.13", ".", is_state=True),
        Known("jnxBoxDescr", "1.3.6.1.4.1.2636.3.1.2", is_state=True),
        Known("sysDescr", _SYS_DESCR, _SYS_DESCR, _MODEL, is_state=True),
    ),
    "serial": tuple(
        Known(name, oid, oid, "[0-9A-Z]{6}", is_state=True)
        for name, oid in (
            ("entPhysicalSerialNum", f"{_ENTITY}.11"),
            ("jnxBoxSerialNo", "1.3.6.1.4.1.2636.3.1.3"),
            ("snChasSerNum", "1.3.6.1.4.1.1991.1.1.1.1.2"),
            ("agentSerialNumber", "1.3.6.1.4.1.171.12.1.1.12"),
            ("fnSysSerial", "1.3.6.1.4.1.12356.100.1.1.1"),
            ("wlsxSysExtSerialNumber", "1.3.6.1.4.1.14823.2.2.1.2.1.29"),
            ("trpzSysSerial", "1.3.6.1.4.1.14525.4.2.1.1"),
            ("chassisId", "1.3.6.1.4.1.9.3.6.3"),
        )
    ),
    "software": (
        Known("entPhysicalSoftwareRev", f"{_ENTITY}.10", f"{_ENTITY}.10", ".", is_state=True),
        Known(
            "sysDescr",
            _SYS_DESCR,
            _SYS_DESCR,
            "(?i)(?:version|revision|fw):? *v?[0-9]",
            is_state=True,
        ),
        Known("swFirmwareVersion", "1.3.6.1.4.1.1588.2.1.1.1.1.6", is_state=True),
    ),
}


def known_of(device: Recorded, quantity: str) -> list[str]:
    """Return the names of the objects that give a quantity on a device."""
    return [known.name for known in KNOWN[quantity] if _says(device, known)]


def _says(device: Recorded, known: Known) -> bool:
    rows = dict(device.column(known.oid))
    if known.label:
        labels = dict(device.column(known.label))
        rows = {
            index: value
            for index, value in rows.items()
            if re.search(known.named, _text(labels.get(index, b"")))
        }
    if known.type_column:
        types = dict(device.column(known.type_column))
        rows = {index: value for index, value in rows.items() if types.get(index) in known.types}
    return any(known.is_state or _number(value) not in _NOTHING for value in rows.values())


def _text(value: Value) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _number(value: Value) -> float:
    if isinstance(value, int):
        return value
    found = re.search(r"-?\d+(?:\.\d+)?", _text(value))
    return float(found[0]) if found else 0.0
