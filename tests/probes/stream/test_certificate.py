"""Certificates from the wire: read where possible, never a crash."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.observation import Outcome, Reason
from monitor.probes.attempt import ProbeError
from monitor.probes.stream import certificate
from monitor.probes.stream.certificate import client_context, parse_chain
from tests.integration.probe_servers import NOW, issue

ROOT = issue("Root", None, days=400, is_authority=True)
LEAF = issue("leaf\n\x1b[31m", ROOT, days=30, names=("www.example", "mail.example"))
LEAF_DER = LEAF.certificate.public_bytes(Encoding.DER)
ROOT_DER = ROOT.certificate.public_bytes(Encoding.DER)


def test_chain_gives_its_expiries_and_names() -> None:
    chain = parse_chain((LEAF_DER, ROOT_DER), (LEAF_DER, ROOT_DER))
    assert chain is not None
    assert chain.earliest_expiry == chain.verified_expiry == NOW + timedelta(days=30)
    assert chain.names == ("www.example", "mail.example")
    assert chain.issuer == "CN=Root,O=Stadt Bochum"


def test_control_characters_of_a_subject_are_stripped() -> None:
    chain = parse_chain((LEAF_DER,), ())
    assert chain is not None
    assert chain.subject.isprintable()
    assert chain.verified_expiry is None


def test_without_a_certificate_nothing_is_known() -> None:
    assert parse_chain((), ()) is None


@settings(max_examples=500)
@given(st.lists(st.tuples(st.integers(0, len(LEAF_DER) - 1), st.integers(0, 255)), max_size=6))
@example([(12, 1)])  # version 2, which no certificate has
def test_no_mutated_certificate_raises(changes: list[tuple[int, int]]) -> None:
    mutated = bytearray(LEAF_DER)
    for place, value in changes:
        mutated[place] = value
    chain = parse_chain((bytes(mutated),), ())
    assert chain is None or chain.subject.isprintable()


def test_no_single_byte_changed_in_a_certificate_raises() -> None:
    for place in range(len(LEAF_DER)):
        for value in (0, 1, 3, 0x7F, 0x80, 0xFF):
            mutated = LEAF_DER[:place] + bytes([value]) + LEAF_DER[place + 1 :]
            chain = parse_chain((mutated,), ())
            assert chain is None or chain.subject.isprintable()


@given(st.binary(max_size=200))
def test_no_input_bytes_raise(data: bytes) -> None:
    assert parse_chain((data,), ()) is None


def test_unreadable_ca_file_is_our_own_fault() -> None:
    with pytest.raises(ProbeError) as caught:
        client_context("/nonexistent.pem", verify=True)
    assert (caught.value.outcome, caught.value.reason) == (Outcome.UNKNOWN, Reason.CREDENTIAL)


def test_an_unreadable_store_of_the_system_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(certificate, "_hashed_store", refuse)
    with pytest.raises(ProbeError) as caught:
        client_context(None, verify=True)
    assert caught.value.sentence == "the system's CA store cannot be used: Permission denied"
