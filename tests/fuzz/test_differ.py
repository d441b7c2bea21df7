"""Our decoder against net-snmp's, over damaged replies; the whole million with `--thorough`."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from monitor.snmp.encode import encode_message
from monitor.snmp.message import Message, PduType
from monitor.snmp.oid_octets import encode_oid
from tests.fuzz.differ import DiffersError, compare
from tests.fuzz.net_snmp import LIBRARY, Read

try:
    ctypes.CDLL(LIBRARY)
except OSError:
    pytest.skip(f"{LIBRARY} is not installed", allow_module_level=True)

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
REPLIES = 20_000
MESSAGE = Message(1, b"public", PduType.RESPONSE, 7, 0, 0, ((encode_oid("1.3.6.1"), 0x41, 5),))


def test_replies_net_snmp_reads_are_read_to_the_same_values(thorough: bool) -> None:  # noqa: FBT001  # a fixture
    count = 1_000_000 if thorough else REPLIES
    command = (sys.executable, "-m", "tests.fuzz.differ", str(count))
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=7200
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    read = int(ran.stdout.split()[2])
    assert read > count // 12, "the replies are too broken to show anything"


@pytest.mark.parametrize(
    "other",
    [
        Read((1, b"public", 0xA2, 8, 0, 0), [((1, 3, 6, 1), 0x41, 5)]),
        Read((1, b"public", 0xA2, 7, 0, 0), [((1, 3, 6, 2), 0x41, 5)]),
        Read((1, b"public", 0xA2, 7, 0, 0), [((1, 3, 6, 1), 0x42, 5)]),
        Read((1, b"public", 0xA2, 7, 0, 0), [((1, 3, 6, 1), 0x41, 6)]),
        Read((1, b"public", 0xA2, 7, 0, 0), []),
        Read((1, b"public", 0xA2, 7, 0, 0), [((1, 3, 6, 1), 0x41, 5)] * 2),
    ],
)
def test_an_injected_difference_is_detected(other: Read) -> None:
    data = encode_message(MESSAGE)
    compare(data, Read((1, b"public", 0xA2, 7, 0, 0), [((1, 3, 6, 1), 0x41, 5)]), Counter())
    with pytest.raises(DiffersError):
        compare(data, other, Counter())


def test_a_value_left_out_without_a_reason_is_a_difference() -> None:
    unknown = encode_message(MESSAGE).replace(b"\x41\x01\x05", b"\x7f\x01\x05")
    theirs = Read((1, b"public", 0xA2, 7, 0, 0), [((1, 3, 6, 1), 0x7F, 5)])
    with pytest.raises(DiffersError):
        compare(unknown, theirs, Counter())
