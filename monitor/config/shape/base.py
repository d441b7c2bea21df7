"""The base class of all parts of the configuration file.

Must not know: any key.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Rules(BaseModel):
    """Common to all parts: no unknown keys, no conversion, no changes."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        regex_engine="python-re",
        use_attribute_docstrings=True,
    )
