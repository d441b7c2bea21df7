"""An SLA report as tables for the terminal, in German or English.

They explain how the figures were computed, so that they can be sent to the provider.

Must not know: how the figures are computed.
"""

from __future__ import annotations

from collections import Counter
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
        # The broken ones first.
        self._sites = sorted(report.sites, key=lambda one: one.verdict is not Verdict.BROKEN)

    def parts(self) -> Iterable[RenderableType]:
        report, language = self._report, self._language
        heads = [f"{report.city}: {words.TITLE.of(language)} {report.month}", report.provider or ""]
        total = report.total
        is_empty = total.before + total.ahead == total.minutes
        heads += [words.NOT_OVER.of(language)] if total.ahead else []
        heads += [words.IN_PART.of(language)] if total.before and not is_empty else []
        yield _text(", ".join(filter(None, heads)))
        if report.problem:
            yield _text(words.BROKEN.of(language))
        yield self._table()
        yield from map(_text, self._count())
        yield from map(_text, self._meanings())
        if is_empty:
            nothing = words.NOTHING_YET if total.ahead else words.NOTHING
            yield _text(nothing.of(language))
        elif total.before:
            since = start_of(min(one.recorded_from for one in report.sites))
            yield _text(words.SINCE.of(language).format(at=local(report, since)))
        if any(site.outages for site in self._sites):
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

    def _count(self) -> Iterable[str]:
        """Yield how many of several sites have which word in the last column."""
        count = len(self._sites)
        if count > 1:
            found = Counter(map(self._verdict, self._sites))
            counts = ", ".join(f"{number} {verdict}" for verdict, number in found.items())
            yield words.TOTAL.of(self._language).format(count=count, counts=counts)

    def _meanings(self) -> Iterable[str]:
        """Yield the meaning of each word that occurs in the last column."""
        sites, language = self._sites, self._language
        early = [one for one in sites if _is_too_early(one)]
        if early:
            yield words.TOO_EARLY_MEANS.of(language)
        if any(_is_part(one) and one not in early for one in sites):
            yield words.PART_MEANS.of(language)
        if any(_is_open(one) and one not in early for one in sites):
            yield words.OPEN_MEANS.of(language)
        if any(one.verdict is Verdict.NO_CONTRACT for one in sites):
            yield f"{NO_CONTRACT.of(language)}."

    def _number(self, text: str) -> str:
        return text.replace(".", ",") if self._language == "de" else text

    def _percent(self, ratio: float | None) -> str:
        return "\u2013" if ratio is None else self._number(f"{100 * ratio:.3f}")

    def _recorded(self, site: SiteSla) -> str:
        share = site.total.recorded_share
        # Almost nothing is not nothing, and almost all not all.
        if 0 < share < 0.001:  # noqa: PLR2004  # the last digit that is shown
            shown = self._number("< 0.1")
        elif 0.999 < share < 1:  # noqa: PLR2004  # the same
            shown = self._number("> 99.9")
        else:
            shown = self._number(f"{100 * share:.1f}")
        return words.RECORDED_SHARE.of(self._language).format(share=shown)

    def _verdict(self, site: SiteSla) -> str:
        """Return the last column's word, and in brackets what restricts it."""
        if _is_too_early(site):
            return words.TOO_EARLY.of(self._language)
        marks = [words.PART] * _is_part(site) + [words.OPEN] * _is_open(site)
        verdict = words.VERDICTS[site.verdict.value].of(self._language)
        return (
            f"{verdict} ({', '.join(one.of(self._language) for one in marks)})"
            if marks
            else verdict
        )

    def _table(self) -> Table:
        turned = ("excused", "charged") if self._report.excuses else ()
        has_parts = any(map(_is_part, self._sites))
        figures = ("up", "down", "unknown", "maintenance", "outside", *turned)
        named = {key: text.of(self._language) for key, text in words.SITES.items()}
        table = Table(
            Column(named["site"], Kind.TEXT, leads=True),
            Column(named["provider"], Kind.TEXT, leads=True),
            *([Column(named["recorded"], Kind.TEXT, leads=True)] if has_parts else []),
            *(Column(named[key], Kind.NUMBER) for key in (*figures, "owed", "found", "left")),
            Column(named["contract"], Kind.TEXT),
        )
        for site in self._sites:
            table.add(*self._site(site, with_recorded=has_parts, with_turned=bool(turned)))
        return table

    def _site(self, site: SiteSla, *, with_recorded: bool, with_turned: bool) -> Iterable[str]:
        total, contract = site.total, site.site.uplink.contract
        counts = (total.up, total.down, total.unknown, total.maintenance, total.outside)
        left = None if _is_too_early(site) else site.left_down_minutes
        return (
            f"{site.school.name} ({site.key})",
            site.site.uplink.provider,
            *((self._recorded(site),) if with_recorded else ()),
            *map(str, counts),
            *((str(total.excused), str(site.charged)) if with_turned else ()),
            self._percent(contract.availability if contract else None),
            self._percent(total.availability),
            "\u2013" if left is None else str(left),
            self._verdict(site),
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
        for site in self._sites:
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
        known = words.WHY.get(outage.reason)  # another version may have recorded others
        reason = known.of(self._language) if known else outage.reason
        if not outage.detail:
            return reason
        is_german = self._language == "de" and outage.reason != "reclassified"
        detail = (in_german(outage.detail) if is_german else None) or outage.detail
        return detail if detail.startswith(reason) else f"{reason}: {detail}"

    def _excuses(self) -> Table:
        named = {key: text.of(self._language) for key, text in words.EXCUSES.items()}
        table = Table(
            Column(named["excuse"]),
            Column(named["sites"], Kind.TEXT, leads=True),
            Column(named["from"]),
            Column(named["until"]),
            Column(words.OUTAGES["minutes"].of(self._language), Kind.NUMBER),
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
            str(self._report.turned.get(one.id, 0)),
            words.INTO[one.into].of(self._language),
            one.by,
            why,
        )


def _is_part(site: SiteSla) -> bool:
    """Return whether the word holds only from the site's first record on."""
    is_judged = site.verdict in {Verdict.KEPT, Verdict.BROKEN}
    return is_judged and site.total.before > 0


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
