"""docs/operation.md, step by step, on an empty Debian 12 and 13: install, use, upgrade, remove.

The machines are booted with systemd; their devices are net-snmp on loopback, their clock is that of
the test machine.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor import __version__
from tests.drills.debian import Image, Machine, debootstrap, what_is_missing
from tools.deb import build, libraries

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.integration,
    pytest.mark.heavy,
    pytest.mark.skipif(bool(what_is_missing()), reason=what_is_missing()),
]

MANUAL = (Path(__file__).parents[2] / "docs/operation.md").read_text(encoding="utf-8")
BEFORE = f"{__version__}~before"
LEDGER = "/var/lib/schulnetz/ledger.sqlite"
COMMUNITY = "geheim"
# The example's addresses -> those of net-snmp in the machine; a reference stays a public address.
ADDRESSES = (
    ("192.0.2.0/24", "127.0.1.0/24"),
    ("198.51.100.1}", "127.0.2.1}"),
    ("198.51.100.2}", "127.0.2.2}"),
    ("uplink: wan", "uplink: lo"),
)
DEVICES = f"""\
agentaddress udp:127.0.1.1:161,udp:127.0.1.11:161
rocommunity {COMMUNITY}
sysName router
"""
METRICS = (
    'python3 -c "import urllib.request as u; '
    "print(u.urlopen('http://127.0.0.1:9822/metrics').read().decode())\""
)


def documented(heading: str) -> list[str]:
    """Return the lines of the first code block below a heading, without their comments."""
    block = MANUAL.split(f"### {heading}\n", 1)[1].split("```sh\n", 1)[1].split("```", 1)[0]
    return [line.partition("  #")[0].strip() for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build")
    found = libraries(tmp_path_factory.mktemp("libraries"), "amd64")
    for version in (BEFORE, __version__):
        build(found, version, "amd64", folder)
    return folder


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def machine(
    request: pytest.FixtureRequest, packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    image = debootstrap(request.param, tmp_path_factory.mktemp("debian") / request.param)
    _fetch(image, packages)
    with image.booted(packages) as machine:
        machine.must("ip addr add 203.0.113.1/32 dev lo && ip link set lo up")
        machine.must("apt-get install -y -qq snmpd")
        machine.must("cat >/etc/snmp/snmpd.conf && systemctl restart snmpd", DEVICES)
        yield machine


def _fetch(image: Image, packages: Path) -> None:
    """Fetch the Debian packages that the installation will need; it has no network later."""
    package = next(packages.glob(f"*_{BEFORE}_*"))
    (image.root / "srv" / package.name).hardlink_to(package)
    image.chroot("apt-get", "update", "-qq")
    wanted = (f"/srv/{package.name}", "snmpd", "python3-venv")
    image.chroot("apt-get", "install", "-y", "-qq", "--download-only", *wanted)


def install(machine: Machine, version: str, options: str = "") -> str:
    package = f"./build/schulnetz-monitor_{version}_amd64.deb"
    return machine.must(f"apt install -y {options} {package}")


def test_the_installation_works_as_the_manual_says(machine: Machine) -> None:
    lines = documented("Debian 12 and 13: the package")
    assert lines[0] == f"apt install ./build/schulnetz-monitor_{__version__}_amd64.deb"
    install(machine, BEFORE)
    for line in lines[1:]:
        if line.startswith("editor "):
            path = line.removeprefix("editor ")
            for old, new in ADDRESSES:
                machine.must(f"sed -i 's#{old}#{new}#' {path}")
            machine.must("schulnetz check")
            continue
        machine.must(line, COMMUNITY if "/dev/stdin" in line else "")
    doctor = machine.must("schulnetz doctor")
    assert "broken" not in doctor, doctor
    assert "the kernel does not report" not in doctor, doctor
    # The clock is this machine's, which may not be synchronised.
    warned = [line.split()[0] for line in doctor.splitlines() if " warning " in line]
    assert set(warned) <= {"clock", "security"}, doctor
    assert "schulnetz, as the service" in doctor
    machine.until("systemctl is-active schulnetz", "active")
    assert machine.must("stat -c '%U %a' /var/lib/schulnetz") == "schulnetz 700\n"
    machine.until(METRICS, 'school_uplink_state{school="example"')


def test_the_kernel_denies_what_the_unit_disallows_and_doctor_reports_it(
    machine: Machine,
) -> None:
    drop_in = "/etc/systemd/system/schulnetz.service.d/addresses.conf"
    assert "IPAddressAllow=203.0.113.1" in machine.must(f"cat {drop_in}")
    machine.must(f"mv {drop_in} /srv && systemctl daemon-reload")
    done = machine.run("schulnetz doctor")
    assert done.code == 1
    assert "203.0.113.1" in " ".join(done.said.splitlines()[1:4]), "broken items come first"
    assert re.search(r"reference-3 +warning +Operation not permitted", done.said), done.said
    machine.must(f"mv /srv/addresses.conf {drop_in} && systemctl daemon-reload")


def test_commands_run_by_root_take_effect_in_the_daemon(machine: Machine) -> None:
    machine.must("schulnetz maintenance add example --until 2h --reason 'Umbau am Dach'")
    assert "Umbau am Dach" in machine.must("schulnetz maintenance list")
    machine.until(METRICS, 'school_maintenance{school="example"} 1')
    assert "sysName" in machine.must("schulnetz walk example/router")
    machine.must("schulnetz record example/router /srv/router.snmprec --mode 0644")
    assert machine.must("stat -c '%U %a' /srv/router.snmprec") == "root 644\n"
    assert "interfaces" in machine.must("schulnetz probe example --only snmp")
    # With an offset: the machine's time zone is not the city's.
    stamp = "date -u -d '-{} min' '+%FT%H:%M+00:00'"
    begins, ends = (machine.must(stamp.format(one)).strip() for one in (10, 2))
    machine.must(
        f"schulnetz sla excuse add example --from {begins} --until {ends} "
        "--to unknown --reason Bagger"
    )
    machine.until("schulnetz sla excuse list", "in force")
    machine.must("schulnetz ledger verify")


def test_others_than_root_are_told_to_use_sudo(machine: Machine) -> None:
    machine.must("useradd --create-home anna")
    done = machine.run(
        "setpriv --reuid=anna --regid=anna --clear-groups schulnetz walk example/router"
    )
    assert done.code == 1
    assert "sudo schulnetz walk" in done.said


def test_a_restored_ledger_can_be_opened_by_the_service(machine: Machine) -> None:
    machine.must("schulnetz ledger backup /srv/ledger.backup")
    machine.must("systemctl stop schulnetz")
    machine.must("schulnetz ledger restore /srv/ledger.backup")
    assert machine.must(f"stat -c '%U %a' {LEDGER}") == "schulnetz 600\n"
    machine.must("systemctl start schulnetz")
    machine.until("systemctl is-active schulnetz", "active")


def test_ctrl_c_ends_the_command_and_leaves_nothing(machine: Machine) -> None:
    machine.must(
        "timeout --signal=INT 20 schulnetz probe example --watch --only snmp || test $? = 124"
    )
    assert machine.must("systemctl list-units --no-legend 'schulnetz-command*'") == ""


def test_upgrade_and_roll_back_keep_schools_and_ledger(machine: Machine) -> None:
    schools = machine.must("sha256sum /etc/schulnetz/schools.yaml")
    anchor = machine.must("schulnetz ledger head").strip()
    for version, options in ((__version__, ""), (BEFORE, "--allow-downgrades"), (__version__, "")):
        install(machine, version, options)
        machine.until("systemctl is-active schulnetz", "active")
        installed = machine.must("dpkg-query -W -f '${Version}' schulnetz-monitor")
        assert installed == version
        machine.must(f"schulnetz ledger verify --anchor {anchor}")
        assert machine.must("sha256sum /etc/schulnetz/schools.yaml") == schools
    assert "broken" not in machine.must("schulnetz doctor")
    machine.must("systemctl stop schulnetz")
    install(machine, BEFORE, "--allow-downgrades")
    assert machine.run("systemctl is-active schulnetz").said == "inactive\n"
    install(machine, __version__)


def test_removal_keeps_the_evidence_and_says_so(machine: Machine) -> None:
    machine.must("systemctl start schulnetz")
    anchor = machine.must("schulnetz ledger head").strip()
    machine.must("apt remove -y schulnetz-monitor")
    assert machine.run("systemctl is-active schulnetz").said != "active\n"
    machine.must(f"test -e {LEDGER} && test -e /etc/schulnetz/schools.yaml")
    assert machine.run("test -e /usr/lib/schulnetz").code != 0
    said = machine.must("apt purge -y schulnetz-monitor")
    assert re.search(r"/var/lib/schulnetz is kept", said), said
    machine.must(f"test -e {LEDGER} && test -e /etc/schulnetz/secrets/snmp-community")
    assert machine.run("test -e /etc/schulnetz/schools.yaml").code != 0
    install(machine, __version__)
    machine.must(f"schulnetz ledger verify --anchor {anchor}")
