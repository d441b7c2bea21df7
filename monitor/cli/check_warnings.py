"""Warnings about a configuration file: settings that are allowed but unsafe or odd, with positions.

In a file with errors, the valid parts are examined.

Must not know: how a file is read, or who prints.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from monitor.calendar.school_days import NOTHING_KNOWN, CalendarError, SchoolCalendar
from monitor.cli.hints import has_no_holidays
from monitor.cli.insecure import old_tls, unencrypted
from monitor.config.build.plausible import odd_locations
from monitor.config.tree.places import entries_below, key_mark_of, mark_of, node_at
from monitor.config.tree.problems import ConfigWarning
from monitor.config.tree.text import Mapping, Scalar, Sequence
from monitor.inventory.city import insecure_accesses
from monitor.rollout.goal_records import configured_scope
from monitor.rollout.progress import units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from monitor.config import Examined
    from monitor.config.tree.problems import Mark, Problem
    from monitor.config.tree.text import Node
    from monitor.inventory.city import Inventory
    from monitor.inventory.site_key import SiteKey

_THOUSANDS: Final = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")


def warnings_of(file: str, found: Examined, now: datetime) -> list[ConfigWarning]:
    """Return the warnings of a file in its order; none if the text could not be read."""
    if found.root is None or found.inventory is None:
        return []
    errors = [] if found.error is None else list(found.error.problems)
    placed = _warnings(found.root, found.inventory, errors, now)
    return sorted(ConfigWarning(file, *mark, sentence) for mark, sentence in placed)


def _warnings(
    root: Node, inventory: Inventory, errors: Iterable[Problem], now: datetime
) -> Iterator[tuple[Mark, str]]:
    if until := _known_holidays(inventory, now):
        keys = (("city", "holidays"), ("city", "state"), ("city",))
        place = next((path for path in keys if node_at(root, path) is not None), ())
        yield (
            key_mark_of(root, place) if place else root.mark,
            f"{until}; every later weekday counts as a school day: add them to city.holidays",
        )
    for key, sentence in odd_locations(inventory):
        yield mark_of(_node_of(root, key), ("location",)), sentence
    yield from _early_milestones(root, inventory, now)
    yield from _pointed_thousands(root)
    if (insecure := unencrypted(inventory)) is not None:
        names: set[object] = {access.credential for access in insecure_accesses(inventory)}
        # An unknown name is an error, and nothing more is known about it.
        is_known = all(node_at(root, ("credentials", str(name))) is not None for name in names)
        if is_known and not _is_broken_user(root, names, errors):
            yield _first(root, "credential", names), "; ".join(insecure)
    if (old := old_tls(inventory)) is not None:
        yield _first(root, "old_tls", {True}), "; ".join(old)
    scope = configured_scope(inventory, now)
    schools = node_at(root, ("schools",))
    is_whole = isinstance(schools, Sequence) and len(schools.items) == len(inventory.schools)
    if scope is not None and is_whole and (listed := len(units(scope))) < scope.denominator:
        yield (
            mark_of(root, ("goals", "connectivity", "denominator")),
            (
                f"goals.connectivity wants {scope.denominator} {scope.unit}, and {listed} of them "
                "are listed: this goal cannot be reached; list the others, or correct the "
                "denominator"
            ),
        )


def _is_broken_user(root: Node, names: Iterable[object], errors: Iterable[Problem]) -> bool:
    """Return whether one of these is a user with an error: perhaps it is meant to encrypt."""
    users = [("credentials", str(name), "user") for name in names]
    if not isinstance(root, Mapping) or not any(node_at(root, user) for user in users):
        return False
    begin = root.keys["credentials"].line
    end = min((mark.line for mark in root.keys.values() if mark.line > begin), default=None)
    return any(begin <= error.line and (end is None or error.line < end) for error in errors)


def _known_holidays(inventory: Inventory, now: datetime) -> str:
    """Return the last day of known holidays if that is soon, else nothing."""
    try:
        calendar = SchoolCalendar(inventory.calendar)
    except CalendarError:  # an error of the file, whose message names the state
        return ""
    if not calendar.is_running_out(now) or has_no_holidays(inventory):
        return ""
    if calendar.data_ends == NOTHING_KNOWN:
        return "no school holidays are known"
    return f"school holidays are known until {calendar.data_ends}"


def _first(root: Node, wanted: str, values: set[object]) -> Mark:
    """Return the first position at which a key has one of these values."""
    for _, key, node in entries_below(root):
        if key == wanted and isinstance(node, Scalar) and node.value in values:
            return node.mark
    return root.mark


def _early_milestones(
    root: Node, inventory: Inventory, now: datetime
) -> Iterator[tuple[Mark, str]]:
    today = now.astimezone(ZoneInfo(inventory.calendar.timezone)).date()
    for school, site in inventory.sites():
        key = school.key(site)
        for index, stone in enumerate(site.milestones):
            if stone.day > today:
                yield (
                    mark_of(_node_of(root, key), ("milestones", index, "day")),
                    (
                        f"{key}: the day of {stone.stage} ({stone.day}) is in the future, and does "
                        "not count before that day; a milestone is a step that was completed: "
                        "correct the day, or delete the entry until then"
                    ),
                )


def _node_of(root: Node, site: SiteKey) -> Node:
    """Return the entry of a site, or of its school if the school has only one."""
    school = _with_id(node_at(root, ("schools",)), site.school) or root
    return _with_id(node_at(school, ("sites",)), site.site) or school


def _with_id(nodes: Node | None, wanted: str) -> Node | None:
    items = nodes.items if isinstance(nodes, Sequence) else ()
    for item in items:
        named = node_at(item, ("id",))
        if isinstance(named, Scalar) and named.value == wanted:
            return item
    return None


def _pointed_thousands(root: Node) -> Iterator[tuple[Mark, str]]:
    """Yield figures of reported goals that a German reader would take for thousands."""
    reported = node_at(root, ("goals", "reported"))
    for _, key, node in entries_below(reported) if reported is not None else ():
        if not isinstance(node, Scalar) or key not in {"target", "value", "planned"}:
            continue
        if isinstance(node.value, float) and _THOUSANDS.fullmatch(node.text):
            whole, decimal = node.text.replace(".", ""), f"{node.value:g}"
            decimal += "0" if decimal == node.text else ""
            sentence = (
                f"the point of {node.text} is a decimal point; if thousands are meant, write "
                f"{whole}, else {decimal}"
            )
            yield node.mark, sentence
