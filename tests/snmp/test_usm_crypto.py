from __future__ import annotations

import hashlib
import hmac
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.type.univ import OctetString
from pysnmp.proto.secmod.rfc3414.priv import des
from pysnmp.proto.secmod.rfc3826.priv import aes

from monitor.snmp.model import AuthProtocol, PrivProtocol
from monitor.snmp.usm_crypto import CryptoError, Digest, Privacy

KEYS = {
    PrivProtocol.DES: 16,
    PrivProtocol.AES128: 16,
    PrivProtocol.AES192: 24,
    PrivProtocol.AES192C: 24,
    PrivProtocol.AES256: 32,
    PrivProtocol.AES256C: 32,
}
COUNTS = st.integers(0, 2**31 - 1)


@pytest.mark.parametrize(
    ("protocol", "size"),
    # RFC 3414 §6 and §7, RFC 7860 §4.1.
    list(zip(AuthProtocol, (12, 12, 16, 24, 32, 48), strict=True)),
)
def test_digest_is_the_hmac_truncated_as_the_rfc_says(protocol: AuthProtocol, size: int) -> None:
    key, data = b"k" * 20, string.printable.encode() * 10
    digest = Digest(protocol, key)
    for _ in range(2):
        assert digest.of(data) == hmac.digest(key, data, protocol.value)[:size]


def test_hmac_matches_rfc_4231() -> None:
    # RFC 4231 §4.2, test case 1, cut as RFC 7860 does.
    digest = Digest(AuthProtocol.SHA256, b"\x0b" * 20).of(b"Hi There")
    assert digest.hex() == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da7"


@given(
    protocol=st.sampled_from(list(PrivProtocol)),
    seed=st.binary(min_size=32, max_size=32),
    plain=st.binary(max_size=2000),
    boots=COUNTS,
    time=COUNTS,
    count=st.integers(0, 2**70),
)
def test_what_is_encrypted_comes_back(  # all that goes into a message
    protocol: PrivProtocol, seed: bytes, plain: bytes, boots: int, time: int, count: int
) -> None:
    privacy = Privacy(protocol, seed[: KEYS[protocol]])
    salt = privacy.salt(boots, count)
    encrypted = privacy.encrypt(plain, boots, time, salt)
    back = privacy.decrypt(encrypted, boots, time, salt)
    padding = 7 if protocol is PrivProtocol.DES else 0
    assert back[: len(plain)] == plain
    assert len(plain) <= len(back) <= len(plain) + padding


@given(key=st.binary(min_size=16, max_size=16), plain=st.binary(min_size=1), time=COUNTS)
def test_pysnmp_decrypts_what_we_encrypt(key: bytes, plain: bytes, time: int) -> None:
    for protocol, theirs in ((PrivProtocol.AES128, aes.Aes()), (PrivProtocol.DES, des.Des())):
        privacy = Privacy(protocol, key)
        salt = privacy.salt(3, 77)
        encrypted = privacy.encrypt(plain, 3, time, salt)
        said = theirs.decrypt_data(
            OctetString(key), (3, time, OctetString(salt)), OctetString(encrypted)
        )
        assert bytes(said)[: len(plain)] == plain


def test_salts_differ_with_every_message() -> None:
    for protocol, size in KEYS.items():
        privacy = Privacy(protocol, hashlib.sha256(b"k").digest()[:size])
        salts = {privacy.salt(1, count) for count in range(1000)}
        assert len(salts) == 1000
        assert {len(salt) for salt in salts} == {8}


@pytest.mark.parametrize("salt", [b"", b"1234567", b"123456789"])
def test_a_salt_of_another_size_is_refused(salt: bytes) -> None:
    with pytest.raises(CryptoError):
        Privacy(PrivProtocol.AES128, bytes(16)).decrypt(b"data", 1, 1, salt)


def test_half_a_block_of_des_is_refused() -> None:
    with pytest.raises(CryptoError):
        Privacy(PrivProtocol.DES, bytes(16)).decrypt(b"123456789", 1, 1, bytes(8))
