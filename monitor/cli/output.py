"""Output of the commands: the only code that writes to the terminal.

Control characters from devices, files or users are removed here, so no command has to do it.
Most commands print only lines, so rich is imported only for tables and live displays.

Must not know: any single command.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TextIO

import click

from monitor.words.plain import as_json, plain, plain_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult


@dataclass(frozen=True, slots=True)
class _Plain:
    """A renderable without control characters; rich's own styles are kept."""

    shown: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment  # noqa: PLC0415  # for tables and displays alone

        for segment in console.render(self.shown, options):
            text = segment.text if segment.control else plain_lines(segment.text)
            yield Segment(text, segment.style, segment.control)


def say(*lines: str, err: bool = False) -> None:
    """Print lines, optionally on stderr."""
    for line in lines:
        click.echo(plain(line), err=err)


def say_text(text: str, *, err: bool = False) -> None:
    """Print multi-line text."""
    say(*text.removesuffix("\n").split("\n"), err=err)


def ask_text(question: str, *, may_be_empty: bool = False) -> str:
    """Return a person's answer on the terminal, without surrounding spaces."""
    default = "" if may_be_empty else None
    answer: str = click.prompt(plain(question), default=default, show_default=False)
    return answer.strip()


def ask_secret(question: str) -> str:
    """Return a secret that a person types twice at the terminal, without showing it.

    The question is on stderr: the output may be redirected.
    """
    answer: str = click.prompt(plain(question), hide_input=True, confirmation_prompt=True, err=True)
    return answer


def say_json(document: object, default: Callable[[object], object] | None = None) -> None:
    """Print a document as indented JSON."""
    click.echo(as_json(document, indent=2, default=default))


def say_document(text: str) -> None:
    """Print a document unchanged; its writer has already removed control characters."""
    click.echo(text, nl=False)


def document_stream() -> TextIO:
    """Return the stream to which a document is written directly."""
    return sys.stdout


def ask(question: str) -> bool:
    """Ask for confirmation; return the answer."""
    return click.confirm(plain(question))


def show(shown: RenderableType) -> None:
    """Print tables and the like, as wide as the terminal; 80 columns without one.

    Wider output is wrapped by the terminal, and never truncated.
    """
    from rich.console import Console  # noqa: PLC0415  # for tables and displays alone

    Console().print(_Plain(shown), crop=False)


@contextmanager
def working(text: str) -> Iterator[Callable[[str], None]]:
    """Show what is being waited for until the context ends; yield a function that changes it.

    On stderr, and only if that is a terminal: the output may be redirected.
    """
    from rich.console import Console  # noqa: PLC0415  # for tables and displays alone
    from rich.markup import escape  # noqa: PLC0415  # the same

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(escape(plain(text))) as status:
        yield lambda said: status.update(escape(plain(said)))


class Screen:
    """A display that is updated in place; a context manager."""

    def __init__(self, *, stays: bool) -> None:
        from rich.console import Console  # noqa: PLC0415  # for tables and displays alone
        from rich.live import Live  # noqa: PLC0415  # the same

        self._live = Live(console=Console(), auto_refresh=False, transient=not stays)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def update(self, shown: RenderableType) -> None:
        """Replace the displayed content."""
        self._live.update(_Plain(shown), refresh=True)
