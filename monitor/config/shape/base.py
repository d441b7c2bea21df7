"""What all parts of the configuration file share.

Must not know: any key.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Rules(BaseModel):
    """What all parts share: no unknown key, no conversion, no change."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        regex_engine="python-re",
        use_attribute_docstrings=True,
    )
