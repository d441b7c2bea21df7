"""The inventory as sample lines: attributes to join on, and contracts.

Must not know: whether any of it works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.exposition.metric import DEVICE, SITE, Kind, Metric
from monitor.exposition.text import Blocks
from monitor.inventory.checks import Role, snmp_access

if TYPE_CHECKING:
    from monitor.inventory.checks import CheckPlan
    from monitor.inventory.city import Contract, Inventory, School, Site

_RATE: Final = "bits per second"


def _contract(name: str, unit: str, text: str) -> Metric:
    return Metric(name, Kind.GAUGE, unit, text, SITE)


SCHOOL_INFO: Final = Metric(
    "school_info",
    Kind.INFO,
    "",
    "Attributes of a school, to be joined on school",
    ("school", "number", "name", "type", "district"),
)
SCHOOL_SITE_INFO: Final = Metric(
    "school_site_info",
    Kind.INFO,
    "",
    "Attributes of a site, to be joined on school and site; coordinates in degrees (WGS84); "
    "empty if not configured",
    (*SITE, "lat", "lon", "provider", "lot", "programme"),
)
SCHOOL_DEVICE_INFO: Final = Metric(
    "school_device_info",
    Kind.INFO,
    "",
    "A configured device: its role (uplink, switch) and host",
    (*DEVICE, "role", "host"),
)
SCHOOL_DEVICE_SNMP_INSECURE: Final = Metric(
    "school_device_snmp_insecure",
    Kind.GAUGE,
    "",
    "Whether SNMP traffic with the device can be read by others: "
    "0 with SNMPv3 and encryption, else 1",
    DEVICE,
)
MONITOR_REFERENCE_INFO: Final = Metric(
    "monitor_reference_info",
    Kind.INFO,
    "",
    "A configured reference target outside the schools",
    ("device", "host"),
)
SCHOOL_CONTRACT_INFO: Final = Metric(
    "school_contract_info",
    Kind.INFO,
    "",
    "A site's contract: the provider, and its number or document, empty if not configured; "
    "absent, as its rates are, without a contract",
    (*SITE, "provider", "reference"),
)
SCHOOL_CONTRACT_DOWN_BITS_PER_SECOND: Final = _contract(
    "school_contract_down_bits_per_second", _RATE, "Contracted maximum rate towards the site"
)
SCHOOL_CONTRACT_UP_BITS_PER_SECOND: Final = _contract(
    "school_contract_up_bits_per_second", _RATE, "Contracted maximum rate from the site"
)
SCHOOL_CONTRACT_NORMAL_DOWN_BITS_PER_SECOND: Final = _contract(
    "school_contract_normal_down_bits_per_second", _RATE, "Rate normally available towards the site"
)
SCHOOL_CONTRACT_NORMAL_UP_BITS_PER_SECOND: Final = _contract(
    "school_contract_normal_up_bits_per_second", _RATE, "Rate normally available from the site"
)
SCHOOL_CONTRACT_MINIMUM_DOWN_BITS_PER_SECOND: Final = _contract(
    "school_contract_minimum_down_bits_per_second",
    _RATE,
    "Contracted minimum rate towards the site",
)
SCHOOL_CONTRACT_MINIMUM_UP_BITS_PER_SECOND: Final = _contract(
    "school_contract_minimum_up_bits_per_second", _RATE, "Contracted minimum rate from the site"
)
SCHOOL_CONTRACT_AVAILABILITY_RATIO: Final = _contract(
    "school_contract_availability_ratio", "", "Contracted share of the month that the line is up"
)

INVENTORY_METRICS: Final = (
    SCHOOL_INFO,
    SCHOOL_SITE_INFO,
    SCHOOL_DEVICE_INFO,
    SCHOOL_DEVICE_SNMP_INSECURE,
    MONITOR_REFERENCE_INFO,
    SCHOOL_CONTRACT_INFO,
    SCHOOL_CONTRACT_DOWN_BITS_PER_SECOND,
    SCHOOL_CONTRACT_UP_BITS_PER_SECOND,
    SCHOOL_CONTRACT_NORMAL_DOWN_BITS_PER_SECOND,
    SCHOOL_CONTRACT_NORMAL_UP_BITS_PER_SECOND,
    SCHOOL_CONTRACT_MINIMUM_DOWN_BITS_PER_SECOND,
    SCHOOL_CONTRACT_MINIMUM_UP_BITS_PER_SECOND,
    SCHOOL_CONTRACT_AVAILABILITY_RATIO,
)


def render_school(school: School) -> dict[str, bytes]:
    """Return the sample lines of one school's attributes, sites, devices and contracts."""
    blocks = Blocks()
    attributes = (school.id, school.number, school.name, school.type, school.district)
    blocks.add(SCHOOL_INFO, attributes, 1)
    for site in school.sites:
        _render_site(blocks, school.id, site)
    return blocks.text()


def render_references(inventory: Inventory) -> dict[str, bytes]:
    """Return the sample lines of the reference targets."""
    blocks = Blocks()
    for reference in inventory.references:
        blocks.add(MONITOR_REFERENCE_INFO, (reference.name, reference.host), 1)
    return blocks.text()


def _render_site(blocks: Blocks, school_id: str, site: Site) -> None:
    labels = (school_id, site.id)
    uplink = site.uplink
    at = site.location
    place = ("", "") if at is None else (str(at.latitude), str(at.longitude))
    attributes = (*labels, *place, uplink.provider, site.lot, site.programme)
    blocks.add(SCHOOL_SITE_INFO, attributes, 1)
    router = (*labels, uplink.device, Role.UPLINK.value, uplink.host)
    blocks.add(SCHOOL_DEVICE_INFO, router, 1)
    _render_security(blocks, (*labels, uplink.device), uplink.checks)
    for switch in site.switches:
        described = (*labels, switch.name, Role.SWITCH.value, switch.host)
        blocks.add(SCHOOL_DEVICE_INFO, described, 1)
        _render_security(blocks, (*labels, switch.name), switch.checks)
    if uplink.contract is not None:
        _render_contract(blocks, labels, uplink.contract)


def _render_contract(blocks: Blocks, labels: tuple[str, str], contract: Contract) -> None:
    blocks.add(SCHOOL_CONTRACT_INFO, (*labels, contract.provider, contract.reference), 1)
    owed = {
        SCHOOL_CONTRACT_DOWN_BITS_PER_SECOND: contract.down_bps,
        SCHOOL_CONTRACT_UP_BITS_PER_SECOND: contract.up_bps,
        SCHOOL_CONTRACT_NORMAL_DOWN_BITS_PER_SECOND: contract.normal_down_bps,
        SCHOOL_CONTRACT_NORMAL_UP_BITS_PER_SECOND: contract.normal_up_bps,
        SCHOOL_CONTRACT_MINIMUM_DOWN_BITS_PER_SECOND: contract.minimum_down_bps,
        SCHOOL_CONTRACT_MINIMUM_UP_BITS_PER_SECOND: contract.minimum_up_bps,
        SCHOOL_CONTRACT_AVAILABILITY_RATIO: contract.availability,
    }
    for metric, value in owed.items():
        blocks.add(metric, labels, value)


def _render_security(blocks: Blocks, labels: tuple[str, ...], plans: tuple[CheckPlan, ...]) -> None:
    access = snmp_access(plans)
    if access is not None:
        blocks.add(SCHOOL_DEVICE_SNMP_INSECURE, labels, int(access.is_insecure))
