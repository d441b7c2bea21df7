"""What all objects of the API have in common.

Must not know: any of them.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """One object of a response; it has exactly these fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
