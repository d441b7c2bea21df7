"""An SLA report as tables for the terminal, in German or English.

They explain how the figures were computed, so that they can be sent to the provider.

Must not know: how the figures are computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from monitor.availability.minutes import start_of
from monitor.availability.sla import Verdict
from monitor.availability.sla_output import local, method
from monitor.words import sla as words
from monitor.words.details import in_german
from monitor.words.plain import plain
from monitor.words.table import Column, Kind, Table
from monitor.words.terms import NO_CONTRACT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from monitor.availability.excuses import Excuse
    from monitor.availability.sla import Outage, SiteSla, SlaReport
    from monitor.words.text import Language


def to_table(report: SlaReport, language: Language = "en") -> RenderableType:
    """Return the report for a terminal: the sites, their outages, the method."""
    return Group(*_Writer(report, language).parts())


class _Writer:
    def __init__(self, report: SlaReport, language: Language) -> None:
        self._report = report
        self._language: Language = language

    def parts(self) -> Iterable[RenderableType]:
        report, language = self._report, self._language
        heads = [f"{report.city}: {words.TITLE.of(language)} {report.month}", report.provider or ""]
        heads += [words.NOT_OVER.of(language)] if report.total.ahead else []
        yield _text(", ".join(filter(None, heads)))
        if report.problem:
            yield _text(words.BROKEN.of(language))
        yield self._sites()
        yield from map(_text, self._meanings())
        total = report.total
        if total.before + total.ahead == total.minutes:
            nothing = words.NOTHING_YET if total.ahead else words.NOTHING
            yield _text(nothing.of(language))
        elif total.before:
            since = start_of(min(one.recorded_from for one in report.sites))
            yield _text(words.SINCE.of(language).format(at=local(report, since)))
        if any(site.outages for site in report.sites):
            yield self._outages()
        if report.excuses:
            yield self._excuses()
        yield _text("")
        yield from map(_text, method(report, language))
        if total.counted or total.unknown:
            share = f"{100 * report.unknown_share:.2f}"
            yield _text(words.UNKNOWN_SHARE.of(language).format(share=self._number(share)))
        made = words.MADE.of(language)
        yield _text(made.format(zone=report.timezone, at=local(report, report.generated)))

    def _meanings(self) -> Iterable[str]:
        """Yield the meaning of each word that occurs in the last column."""
        sites, language = self._report.sites, self._language
        early = [one for one in sites if _is_too_early(one)]
        if early:
            yield words.TOO_EARLY_MEANS.of(language)
        if any(_is_open(one) and one not in early for one in sites):
            yield words.OPEN_MEANS.of(language)
        if any(one.verdict is Verdict.NO_CONTRACT for one in sites):
            yield f"{NO_CONTRACT.of(language)}."

    def _number(self, text: str) -> str:
        return text.replace(".", ",") if self._language == "de" else text

    def _percent(self, ratio: float | None) -> str:
        return "\u2013" if ratio is None else self._number(f"{100 * ratio:.3f}")

    def _sites(self) -> Table:
        turned = ("excused", "charged") if self._report.excuses else ()
        figures = ("up", "down", "unknown", "maintenance", "outside", *turned)
        named = {key: text.of(self._language) for key, text in words.SITES.items()}
        table = Table(
            Column(named["site"], Kind.TEXT, leads=True),
            Column(named["provider"], Kind.TEXT, leads=True),
            *(Column(named[key], Kind.NUMBER) for key in (*figures, "owed", "found", "left")),
            Column(named["contract"]),
        )
        for site in self._report.sites:
            table.add(*self._site(site, with_turned=bool(turned)))
        return table

    def _site(self, site: SiteSla, *, with_turned: bool) -> Iterable[str]:
        total, contract = site.total, site.site.uplink.contract
        counts = (total.up, total.down, total.unknown, total.maintenance, total.outside)
        verdict = words.VERDICTS[site.verdict.value].of(self._language)
        left = site.left_down_minutes
        if _is_too_early(site):
            verdict, left = words.TOO_EARLY.of(self._language), None
        elif _is_open(site):
            verdict += f" {words.OPEN.of(self._language)}"
        return (
            f"{site.school.name} ({site.key})",
            site.site.uplink.provider,
            *map(str, counts),
            *((str(total.excused), str(site.charged)) if with_turned else ()),
            self._percent(contract.availability if contract else None),
            self._percent(total.availability),
            "\u2013" if left is None else str(left),
            verdict,
        )

    def _outages(self) -> Table:
        named = {key: text.of(self._language) for key, text in words.OUTAGES.items()}
        table = Table(
            Column(words.SITES["site"].of(self._language), Kind.TEXT, leads=True),
            Column(named["begins"]),
            Column(named["ends"]),
            Column(named["minutes"], Kind.NUMBER),
            Column(named["reason"], Kind.TEXT, leads=True),
            Column(named["then"], Kind.TEXT),
            title=named["title"],
        )
        for site in self._report.sites:
            for outage in site.outages:
                table.add(
                    str(site.key),
                    local(self._report, outage.begins),
                    local(self._report, outage.ends),
                    str(outage.minutes),
                    self._why_since(outage),
                    words.FOLLOWED_BY[outage.followed_by].of(self._language),
                )
        return table

    def _why_since(self, outage: Outage) -> str:
        """Return the reason, and since when the line has been down if since before the minutes."""
        if outage.since is None:
            return self._why(outage)
        at = local(self._report, outage.since)
        return f"{self._why(outage)} ({words.DOWN_SINCE.of(self._language).format(at=at)})".strip()

    def _why(self, outage: Outage) -> str:
        """Return the reason and the verdict's sentence, as recorded if it has no German."""
        if self._language == "en":
            return f"{outage.reason} {outage.detail}".strip()
        known = words.WHY.get(outage.reason)  # another version may have recorded others
        reason = known.of(self._language) if known else outage.reason
        if not outage.detail:
            return reason
        is_ours = outage.reason != "reclassified"
        detail = (in_german(outage.detail) if is_ours else None) or outage.detail
        return detail if detail.startswith(reason) else f"{reason}: {detail}"

    def _excuses(self) -> Table:
        named = {key: text.of(self._language) for key, text in words.EXCUSES.items()}
        table = Table(
            Column(named["excuse"]),
            Column(named["sites"], Kind.TEXT, leads=True),
            Column(named["from"]),
            Column(named["until"]),
            Column(named["into"]),
            Column(named["by"], Kind.TEXT, leads=True),
            Column(named["why"], Kind.TEXT, leads=True),
            title=named["title"],
        )
        for one in self._report.excuses:
            table.add(*self._excuse(one))
        return table

    def _excuse(self, one: Excuse) -> Iterable[str]:
        why = one.reason
        if one.withdrawn is not None:
            back = one.withdrawn
            why += (
                words.EXCUSES["withdrawn"]
                .of(self._language)
                .format(at=local(self._report, back.at), by=back.by, reason=back.reason)
            )
        return (
            one.id,
            one.provider or ", ".join(one.sites),
            local(self._report, one.begins),
            local(self._report, one.ends),
            words.INTO[one.into].of(self._language),
            one.by,
            why,
        )


def _is_open(site: SiteSla) -> bool:
    """Return whether unknown minutes could change the verdict."""
    return not site.certain and site.total.unknown > 0


def _is_too_early(site: SiteSla) -> bool:
    """Return whether the month is not over and its counted minutes do not allow an outage yet.

    A contract of 100 % never allows one.
    """
    contract = site.site.uplink.contract
    allows_some = contract is not None and contract.availability < 1
    return allows_some and site.total.ahead > 0 and site.allowed_down_minutes == 0


def _text(value: str) -> Text:
    # A Text is never read as markup.
    return Text(plain(value))
