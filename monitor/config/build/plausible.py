"""Coordinates that are allowed but implausible: swapped, or far from the others of the city.

Must not know: the file that contains them.
"""

from __future__ import annotations

from math import cos, hypot, radians
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.inventory.city import Inventory
    from monitor.inventory.site_key import SiteKey

FAR_KM: Final = 50.0
"""No city is this wide; its schools are within half of it."""

_KM_PER_DEGREE: Final = 111.2
# Ranges of latitude and longitude, by ISO 3166-1, of countries in which the two do not overlap.
_COUNTRIES: Final = {
    "DE": ((47.2, 55.1), (5.8, 15.1)),
    "AT": ((46.3, 49.1), (9.5, 17.2)),
    "CH": ((45.8, 47.9), (5.9, 10.6)),
}

Place = tuple[float, float]


def odd_locations(inventory: Inventory) -> Iterator[tuple[SiteKey, str]]:
    """Yield each site whose location is implausible, with a sentence."""
    places = {
        school.key(site): (site.location.latitude, site.location.longitude)
        for school, site in inventory.sites()
        if site.location is not None
    }
    alone = {school.id for school in inventory.schools if len(school.sites) == 1}
    if not places:
        return
    country = _COUNTRIES.get(inventory.calendar.country)
    swapped = {
        key for key, (latitude, longitude) in places.items()
        if country and not _within(country, (latitude, longitude))
        and _within(country, (longitude, latitude))
    }  # fmt: skip
    right = [_turned(place) if key in swapped else place for key, place in places.items()]
    middle = (median(one[0] for one in right), median(one[1] for one in right))
    for key, place in places.items():
        name = key.school if key.school in alone else str(key)
        shown = f"location [{place[0]}, {place[1]}]"
        away = _km(middle, place)
        if key in swapped or (away > FAR_KM >= _km(middle, _turned(place))):
            meant = f"[{place[1]}, {place[0]}]"
            yield key, f"{name}: {shown} looks swapped; latitude comes first: {meant}"
        elif away > FAR_KM:
            yield key, f"{name}: {shown} is {away:.0f} km away from the middle of all schools"


def _within(country: tuple[Place, Place], place: Place) -> bool:
    return all(low <= value <= high for (low, high), value in zip(country, place, strict=True))


def _turned(place: Place) -> Place:
    return place[1], place[0]


def _km(one: Place, other: Place) -> float:
    """Return the approximate distance of two places; accurate enough within a country."""
    east = (one[1] - other[1]) * cos(radians(one[0]))
    return _KM_PER_DEGREE * hypot(one[0] - other[0], east)
