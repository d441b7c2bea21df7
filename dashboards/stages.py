"""How far a site's connection is, as boards show it: words, colours, order, PromQL.

Must not know: Grafana's JSON, single boards.
"""

from __future__ import annotations

from typing import Final

from dashboards.panel import Colour, Query, Series, Value
from dashboards.shared import SILENT_ROW, code_of, silent_place
from monitor.words.terms import STAGES
from monitor.words.text import Text

# What needs a person first comes last, so that the largest code is the first in a table.
_COLOURS: Final = {
    "verified": Colour.GOOD,
    "live": Colour.LIVE,
    "live_stale": Colour.LIVE,
    "reported": Colour.BUILT,
    "built": Colour.BUILT,
    "ordered": Colour.ORDERED,
    "planned": Colour.PLANNED,
    "unknown": Colour.UNKNOWN,
    "regressed": Colour.BAD,
}
_NAMES: Final = tuple(_COLOURS)
STAGE_VALUES: Final = tuple(
    Value(code, STAGES[name].loud() if name == "regressed" else STAGES[name], _COLOURS[name])
    for code, name in enumerate(_NAMES)
)
# Of a graph that has one series a stage, called by it; what is proven lies lowest.
STAGE_SERIES: Final = tuple(Series(name, STAGES[name], _COLOURS[name]) for name in _NAMES)
# Layers of a map, and the query of each; what is drawn last lies on top.
MAPPED: Final = _NAMES
STAGE_LAYERS: Final = (
    *(Series(chr(ord("A") + at), STAGES[name], _COLOURS[name]) for at, name in enumerate(MAPPED)),
    Series(chr(ord("A") + len(MAPPED)), SILENT_ROW.text, Colour.SILENT),
)
# A map has no word for having nothing: a grey point, and its name in the legend.
MAP_SILENT: Final = Query(silent_place(), Text("monitor silent", "Monitor stumm"), instant=True)


def stage_code(selector: str = "", by: str = "school, site") -> str:
    """Return PromQL of the stage that holds: its place among `STAGE_VALUES`."""
    return code_of("rollout_stage", "stage", _NAMES, selector, by)
