"""Maintenance windows, in which failures at a school are expected; configured or added by command.

Windows of the configuration come with the inventory; those of `schulnetz maintenance` are kept
in the state directory. The daemon reads that file again when it has changed.

Must not know: verdicts, alerts, the command line.
"""

from __future__ import annotations

import difflib
import logging
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from monitor.calendar.maintenance_file import MaintenanceFile, StoredWindow
from monitor.inventory.city import MaintenanceWindow
from monitor.state.json_file import DamagedFileError, NewerFileError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from monitor.inventory.city import Inventory
    from monitor.state.file import Stamp

audit = logging.getLogger("monitor.audit")

MAX_DAYS = 60
MAX_REASON = 200
MAX_BY = 64
KEEP_DAYS = 400
"""How long ended windows are kept, because the availability of past months needs them."""

ALL_SCHOOLS = "*"
"""In place of a school: all schools that exist while the window lasts."""

FILE_NAME = "maintenance.json"


class MaintenanceError(Exception):
    """A window cannot be added or cancelled; the message is a sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class PlannedWindow:
    """A window with its school and origin; `id` is empty for those in the configuration.

    `school` is `ALL_SCHOOLS` for a window that was added for all of them.
    """

    school: str
    window: MaintenanceWindow
    origin: Literal["configuration", "command"]
    id: str = ""


class MaintenanceBook:
    """All windows of the city, of both origins.

    `problem` is empty, or a sentence on why the stored windows may be out of date. If the file is
    damaged or deleted while the daemon runs, loaded windows stay in force.
    """

    def __init__(self, state_directory: Path, inventory: Inventory) -> None:
        self.problem = ""
        self._file = MaintenanceFile(state_directory / FILE_NAME)
        self._stamp: Stamp = None
        self._stored: tuple[StoredWindow, ...] = ()
        self._has_read = False
        self._by_school: dict[str, tuple[PlannedWindow, ...]] = {}
        self.reconfigure(inventory)

    def reconfigure(self, inventory: Inventory) -> None:
        """Use the windows of another inventory."""
        self._configured = tuple(
            PlannedWindow(school.id, window, "configuration")
            for school in inventory.schools
            for window in school.maintenance
        )
        self._schools = frozenset(school.id for school in inventory.schools)
        self._elsewhere = inventory.elsewhere
        self._index()

    def refresh(self, now: datetime) -> bool:
        """Read the file if it changed (otherwise one stat call); return whether windows changed."""
        try:
            stamp = self._file.stamp()
            if stamp == self._stamp:
                self._has_read = True
                return False
            stored = self._file.windows()
        except DamagedFileError as error:
            self.problem = self._set_aside(error, now)
            return False
        except NewerFileError as error:
            self.problem = f"{self._file.path} was written by a newer version ({error})"
            self._stamp = stamp
            return False
        except OSError as error:
            self.problem = f"{self._file.path} cannot be read: {error.strerror}"
            return False
        if stamp is None and self._stored:
            self.problem = f"{self._file.path} has vanished; its windows hold until the restart"
            self._stamp = stamp
            return False
        self.problem = ""
        self._stamp = stamp
        has_changed = stored != self._stored
        if self._has_read:
            _log_changes(self._stored, stored, now)
        self._warn_of_other_shards(stored, now)
        self._has_read = True
        self._stored = stored
        self._index()
        return has_changed

    def active(self, school: str, instant: datetime) -> MaintenanceWindow | None:
        """Return the active window of a school, the one that ends last if there are several."""
        windows = [
            planned.window
            for planned in self._by_school.get(school, ())
            if planned.window.starts <= instant < planned.window.ends
        ]
        return max(windows, key=lambda window: window.ends, default=None)

    def schools_active(self, instant: datetime) -> frozenset[str]:
        """Return the schools with an active window."""
        return frozenset(
            school
            for school, windows in self._by_school.items()
            if any(one.window.starts <= instant < one.window.ends for one in windows)
        )

    def windows(self, school: str | None = None) -> tuple[PlannedWindow, ...]:
        """Return the windows of one school, or of all, by start, past ones included."""
        if school is not None:
            return self._by_school.get(school, ())
        return tuple(sorted((*self._configured, *map(_planned, self._stored)), key=_by_start))

    def add(  # noqa: PLR0913  # the keys of a window
        self,
        school: str,
        starts: datetime,
        ends: datetime,
        reason: str,
        *,
        now: datetime,
        by: str = "",
    ) -> PlannedWindow:
        """Add a window for a school or `ALL_SCHOOLS`; on return, it is durable.

        `by` is the login of the person who adds it, for the log; empty if it is not known.

        Raises:
            MaintenanceError: if the school, the times or the reason are not acceptable, or the
                window cannot be stored.
        """
        reason = _checked_reason(reason)
        self._check_school(school)
        _check_times(starts, ends, now)
        stored = StoredWindow(
            secrets.token_hex(4),
            school,
            starts.astimezone(UTC),
            ends.astimezone(UTC),
            reason,
            now,
            _one_line(by)[:MAX_BY] or None,
        )
        self._change(lambda windows: (*windows, stored), now)
        return _planned(stored)

    def cancel(self, window_id: str, *, now: datetime) -> PlannedWindow:
        """End a window now, or delete it if it has not begun; return it as it was.

        Raises:
            MaintenanceError: if there is no such window, it has ended, or it cannot be stored.
        """
        self.refresh(now)
        found = next((stored for stored in self._stored if stored.id == window_id), None)
        if found is None:
            known = ", ".join(stored.id for stored in self._stored if stored.ends > now)
            raise MaintenanceError(
                f"no window {window_id!r} was added by the command (open ones: {known or 'none'}); "
                f"windows of the configuration end there"
            )
        if found.ends <= now:
            raise MaintenanceError(f"window {window_id} has ended already")

        def without(windows: tuple[StoredWindow, ...]) -> tuple[StoredWindow, ...]:
            others = tuple(stored for stored in windows if stored.id != window_id)
            if found.starts >= now:
                return others
            # The past part was maintenance, and the month's availability needs it.
            return (*others, replace(found, ends=now))

        self._change(without, now)
        return _planned(found)

    def _change(
        self, change: Callable[[tuple[StoredWindow, ...]], tuple[StoredWindow, ...]], now: datetime
    ) -> None:
        oldest = now - timedelta(days=KEEP_DAYS)
        try:
            with self._file.locked():
                windows = change(self._read_or_set_aside(now))
                kept = tuple(stored for stored in windows if stored.ends > oldest)
                self._file.store(kept)
                self._stamp = self._file.stamp()
        except BlockingIOError:
            raise MaintenanceError("another command is changing the windows; try again") from None
        except NewerFileError as error:
            raise MaintenanceError(
                f"{self._file.path} was written by a newer version ({error}); upgrade this one"
            ) from error
        except OSError as error:
            raise MaintenanceError(f"{self._file.path}: {error.strerror}") from error
        except TooLargeError as error:
            raise MaintenanceError(f"{error}; cancel some first") from error
        self.problem = ""
        self._stored = kept
        self._index()

    def _read_or_set_aside(self, now: datetime) -> tuple[StoredWindow, ...]:
        try:
            return self._file.windows()
        except DamagedFileError as error:
            aside = self._file.set_aside(now)
            raise MaintenanceError(
                f"{self._file.path} was damaged ({error}) and is kept as {aside.name}; nothing "
                f"was changed: give the command again to begin a new file, and add again what "
                f"is missing in `schulnetz maintenance list`"
            ) from error

    def _set_aside(self, error: DamagedFileError, now: datetime) -> str:
        """Keep a damaged file under another name; return the sentence to report."""
        try:
            with self._file.locked():
                try:
                    self._file.windows()
                except DamagedFileError:
                    aside = self._file.set_aside(now)
                    self._stamp = None
                    return f"{self._file.path} was damaged ({error}) and is kept as {aside.name}"
        except (OSError, NewerFileError):
            pass
        return f"{self._file.path} is damaged: {error}"

    def _warn_of_other_shards(self, stored: Iterable[StoredWindow], now: datetime) -> None:
        """Log the new windows of schools that other daemons monitor: they have no effect here."""
        known = {one.id for one in self._stored}
        for one in stored:
            other = self._elsewhere.get(one.school)
            if other is not None and one.id not in known and one.ends > now:
                audit.warning(
                    "maintenance window %s has no effect: shard %s monitors %s; add it with the "
                    "--state-dir of that daemon",
                    one.id,
                    other,
                    one.school,
                )

    def _check_school(self, school: str) -> None:
        if school in self._schools or school == ALL_SCHOOLS:
            return
        close = difflib.get_close_matches(school, self._schools, n=3)
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        raise MaintenanceError(f"no school {school!r} is configured{hint}")

    def _index(self) -> None:
        by_school: dict[str, list[PlannedWindow]] = {}
        for planned in (*self._configured, *map(_planned, self._stored)):
            whose = self._schools if planned.school == ALL_SCHOOLS else (planned.school,)
            for school in whose:
                by_school.setdefault(school, []).append(planned)
        self._by_school = {
            school: tuple(sorted(windows, key=_by_start)) for school, windows in by_school.items()
        }


def _planned(stored: StoredWindow) -> PlannedWindow:
    window = MaintenanceWindow(stored.starts, stored.ends, stored.reason)
    return PlannedWindow(stored.school, window, "command", stored.id)


def _by_start(planned: PlannedWindow) -> tuple[datetime, str]:
    return planned.window.starts, planned.school


def _checked_reason(reason: str) -> str:
    words = _one_line(reason)
    if not words:
        raise MaintenanceError("a window needs a reason, for those who wonder next month")
    if len(words) > MAX_REASON:
        raise MaintenanceError(f"the reason has {len(words)} characters; {MAX_REASON} fit")
    return words


def _one_line(words: str) -> str:
    """Return one line of printable text: it is shown in terminals, pages and mails."""
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())


def _log_changes(
    before: Iterable[StoredWindow], after: Iterable[StoredWindow], now: datetime
) -> None:
    """Log the windows that the command added, cancelled or ended; not those that became too old."""
    old, new = ({one.id: one for one in windows} for windows in (before, after))
    for id_, one in (old | new).items():
        if id_ not in old:
            what = f"added by {one.by}" if one.by else "added"
        elif id_ not in new and one.ends > now:
            what = "cancelled"
        elif id_ in new and one != old[id_]:
            what = "ended early"
        else:
            continue
        audit.info(
            "maintenance window %s %s: %s, %s to %s: %s",
            id_,
            what,
            one.school,
            f"{one.starts:%Y-%m-%d %H:%M %Z}",
            f"{one.ends:%Y-%m-%d %H:%M %Z}",
            one.reason,
        )


def _check_times(starts: datetime, ends: datetime, now: datetime) -> None:
    if ends <= starts:
        raise MaintenanceError(
            f"the end, {ends:%Y-%m-%d %H:%M %Z}, is not after the start, {starts:%Y-%m-%d %H:%M %Z}"
        )
    if ends <= now:
        raise MaintenanceError(f"the end, {ends:%Y-%m-%d %H:%M %Z}, has passed already")
    if ends - starts > timedelta(days=MAX_DAYS):
        raise MaintenanceError(
            f"the window lasts {(ends - starts).days} days; {MAX_DAYS} are allowed, then it has "
            f"to be renewed"
        )
