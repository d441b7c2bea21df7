from __future__ import annotations

import hashlib

import pytest
from pyasn1.type.univ import OctetString
from pysnmp.proto.secmod.rfc3414 import localkey

from monitor.snmp.model import AuthProtocol, PrivProtocol, Security
from monitor.snmp.usm_keys import KeyRing, extended, localised, password_to_key

ENGINE = bytes.fromhex("000000000000000000000002")
PASSWORD = b"maplesyrup"


@pytest.mark.parametrize(
    ("protocol", "key", "key_there"),
    [
        # RFC 3414 §A.3.1 and §A.3.2.
        (
            AuthProtocol.MD5,
            "9faf3283884e92834ebc9847d8edd963",
            "526f5eed9fcce26f8964c2930787d82b",
        ),
        (
            AuthProtocol.SHA1,
            "9fb5cc0381497b3793528939ff788d5d79145211",
            "6695febc9288e36282235fc7151f128497b38f3f",
        ),
    ],
)
def test_keys_match_the_rfc(protocol: AuthProtocol, key: str, key_there: str) -> None:
    made = password_to_key(PASSWORD, protocol)
    assert made.hex() == key
    assert localised(made, ENGINE, protocol).hex() == key_there


@pytest.mark.parametrize("protocol", list(AuthProtocol))
def test_keys_match_pysnmp(protocol: AuthProtocol) -> None:
    kind = getattr(hashlib, protocol.value)
    theirs = localkey.hash_passphrase(PASSWORD, kind)
    ours = password_to_key(PASSWORD, protocol)
    assert ours == bytes(theirs)
    there = localkey.localize_key(theirs, OctetString(ENGINE), kind)
    assert localised(ours, ENGINE, protocol) == bytes(there)


def test_long_keys_are_extended_in_two_ways() -> None:
    protocol = AuthProtocol.SHA1
    key = localised(password_to_key(PASSWORD, protocol), ENGINE, protocol)
    blumenthal = extended(key, ENGINE, protocol, PrivProtocol.AES256)
    reeder = extended(key, ENGINE, protocol, PrivProtocol.AES256C)
    # draft-reeder-snmpv3-usm-3desede-00 §B.2: the second piece is the key of the first.
    assert reeder.hex() == ("6695febc9288e36282235fc7151f128497b38f3f9b8b6d78936ba6e7d19dfd9c")
    assert blumenthal[:20] == reeder[:20] == key
    assert len(blumenthal) == len(reeder) == 32
    assert blumenthal[20:] != reeder[20:]
    assert extended(key, ENGINE, protocol, PrivProtocol.AES192) == blumenthal[:24]


def test_long_hashes_need_no_key_extension() -> None:
    key = localised(password_to_key(PASSWORD, AuthProtocol.SHA256), ENGINE, AuthProtocol.SHA256)
    for privacy in (PrivProtocol.AES256, PrivProtocol.AES256C):
        assert extended(key, ENGINE, AuthProtocol.SHA256, privacy) == key


def test_an_empty_password_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        password_to_key(b"", AuthProtocol.SHA1)


def test_a_key_is_derived_once_per_password_and_once_per_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[bytes] = []

    def counted(password: bytes, protocol: AuthProtocol) -> bytes:
        made.append(password)
        return password_to_key(password, protocol)

    monkeypatch.setattr("monitor.snmp.usm_keys.password_to_key", counted)
    user = Security(b"u", AuthProtocol.SHA1, b"a" * 8, PrivProtocol.AES128, b"b" * 8)
    ring = KeyRing()
    engines = [b"engine-%d" % number for number in range(50)]
    first = [ring.keys(user, engine) for engine in engines]
    assert made == [b"a" * 8, b"b" * 8]
    assert len({keys.auth for keys in first}) == len({keys.priv for keys in first}) == 50
    assert all(ring.keys(user, engine) is keys for engine, keys in zip(engines, first, strict=True))


def test_cached_keys_are_bounded_and_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("monitor.snmp.usm_keys._MAX_ENGINE_KEYS", 10)
    user = Security(b"u", AuthProtocol.MD5, b"canary-5f2b")
    ring = KeyRing()
    for number in range(30):
        keys = ring.keys(user, b"engine-%d" % number)
        assert keys.auth.hex() not in repr(keys)
        assert repr(keys.auth) not in repr(keys)
    assert len(ring._of_engine) == 10
    assert "canary" not in repr(user)
