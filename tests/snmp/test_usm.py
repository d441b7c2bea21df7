"""Sessions against an engine in memory: what is accepted, what is refused, and why."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from monitor.snmp.ber import CodecError, Tag
from monitor.snmp.decode import decode_varbinds
from monitor.snmp.encode import encode_body, encode_request_pdu, encode_varbind
from monitor.snmp.message import PduType
from monitor.snmp.model import Agent, AuthProtocol, FailureKind, PrivProtocol, Security
from monitor.snmp.oid_octets import encode_oid
from monitor.snmp.secure_message import decode_secure
from monitor.snmp.usm import DeniedError, RefusedError, UsmSession, UsmSessions
from tests.snmp.agent import ByteAgent, interfaces
from tests.snmp.usm_agent import USM_STATS, UsmAgent

AUTH_PRIV = Security(
    b"monitor", AuthProtocol.SHA1, b"geheim-genug", PrivProtocol.AES128, b"noch-geheimer"
)
AUTH_ONLY = replace(AUTH_PRIV, priv=None, priv_password=b"")
PLAIN_USER = Security(b"nobody")
MESSAGE_ID, REQUEST_ID = 4711, 815
SYS_NAME = encode_oid("1.3.6.1.2.1.1.5.0")


def engine(security: Security = AUTH_PRIV, **knobs: object) -> UsmAgent:
    return replace(UsmAgent(ByteAgent(interfaces(range(1, 3))), security), **knobs)  # type: ignore[arg-type]


def session(security: Security = AUTH_PRIV) -> UsmSession:
    found = UsmSessions().of(Agent("127.0.0.1", 161, "3", b"", security=security))
    assert found is not None
    return found


def asked(ours: UsmSession, now: float = 0.0) -> bytes:
    body = encode_body(0, 0, encode_varbind(SYS_NAME, Tag.NULL, None))
    return ours.seal(MESSAGE_ID, encode_request_pdu(PduType.GET, REQUEST_ID, body), now)


def take(ours: UsmSession, reply: bytes, now: float = 0.0) -> bytes | None:
    """Return the name in a reply, None if it was only a report for discovery."""
    found = ours.open(decode_secure(reply), REQUEST_ID, now)
    if found is None:
        return None
    head, data = found
    ((oid, _, value),) = decode_varbinds(data, head[6])
    assert oid == SYS_NAME
    assert isinstance(value, bytes)
    return value


def talk(ours: UsmSession, theirs: UsmAgent, now: float = 0.0) -> bytes | None:
    return take(ours, theirs.answer(asked(ours, now)), now)


def met(theirs: UsmAgent, security: Security = AUTH_PRIV) -> UsmSession:
    ours = session(security)
    while talk(ours, theirs) is None:
        pass
    return ours


@pytest.mark.parametrize("security", [PLAIN_USER, AUTH_ONLY, AUTH_PRIV])
@pytest.mark.parametrize("tells_time", [True, False])
def test_an_engine_is_discovered_and_answers(security: Security, tells_time: bool) -> None:  # noqa: FBT001  # a parameter
    theirs, ours = engine(security, tells_time=tells_time), session(security)
    assert talk(ours, theirs) is None
    assert ours.engine_id == theirs.engine_id
    if security.auth and not tells_time:
        assert talk(ours, theirs) is None
    assert talk(ours, theirs) == b"sw1"
    assert talk(ours, theirs) == b"sw1"
    first = theirs.asked[0]
    assert (first.flags, first.user, first.engine_id) == (4, b"", b"")


def test_no_salt_is_used_twice() -> None:
    theirs = engine()
    ours = met(theirs)
    for _ in range(200):
        talk(ours, theirs)
    salts = [message.salt for message in theirs.asked if message.salt]
    assert len(salts) == len(set(salts)) > 200


@pytest.mark.parametrize(
    ("reason", "lies"),
    [
        ("wrong_engine", {"engine_id": b"another-engine"}),
        ("wrong_user", {"user": b"root"}),
        ("wrong_level", {"flags": 0}),
        ("wrong_level", {"flags": 1}),
        ("wrong_context", {"context": b"other"}),
        ("not_in_time_window", {"time": 100_000 - 200}),
        ("not_in_time_window", {"boots": 6}),
        ("not_in_time_window", {"boots": 2**31 - 1}),
        ("malformed", {"request_id": 816}),
        ("malformed", {"pdu_type": PduType.GET}),
    ],
)
def test_a_signed_reply_that_is_not_the_asked_one_is_refused(
    reason: str, lies: dict[str, object]
) -> None:
    theirs = engine()
    ours = met(theirs)
    theirs.lies = lies
    with pytest.raises(RefusedError) as refused:
        talk(ours, theirs)
    assert refused.value.reason == reason
    theirs.lies = {}
    assert talk(ours, theirs) == b"sw1"


@pytest.mark.parametrize("security", [AUTH_ONLY, AUTH_PRIV])
def test_no_bit_of_a_reply_can_be_flipped(security: Security) -> None:
    theirs = engine(security)
    ours = met(theirs, security)
    reply = theirs.answer(asked(ours))
    for place in range(len(reply)):
        for bit in range(8):
            forged = bytearray(reply)
            forged[place] ^= 1 << bit
            try:
                message = decode_secure(bytes(forged))
            except CodecError:
                continue
            if message.message_id != MESSAGE_ID:
                continue  # the endpoint has no pending request for it
            with pytest.raises(RefusedError):
                ours.open(message, REQUEST_ID, 0.0)
    assert take(ours, reply) == b"sw1"


def test_mutated_signed_messages_are_never_accepted_with_changes() -> None:
    theirs = engine()
    ours = met(theirs)
    reply = theirs.answer(asked(ours))
    dice = random.Random(7860)
    for _ in range(20_000):
        forged = bytearray(reply)
        for _ in range(dice.randint(1, 5)):
            forged[dice.randrange(len(forged))] = dice.randrange(256)
        if forged == reply:
            continue
        try:
            message = decode_secure(bytes(forged))
            assert message.message_id != MESSAGE_ID or not ours.open(message, REQUEST_ID, 0.0)
        except (CodecError, RefusedError):
            pass


def test_engine_time_never_goes_back() -> None:
    theirs = engine()
    ours = met(theirs)
    theirs.time += 1000
    assert talk(ours, theirs, now=1000.0) == b"sw1"
    old = theirs.time
    theirs.time += 3600
    assert talk(ours, theirs, now=4600.0) == b"sw1"
    reply = asked(ours, 4600.0)
    theirs.lies = {"time": old}
    with pytest.raises(RefusedError, match=r"outside the time window: boots 7, time 101000 s"):
        take(ours, theirs.answer(reply), 4600.0)


def test_a_reboot_is_followed_without_a_failure() -> None:
    theirs = engine()
    ours = met(theirs)
    theirs.boots, theirs.time = 8, 20
    assert talk(ours, theirs, now=60.0) is None
    assert talk(ours, theirs, now=60.0) == b"sw1"


def test_an_engine_with_reset_boots_is_reported_once_and_rediscovered() -> None:
    theirs = engine()
    ours = met(theirs)
    theirs.boots, theirs.time = 1, 20
    with pytest.raises(DeniedError, match="boots 1, time 20 s, after boots 7"):
        talk(ours, theirs, now=60.0)
    assert talk(ours, theirs, now=60.0) is None
    assert talk(ours, theirs, now=60.0) == b"sw1"


def test_another_engine_at_the_address_is_discovered_silently() -> None:
    ours = met(engine())
    other = engine(engine_id=b"another-engine", boots=1, time=5)
    assert talk(ours, other) is None
    assert talk(ours, other) == b"sw1"
    assert ours.engine_id == b"another-engine"


def test_only_the_configured_engine_is_accepted() -> None:
    security = replace(AUTH_PRIV, engine_id=b"another-engine")
    theirs = engine()
    with pytest.raises(DeniedError, match="engine ID is 80001f88047363") as denied:
        talk(session(security), theirs)
    assert denied.value.failure.kind is FailureKind.AUTHENTICATION
    right = replace(AUTH_PRIV, engine_id=theirs.engine_id)
    assert met(theirs, right).engine_id == theirs.engine_id


@pytest.mark.parametrize(
    ("oid", "kind", "words"),
    [
        (f"{USM_STATS}.1.0", FailureKind.AUTHENTICATION, "does not allow user 'monitor'"),
        (f"{USM_STATS}.3.0", FailureKind.AUTHENTICATION, "does not know user 'monitor'"),
        (f"{USM_STATS}.5.0", FailureKind.AUTHENTICATION, "wrong authentication password"),
        (f"{USM_STATS}.6.0", FailureKind.AUTHENTICATION, "wrong privacy password"),
        ("1.3.6.1.6.3.12.1.5.0", FailureKind.AGENT_ERROR, "no context ''"),
        ("1.3.6.1.6.3.11.2.1.3.0", FailureKind.AGENT_ERROR, "snmpUnknownPDUHandlers"),
        ("1.3.6.1.2.1.1.5.0", FailureKind.AGENT_ERROR, "an unknown problem"),
    ],
)
def test_each_report_has_its_reason_and_message(oid: str, kind: FailureKind, words: str) -> None:
    with pytest.raises(DeniedError, match=words) as denied:
        met(engine(report_always=oid))
    assert denied.value.failure.kind is kind


def test_an_unsigned_time_report_does_not_change_the_clock() -> None:
    theirs = engine()
    ours = met(theirs)
    theirs.boots, theirs.report_always = 9, f"{USM_STATS}.2.0"
    with pytest.raises(RefusedError) as refused:
        talk(ours, theirs)
    assert refused.value.reason == "wrong_level"
    theirs.boots, theirs.report_always = 7, ""
    assert talk(ours, theirs) == b"sw1"


def test_wrong_authentication_and_privacy_passwords_are_distinguished() -> None:
    with pytest.raises(DeniedError, match="wrong authentication password"):
        met(engine(), replace(AUTH_PRIV, auth_password=b"falschfalsch"))
    theirs = engine()
    with pytest.raises((CodecError, RefusedError)):
        met(theirs, replace(AUTH_PRIV, priv_password=b"falschfalsch"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": b""},
        {"user": b"u" * 33},
        {"auth_password": b"short"},
        {"priv_password": b""},
        {"auth": None},
        {"engine_id": b"1234"},
    ],
)
def test_a_user_that_no_agent_understands_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"octets|authentication"):
        replace(AUTH_PRIV, **wrong)  # type: ignore[arg-type]


def test_passwords_are_never_shown() -> None:
    agent = Agent("127.0.0.1", 161, "3", b"", security=AUTH_PRIV)
    assert "geheim" not in f"{agent} {AUTH_PRIV!r}"


@pytest.mark.parametrize("version", ["1", "2c"])
def test_users_are_for_v3_and_communities_for_v1_and_v2c(version: str) -> None:
    with pytest.raises(ValueError, match="version 3"):
        Agent("127.0.0.1", 161, version, b"public", security=AUTH_PRIV)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="version 3"):
        Agent("127.0.0.1", 161, "3", b"public")
