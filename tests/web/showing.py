"""Cities for the tests of the pages, and a page as a browser gets it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.observation import State
from monitor.report.forecast import Outlook
from monitor.rollout.stage import Stage
from monitor.status.model import StageStatus
from monitor.status.uptime import Uptime
from monitor.verdict import Trouble
from monitor.web.pages import POLICY
from tests.web import answers
from tests.web.test_app import Shown, client

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.status.model import CityStatus, SchoolStatus, SchoolSummary


HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


class Hostile(Shown):
    """A city in which every text is an attack."""

    def schools(self) -> tuple[SchoolSummary, ...]:
        return (answers.summary(name=HOSTILE, type=HOSTILE, district=HOSTILE),)

    async def school(self, school_id: str) -> SchoolStatus | None:
        whole = answers.school(id=school_id, name=HOSTILE)
        (site,) = whole.sites
        device = answers.finding(State.DOWN, device=HOSTILE, detail=HOSTILE, kind="switch")
        site = site.model_copy(update={"provider": HOSTILE, "switches": (device,)})
        return whole.model_copy(update={"sites": (site,)})


async def page(path: str, language: str = "de", view: Shown | None = None) -> str:
    wish = {"Accept-Language": language}
    async with client(view) as web, web.get(path, headers=wish) as answer:
        assert answer.content_type == "text/html"
        assert answer.headers["Content-Security-Policy"] == POLICY
        return await answer.text()


class Standing(Shown):
    """A city with another forecast status."""

    def __init__(self, outlook: Outlook) -> None:
        super().__init__()
        self._outlook = outlook

    def city(self) -> CityStatus:
        whole = answers.city()
        assert whole.goal is not None
        dates = {} if self._outlook is Outlook.EXPECTED else dict.fromkeys(("early", "late"))
        update = {"outlook": self._outlook, "pause_days": 99, **dates}
        return whole.model_copy(update={"goal": whole.goal.model_copy(update=update)})


class Failing(Shown):
    """A city with an outage of a provider, or of all of them."""

    def __init__(self, **changes: object) -> None:
        super().__init__()
        self.changes = changes

    def city(self) -> CityStatus:
        return answers.city(**self.changes)


class Locked(Shown):
    """A city whose file of logins and TLS has been rejected for an hour."""

    def web_config_rejected_since(self) -> datetime:
        return answers.NOW - timedelta(hours=1)


class ThreeLines(Shown):
    """A city of three lines: no lessons, no milestone."""

    async def school(self, school_id: str) -> SchoolStatus | None:
        whole = answers.school()
        rollout = StageStatus(
            stage=Stage.UNKNOWN,
            since=None,
            why="no milestone is reached; no 24 hours on the right line are proven yet",
            evidence=(),
        )
        bare = {"rollout": rollout, "lot": "", "programme": ""}
        site = whole.sites[0].model_copy(update=bare)
        news = {"sites": (site,), "in_lessons": False, "lessons_known": False}
        return whole.model_copy(update=news) if school_id == whole.id else None


class Ill(Shown):
    """A city whose school is degraded."""

    def city(self) -> CityStatus:
        ill = answers.finding(degraded=(answers.trouble(),))
        return answers.city(schools_up=2, schools_down=0, schools_degraded=1, degraded=(ill,))

    def schools(self) -> tuple[SchoolSummary, ...]:
        since = answers.trouble().since
        return (
            answers.summary(degraded_since=since),
            answers.summary(id="kant", name="Kant-Schule"),
        )

    async def school(self, school_id: str) -> SchoolStatus | None:
        whole = answers.school(id=school_id, degraded_since=answers.trouble().since)
        (site,) = whole.sites
        ill = answers.finding(degraded=(answers.trouble(),))
        fan = answers.trouble(reason=Trouble.HARDWARE, check="hardware", part="fan 2", detail="")
        box = answers.finding(device="switch-01", kind="switch", degraded=(fan,))
        site = site.model_copy(update={"uplink": ill, "switches": (box,)})
        return whole.model_copy(update={"sites": (site,)})


def words_of(page: str) -> str:
    """Return a page's text without markup, with white space collapsed."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


class Measured(Shown):
    """A city of four schools: one down, one online, one degraded, one unknown."""

    def schools(self) -> tuple[SchoolSummary, ...]:
        since = answers.NOW
        return (
            answers.summary(id="zoo", name="Zoo", since=since - timedelta(hours=9)),
            answers.summary(id="kant", name="Kant", state=State.DOWN),
            answers.summary(id="abel", name="Abel", state=State.UNKNOWN, since=since),
            answers.summary(id="ost", name="Ost", degraded_since=since - timedelta(minutes=9)),
        )

    async def uptime(self) -> dict[str, Uptime]:
        whole = answers.uptime()
        best = Uptime(replace(whole.day, ratio=1.0), replace(whole.month, ratio=0.99996))
        return {"zoo": whole, "kant": best}


class Fresh(Shown):
    """A city that has only just been monitored."""

    def city(self) -> CityStatus:
        goal = answers.city().goal
        assert goal is not None
        return answers.city(
            monitor=State.UNKNOWN,
            schools_up=0,
            schools_down=0,
            schools_unknown=2,
            root_causes=(),
            goal=goal.model_copy(update={"verified": 0}),
        )

    def schools(self) -> tuple[SchoolSummary, ...]:
        one = answers.summary(state=State.UNKNOWN, stage=Stage.UNKNOWN)
        return (one, one.model_copy(update={"id": "kant", "name": "Kant"}))
