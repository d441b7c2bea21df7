from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli.main import main
from monitor.config import load_text
from monitor.config.secrets import SecretError, read_credentials
from monitor.exposition.inventory_info import render_school
from monitor.inventory.checks import SnmpUser, snmp_access
from monitor.inventory.city import CredentialSource, insecure_accesses

CORPUS = Path(__file__).parent / "corpus" / "good"
USERS = CORPUS / "snmp-users.yaml"
SIGNED, ENCRYPTED = load_text(USERS.read_bytes(), "users").schools


def test_each_device_knows_its_user_but_not_the_passwords() -> None:
    inventory = load_text(USERS.read_bytes(), "users")
    access = snmp_access(ENCRYPTED.sites[0].switches[0].checks)
    assert access is not None
    assert access.user == SnmpUser("monitor", "sha256", "aes128")
    source = inventory.credentials["switches-v3.auth_password"]
    assert source == CredentialSource("file", "/run/credentials/switches-auth", 8)
    assert {*inventory.credentials} == {
        "devices",
        "signed-only.auth_password",
        "switches-v3.auth_password",
        "switches-v3.priv_password",
    }


def test_a_short_password_is_refused_without_showing_it() -> None:
    sources = {"switches-v3.auth_password": CredentialSource("environment", "AUTH", 8)}
    with pytest.raises(SecretError) as refused:
        read_credentials(sources, {"AUTH": "hunter2"})
    assert "credential switches-v3.auth_password" in str(refused.value)
    assert "has 7 bytes; an SNMPv3 password has 8 or more" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert read_credentials(sources, {"AUTH": "hunter22"})


def test_devices_read_without_encryption_are_counted_and_exported() -> None:
    insecure = {
        school.id: render_school(school)["school_device_snmp_insecure"].decode().splitlines()
        for school in (SIGNED, ENCRYPTED)
    }
    assert [line[-2:] for line in insecure[SIGNED.id]] == [" 1"] * 3
    assert [line[-2:] for line in insecure[ENCRYPTED.id]] == [" 0"] * 3
    assert len(insecure_accesses(load_text(USERS.read_bytes(), "users"))) == 3


def test_check_warns_of_unencrypted_devices_and_succeeds() -> None:
    told = CliRunner().invoke(main, ["check", str(USERS)])
    assert told.exit_code == 0
    assert "warning: 3 devices are read by SNMP without encryption" in told.stderr
    assert "no errors" in told.stdout


@pytest.mark.parametrize(
    "name", ["snmp-user-with-unknown-protocol", "snmp-user-with-password-in-the-file"]
)
def test_a_password_in_the_file_is_not_repeated(name: str) -> None:
    path = CORPUS.parent / "bad" / f"{name}.yaml"
    told = CliRunner().invoke(main, ["check", str(path)])
    assert told.exit_code == 1
    assert "hunter2" not in told.output
