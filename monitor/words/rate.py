"""The written form of a rate in bit/s.

Must not know: what the rate is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from monitor.words.text import Language

_UNITS: Final = ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"))


def rate(bits_per_second: float, language: Language = "en", *, figures: int = 3) -> str:
    """Return a rate in the unit that suits it, such as `1 Gbit/s` or `93.8 Mbit/s`.

    It is rounded to that many significant figures, below 1 kbit/s to whole bits.
    """
    # Rounded before the unit is chosen: 999.6 Mbit/s in three figures are 1 Gbit/s.
    rounded = float(f"{bits_per_second:.{figures}g}")
    for size, unit in _UNITS:
        if rounded >= size:
            text = f"{rounded / size:.12g}"
            return f"{text.replace('.', ',') if language == 'de' else text} {unit}"
    return f"{bits_per_second:.0f} bit/s"


def megabits(bits_per_second: float, form: str = ",.6g") -> str:
    """Return a rate in Mbit/s, whatever its size: for rates that are compared with each other."""
    return f"{format(bits_per_second / 1e6, form)} Mbit/s"
