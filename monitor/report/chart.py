"""The burn-up picture as SVG: verified and goal over time, the target day, the forecast.

Drawn without a library: a step line, a dashed line and a hatched area, distinguishable without
colour, even on a photocopy.

Must not know: where the numbers come from, or languages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_WIDTH: Final = 720
_HEIGHT: Final = 330
_LEFT: Final = 44
_RIGHT: Final = 16
_TOP: Final = 40
_BOTTOM: Final = 34
_TICKS: Final = 5
# A first year of a few weeks has no room for its label.
_LAST_ROOMY_MONTH: Final = 9
# A range that ends later is cut, so that the past stays readable.
_LONGEST_OUTLOOK: Final = timedelta(days=4 * 365)


@dataclass(frozen=True, slots=True)
class Chart:
    """The data of the chart: (day, number) for each change, by day; words by name.

    The outlook is of lines that are built, of which there are `built` today, verified or not.
    `words` has title, description, verified, denominator, target and forecast.
    """

    verified: Sequence[tuple[date, int]]
    denominator: Sequence[tuple[date, int]]
    today: date
    target: date | None
    outlook: tuple[date, date, date | None] | None
    built: int
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Scale:
    first: date
    last: date
    top: int

    def x(self, day: date) -> float:
        share = (day - self.first) / (self.last - self.first)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, number: float) -> float:
        share = number / self.top
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def draw(chart: Chart) -> Markup:
    """Return the chart as an SVG element with title and description, every text escaped."""
    scale = _scale(chart)
    parts = [
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" '
            'aria-labelledby="burn-up-title burn-up-description" class="burn-up">'
            '<title id="burn-up-title">{}</title><desc id="burn-up-description">{}</desc>'
        ).format(_WIDTH, _HEIGHT, chart.words["title"], chart.words["description"]),
        Markup(
            '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><path d="M0 0V6" stroke="#8a4b00" stroke-width="1.4"/>'
            "</pattern></defs>"
        ),
        *_grid(scale),
        *_outlook(chart, scale),
        *_lines(chart, scale),
        *_legend(chart),
        Markup("</svg>"),
    ]
    return Markup("").join(parts)


def _scale(chart: Chart) -> _Scale:
    days = [chart.today, *(day for day, _ in (*chart.verified, *chart.denominator))]
    first, last = min(days), max(days)
    if chart.target is not None:
        last = max(last, chart.target)
    if chart.outlook is not None:
        early, middle, late = chart.outlook
        limit = chart.today + _LONGEST_OUTLOOK
        last = max(last, min(limit, late or limit), min(limit, middle), min(limit, early))
    last += max(timedelta(days=7), (last - first) / 40)
    most = max(1, *(number for _, number in (*chart.verified, *chart.denominator, (first, 1))))
    step = _tick(most)
    return _Scale(first, last, step * (most // step + 1))


def _tick(most: int) -> int:
    """Return a round interval that gives about five ticks."""
    distance = 1
    for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000):
        distance = step
        if most / step <= _TICKS:
            break
    return distance


def _grid(scale: _Scale) -> Iterator[Markup]:
    right = _WIDTH - _RIGHT
    for number in range(0, scale.top + 1, _tick(scale.top)):
        y = scale.y(number)
        yield Markup(
            '<path d="M{} {}H{}" stroke="#d0d4d8" stroke-width="1"/>'
            '<text x="{}" y="{}" text-anchor="end" class="tick">{}</text>'
        ).format(_LEFT, y, right, _LEFT - 6, y + 4, number)
    years = range(scale.first.year, scale.last.year + 1)
    every = max(1, len(years) // 10)
    for year in years:
        new_year = date(year, 1, 1)
        x = scale.x(max(new_year, scale.first))
        if new_year > scale.first:
            yield Markup('<path d="M{} {}V{}" stroke="#d0d4d8"/>').format(
                x, _TOP, _HEIGHT - _BOTTOM
            )
        late_start = year == scale.first.year and scale.first.month > _LAST_ROOMY_MONTH
        crowded = late_start or x > right - 30
        if (year - scale.first.year) % every == 0 and not crowded:
            yield Markup('<text x="{}" y="{}" class="tick">{}</text>').format(
                x + 3, _HEIGHT - _BOTTOM + 16, year
            )


def _outlook(chart: Chart, scale: _Scale) -> Iterator[Markup]:
    if chart.outlook is None or not chart.denominator:
        return
    early, middle, late = (min(day or scale.last, scale.last) for day in chart.outlook)
    y, built = scale.y(chart.denominator[-1][1]), scale.y(chart.built)
    yield Markup(
        '<rect x="{}" y="{}" width="{}" height="{}" fill="url(#hatch)" stroke="#8a4b00" '
        'stroke-width="0.8"/><path d="M{} {}V{}" stroke="#8a4b00" stroke-width="2.4"/>'
        '<circle cx="{}" cy="{}" r="3" fill="#8a4b00"/>'
        '<path d="M{} {}L{} {}" stroke="#8a4b00" stroke-width="1.2" stroke-dasharray="2 4"/>'
    ).format(
        scale.x(early),
        y - 7,
        max(2.0, round(scale.x(late) - scale.x(early), 1)),
        14,
        scale.x(middle),
        y - 11,
        y + 11,
        scale.x(chart.today),
        built,
        scale.x(chart.today),
        built,
        scale.x(middle),
        y,
    )


def _lines(chart: Chart, scale: _Scale) -> Iterator[Markup]:
    if chart.denominator:
        path = _steps(chart.denominator, chart.today, scale)
        yield Markup(
            '<path d="{}" fill="none" stroke="#333" stroke-width="1.8" stroke-dasharray="7 4"/>'
        ).format(path)
    if chart.verified:
        path = _steps(chart.verified, chart.today, scale)
        zero = scale.y(0)
        area = f"{path}V{zero}H{scale.x(chart.verified[0][0])}Z"
        yield Markup(
            '<path d="{}" fill="#0b5394" fill-opacity="0.14"/>'
            '<path d="{}" fill="none" stroke="#0b5394" stroke-width="2.6"/>'
        ).format(area, path)
    if chart.target is not None and chart.target >= scale.first:
        yield Markup(
            '<path d="M{} {}V{}" stroke="#b00020" stroke-width="1.8" stroke-dasharray="2 3"/>'
        ).format(scale.x(chart.target), _TOP, _HEIGHT - _BOTTOM)


def _steps(numbers: Sequence[tuple[date, int]], today: date, scale: _Scale) -> str:
    day, number = numbers[0]
    path = [f"M{scale.x(day)} {scale.y(number)}"]
    path += [f"H{scale.x(day)}V{scale.y(number)}" for day, number in numbers[1:]]
    return "".join([*path, f"H{scale.x(today)}"])


def _legend(chart: Chart) -> Iterator[Markup]:
    samples = [
        ("verified", '<path d="M0 -4H24" stroke="#0b5394" stroke-width="2.6"/>'),
        (
            "denominator",
            '<path d="M0 -4H24" stroke="#333" stroke-width="1.8" stroke-dasharray="7 4"/>',
        ),
    ]
    if chart.target is not None:
        samples.append(
            (
                "target",
                '<path d="M12 -12V4" stroke="#b00020" stroke-width="1.8" stroke-dasharray="2 3"/>',
            )
        )
    if chart.outlook is not None:
        samples.append(
            (
                "forecast",
                '<rect y="-11" width="24" height="13" fill="url(#hatch)" stroke="#8a4b00"/>',
            )
        )
    for place, (name, sample) in enumerate(samples):
        yield Markup(
            '<g transform="translate({} 22)">{}<text x="30" class="legend">{}</text></g>'
        ).format(
            _LEFT + place * 160,
            Markup(sample),  # noqa: S704  # a constant of this function
            chart.words[name],
        )
