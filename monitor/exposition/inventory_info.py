"""What is configured, as sample lines: attributes to join on, and contracts.

Must not know: whether any of it works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.exposition.text import Blocks
from monitor.inventory.checks import Role, snmp_access

if TYPE_CHECKING:
    from monitor.inventory.checks import CheckPlan
    from monitor.inventory.city import Inventory, School, Site


def render_school(school: School) -> dict[str, bytes]:
    """Return the sample lines of one school's attributes, sites, devices and contracts."""
    blocks = Blocks()
    attributes = (school.id, school.number, school.name, school.type, school.district)
    blocks.add("school_info", attributes, 1)
    for site in school.sites:
        _render_site(blocks, school.id, site)
    return blocks.text()


def render_references(inventory: Inventory) -> dict[str, bytes]:
    """Return the sample lines of the reference targets."""
    blocks = Blocks()
    for reference in inventory.references:
        blocks.add("monitor_reference_info", (reference.name, reference.host), 1)
    return blocks.text()


def _render_site(blocks: Blocks, school_id: str, site: Site) -> None:
    labels = (school_id, site.id)
    uplink = site.uplink
    contract = uplink.contract
    place = (str(site.location.latitude), str(site.location.longitude))
    attributes = (*labels, *place, contract.provider, site.lot, site.programme)
    blocks.add("school_site_info", attributes, 1)
    router = (*labels, uplink.device, Role.UPLINK.value, uplink.host)
    blocks.add("school_device_info", router, 1)
    _render_security(blocks, (*labels, uplink.device), uplink.checks)
    for switch in site.switches:
        described = (*labels, switch.name, Role.SWITCH.value, switch.host)
        blocks.add("school_device_info", described, 1)
        _render_security(blocks, (*labels, switch.name), switch.checks)
    blocks.add("school_contract_info", (*labels, contract.provider, contract.reference), 1)
    owed = {
        "down_bits_per_second": contract.down_bps,
        "up_bits_per_second": contract.up_bps,
        "normal_down_bits_per_second": contract.normal_down_bps,
        "normal_up_bits_per_second": contract.normal_up_bps,
        "minimum_down_bits_per_second": contract.minimum_down_bps,
        "minimum_up_bits_per_second": contract.minimum_up_bps,
        "availability_ratio": contract.availability,
    }
    for name, value in owed.items():
        blocks.add(f"school_contract_{name}", labels, value)


def _render_security(blocks: Blocks, labels: tuple[str, ...], plans: tuple[CheckPlan, ...]) -> None:
    access = snmp_access(plans)
    if access is not None:
        blocks.add("school_device_snmp_insecure", labels, int(access.is_insecure))
