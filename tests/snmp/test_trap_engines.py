"""An engine is accepted because a trap proves its user's key, never because of its name."""

from __future__ import annotations

import pytest

from monitor.snmp.model import AuthProtocol, PrivProtocol, Security
from monitor.snmp.secure_message import AUTHENTICATED, encode_secure
from monitor.snmp.trap_engines import MAX_ENGINES, TrapEngines
from monitor.snmp.usm_crypto import DIGEST_BYTES, Digest
from monitor.snmp.usm_keys import KeyRing

DEVICE = "10.0.0.1"
RING = KeyRing()


def user(
    auth: AuthProtocol | None = AuthProtocol.SHA256, password: bytes = b"long enough"
) -> Security:
    if auth is None:
        return Security(b"monitor")
    return Security(b"monitor", auth, password, PrivProtocol.AES128, b"also long enough")


def engine(number: int) -> bytes:
    return b"\x80\x00\x1f\x88\x04" + number.to_bytes(4, "big")


def trap(signer: Security, engine_id: bytes, name: bytes = b"monitor") -> bytes:
    """Return a message of version 3 that this user has signed at this engine."""
    content = bytes.fromhex("3000")
    if signer.auth is None:
        return encode_secure(1, 0, engine_id, 1, 2, name, b"", b"", content)[0]
    zeros = bytes(DIGEST_BYTES[signer.auth])
    data, at = encode_secure(1, AUTHENTICATED, engine_id, 1, 2, name, zeros, b"", content)
    digest = Digest(signer.auth, RING.keys(signer, engine_id).auth).of(data)
    return data[:at] + digest + data[at + len(zeros) :]


@pytest.mark.parametrize("auth", [*AuthProtocol, None])
def test_an_engine_is_accepted_with_its_first_valid_trap(
    auth: AuthProtocol | None,
) -> None:
    own = user(auth)
    engines = TrapEngines([own])
    assert engines.meet(DEVICE, trap(own, engine(1))) == (own, engine(1))
    assert engines.meet(DEVICE, trap(own, engine(1))) is None
    assert engines.meet(DEVICE, trap(own, engine(2))) == (own, engine(2))


def test_forged_engines_do_not_displace_that_of_the_device() -> None:
    own, forger = user(), user(password=b"not the password")
    engines = TrapEngines([own])
    for number in range(10, 10 + 100 * MAX_ENGINES):
        assert engines.meet(DEVICE, trap(forger, engine(number))) is None
        unsigned = encode_secure(
            1, AUTHENTICATED, engine(number), 1, 2, b"monitor", b"", b"", b"0\0"
        )
        assert engines.meet(DEVICE, unsigned[0]) is None
    assert engines.meet(DEVICE, trap(own, engine(1))) == (own, engine(1))


def test_the_number_of_engines_per_address_is_limited() -> None:
    own = user()
    engines = TrapEngines([own])
    met = [engines.meet(DEVICE, trap(own, engine(number))) for number in range(MAX_ENGINES + 1)]
    assert met == [*((own, engine(number)) for number in range(MAX_ENGINES)), None]
    assert engines.meet("10.0.0.2", trap(own, engine(9))) == (own, engine(9))


def test_of_two_users_of_one_name_the_one_who_signed_is_found() -> None:
    first, second = user(), user(password=b"another password")
    engines = TrapEngines([first, second])
    assert engines.meet(DEVICE, trap(second, engine(1))) == (second, engine(1))


@pytest.mark.parametrize("data", [b"", b"\x30\x03\x02\x01\x03", b"\x30\x80\x02\x01\x03"])
def test_garbage_strangers_and_missing_users_prove_nothing(data: bytes) -> None:
    own = user()
    assert TrapEngines([own]).meet(DEVICE, data) is None
    assert TrapEngines([own]).meet(DEVICE, trap(own, engine(1), b"stranger")) is None
    assert TrapEngines([]).meet(DEVICE, trap(own, engine(1))) is None
