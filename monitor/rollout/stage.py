"""The stages of a site's connection, computed from evidence.

Must not know: the ledger, the configuration file, how a rate is measured.
"""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """How far a site's connection is.

    A person says planned to reported; live to regressed follow from evidence. `unknown` is a
    site of which neither a person nor any evidence says anything.
    """

    UNKNOWN = "unknown"
    PLANNED = "planned"
    ORDERED = "ordered"
    BUILT = "built"
    REPORTED = "reported"
    LIVE = "live"
    VERIFIED = "verified"
    LIVE_STALE = "live_stale"
    REGRESSED = "regressed"
