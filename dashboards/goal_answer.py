"""The first row of the goal's board: verified, built, and when all lines will be.

Must not know: Grafana's JSON.
"""

from __future__ import annotations

from typing import Final

from dashboards.panel import Colour, Kind, Panel, Query, Row, Step, Value
from dashboards.shared import NOTHING_YET
from dashboards.text import Text, same

_OUTLOOKS: Final = (
    ("reached", Value(0, Text("reached", "erreicht"), Colour.GOOD)),
    (
        "built",
        Value(1, Text("built, not all measured", "gebaut, nicht alle gemessen"), Colour.GOOD),
    ),
    ("expected", Value(2, Text("going on", "läuft"), Colour.PLAIN)),
    ("no goal", Value(3, Text("no goal", "kein Ziel"), Colour.UNKNOWN)),
    ("unreachable", Value(4, Text("OUT OF REACH", "NICHT ERREICHBAR"), Colour.BAD)),
    ("too little evidence", Value(5, Text("too little evidence", "zu wenige Belege"), Colour.CARE)),
    ("stalled", Value(6, Text("STANDS STILL", "STEHT STILL"), Colour.BAD)),
    ("no end in sight", Value(7, Text("NO END IN SIGHT", "KEIN ENDE ABZUSEHEN"), Colour.BAD)),
)
_OUTLOOK_CODE: Final = " or ".join(
    f'(max(rollout_forecast_outlook{{outlook="{name}"}}) == 1) * {value.value}'
    for name, value in _OUTLOOKS
)

# On the straight way from what is built to all of it on the day that the forecast names.
_AT_TARGET: Final = (
    "scalar(max(rollout_goal_built))"
    " + scalar(max(rollout_goal_denominator) - max(rollout_goal_built))"
    " * clamp((scalar(max(rollout_goal_target_timestamp_seconds)) - time())"
    " / (max by (quantile) (rollout_forecast_finish_timestamp_seconds) - time()), 0, 1)"
)


ANSWER: Final = Row(
    Text("Are we there yet?", "Sind wir am Ziel?"),
    (
        Panel(
            Kind.STAT,
            Text("Verified", "Nachgewiesen"),
            Text(
                "How many of the goal a measuring campaign has verified. Good: the goal's number.",
                "Wie viele des Ziels eine Messkampagne nachgewiesen hat. Gut: die Zahl des Ziels.",
            ),
            (Query("max(rollout_goal_verified)", Text("verified", "nachgewiesen"), instant=True),),
            "none",
            NOTHING_YET,
            width=4,
        ),
        Panel(
            Kind.STAT,
            Text("Of", "Von"),
            Text(
                "How many the goal speaks of; configured, never counted.",
                "Von wie vielen das Ziel spricht; eingestellt, nie gezählt.",
            ),
            (Query("max(rollout_goal_denominator)", Text("goal", "Ziel"), instant=True),),
            "none",
            Text("no goal is configured", "kein Ziel eingestellt"),
            width=4,
        ),
        Panel(
            Kind.STAT,
            Text("Share of the goal", "Anteil am Ziel"),
            Text(
                "Verified against the goal's number. Good: 100 % on the target day.",
                "Nachgewiesen gegen die Zahl des Ziels. Gut: 100 % am Zieltag.",
            ),
            (
                Query(
                    "max(rollout_goal_verified) / max(rollout_goal_denominator)",
                    Text("share", "Anteil"),
                    instant=True,
                ),
            ),
            "percentunit",
            NOTHING_YET,
            width=4,
            steps=(Step(None, Colour.BAD), Step(0.9, Colour.CARE), Step(1, Colour.GOOD)),
        ),
        Panel(
            Kind.STAT,
            Text("Target day", "Zieltag"),
            Text(
                "End of the last day on which the goal is reached in time.",
                "Ende des letzten Tages, an dem das Ziel rechtzeitig erreicht ist.",
            ),
            (
                Query(
                    "max(rollout_goal_target_timestamp_seconds) * 1000",
                    Text("target", "Ziel"),
                    instant=True,
                ),
            ),
            "day",
            Text("no goal is configured", "kein Ziel eingestellt"),
            width=4,
        ),
        Panel(
            Kind.STAT,
            Text("Forecast finish, 50 %", "Prognose Fertigstellung, 50 %"),
            Text(
                "Half of the possible futures have all lines built by that day. Good: before the "
                "target day. Empty where the forecast status names no range.",
                "Bis zu diesem Tag sind in der Hälfte der möglichen Verläufe alle Leitungen "
                "gebaut. Gut: vor dem Zieltag. Leer, wo der Stand der Prognose keine Spanne "
                "zulässt.",
            ),
            (
                Query(
                    'max(rollout_forecast_finish_timestamp_seconds{quantile="0.5"}) * 1000',
                    Text("50 %", "50 %"),
                    instant=True,
                ),
            ),
            "day",
            Text("no forecast", "keine Prognose"),
            width=4,
        ),
        Panel(
            Kind.STAT,
            Text("Late by", "Verspätung"),
            Text(
                "How long the target is past. Good: 0.",
                "Wie lange der Zieltag vorbei ist. Gut: 0.",
            ),
            (Query("max(rollout_goal_overdue_seconds)", Text("late", "zu spät"), instant=True),),
            "duration",
            Text("no goal is configured", "kein Ziel eingestellt"),
            width=4,
            steps=(Step(None, Colour.GOOD), Step(1, Colour.BAD)),
        ),
        Panel(
            Kind.STAT,
            Text("Built", "Gebaut"),
            Text(
                "How many of the goal have their line. Good: the goal's number.",
                "Wie viele des Ziels ihre Leitung haben. Gut: die Zahl des Ziels.",
            ),
            (Query("max(rollout_goal_built)", Text("built", "gebaut"), instant=True),),
            "none",
            NOTHING_YET,
            width=8,
        ),
        Panel(
            Kind.STAT,
            Text("Forecast status", "Stand der Prognose"),
            Text(
                "What can be said of the finish. Out of reach: the goal asks for more than are "
                "listed. Stands still: nothing built for longer than nine in ten pauses before.",
                "Was sich über die Fertigstellung sagen lässt. Nicht erreichbar: das Ziel verlangt "
                "mehr als aufgeführt sind. Steht still: länger nichts gebaut als in neun von zehn "
                "Pausen davor.",
            ),
            (Query(_OUTLOOK_CODE, Text("status", "Stand"), instant=True),),
            "none",
            Text("no forecast", "keine Prognose"),
            width=8,
            values=tuple(value for _, value in _OUTLOOKS),
        ),
        Panel(
            Kind.STAT,
            Text("Nothing built for", "Nichts gebaut seit"),
            Text(
                "Time since the last line was built, and what nine in ten pauses before did not "
                "exceed. Good: the first below the second.",
                "Zeit seit der letzten gebauten Leitung, und was neun von zehn Pausen davor nicht "
                "überschritten. Gut: die erste unter der zweiten.",
            ),
            (
                Query("max(rollout_building_pause_seconds)", Text("pause", "Pause"), instant=True),
                Query(
                    "max(rollout_building_usual_pause_seconds)",
                    Text("usual at most", "üblich höchstens"),
                    instant=True,
                ),
            ),
            "duration",
            Text("nothing built yet", "noch nichts gebaut"),
            width=8,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Burn-up against the goal", "Fortschritt gegen das Ziel"),
            Text(
                "Verified, built and the goal's number over time, what was due (nothing before the "
                "target day, all from it on), and the band: how many the forecast of each time saw "
                "built by the target day in 90, 50 and 10 % of its futures. Good: the band at the "
                "goal.",
                "Nachgewiesen, gebaut und Zahl des Ziels über die Zeit, was fällig war (vor dem "
                "Zieltag nichts, danach alles), und das Band: wie viele die jeweilige Prognose bis "
                "zum Zieltag in 90, 50 und 10 % der Verläufe gebaut sah. Gut: das Band am Ziel.",
            ),
            (
                Query("max(rollout_goal_verified)", Text("verified", "nachgewiesen")),
                Query("max(rollout_goal_built)", Text("built", "gebaut")),
                Query("max(rollout_goal_denominator)", Text("goal", "Ziel")),
                Query(
                    "max(rollout_goal_denominator) * "
                    "(time() >= bool max(rollout_goal_target_timestamp_seconds))",
                    Text("due", "fällig"),
                ),
                Query(
                    _AT_TARGET,
                    Text("{{quantile}} at the target day", "{{quantile}} am Zieltag"),
                ),
            ),
            "none",
            NOTHING_YET,
            width=12,
            height=9,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Forecast band, as seen at each time", "Prognoseband, wie es jeweils aussah"),
            Text(
                "Days by which 10, 50 and 90 % of the possible futures have all lines built, and "
                "the target. Good: the whole band below the target line.",
                "Tage, bis zu denen in 10, 50 und 90 % der möglichen Verläufe alle Leitungen "
                "gebaut sind, und das Ziel. Gut: das ganze Band unter der Linie des Ziels.",
            ),
            (
                Query(
                    "max by (quantile) (rollout_forecast_finish_timestamp_seconds) * 1000",
                    same("{{quantile}}"),
                ),
                Query(
                    "max(rollout_goal_target_timestamp_seconds) * 1000",
                    Text("target", "Ziel"),
                ),
            ),
            "day",
            Text("no forecast", "keine Prognose"),
            width=12,
            height=9,
        ),
    ),
)
