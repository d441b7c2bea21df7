"""`make fuzz`: libFuzzer mutates replies guided by coverage of our decoders.

Options are libFuzzer's: -max_total_time=600, and the folders of the corpus.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["monitor.snmp"]):
    from tests.fuzz.replies import digest

atheris.Setup(sys.argv, digest)
atheris.Fuzz()
