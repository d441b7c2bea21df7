"""Writes the manual page schulnetz(1) from the help of the commands, for `make deb`.

Must not know: what any command does.
Source: man(7), groff_man(7).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from monitor import __version__
from monitor.cli.commands import Listed
from monitor.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "schulnetz"
_FILES = (
    ("/etc/schulnetz/schools.yaml", "the schools, where a service is installed"),
    ("/var/lib/schulnetz", "the ledger and the maintenance windows of that service"),
)
_ENVIRONMENT = (
    ("SCHULNETZ_CONFIG", "the configuration file, where --config names no other"),
    ("SCHULNETZ_LEDGER", "a PostgreSQL database to keep the ledger in"),
    ("SCHULNETZ_LEDGER_WRITER", "whose ledger to use in that database"),
    (
        "STATE_DIRECTORY",
        "the folder of the state, where --state-dir names no other; systemd sets it",
    ),
    ("NETBOX_TOKEN", "the API token for import netbox"),
    ("PGPASSFILE", "the file with the password of that database"),
    (
        "SCHULNETZ_SNMP_COMMUNITY",
        "the SNMP community of the example city; a configuration names its secrets' variables",
    ),
)


def manual_page() -> str:
    """Return the page in roff: every command with its options, in their own words."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f'.TH SCHULNETZ 1 "" "schulnetz {__version__}" "Schulnetz monitor"'
    yield from (".SH NAME", rf"{NAME} \- {_roff(_first_sentence(main))}")
    yield from (
        ".SH SYNOPSIS",
        rf".B {NAME}",
        r"\fICOMMAND\fR [\fIOPTION\fR]... [\fIARGUMENT\fR]...",
    )
    yield ".SH DESCRIPTION"
    yield from _text(main.help or "")
    yield "Options may come before or after arguments."
    yield ".SH COMMANDS"
    for path, command in _commands(NAME, main):
        yield from _command(path, command)
    yield ".SH EXIT STATUS"
    yield from _text((main.epilog or "").replace("\b", "").strip().removeprefix("Exit codes: "))
    for title, rows in (("ENVIRONMENT", _ENVIRONMENT), ("FILES", _FILES)):
        yield f".SH {title}"
        for what, meaning in rows:
            yield from (".TP", rf".B {_roff(what)}", _roff(meaning))
    yield ".SH SEE ALSO"
    yield _roff("The documents below /usr/share/doc/schulnetz-monitor/docs; cli.md has examples.")


def _commands(path: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its path, those of a group behind the group itself."""
    for name, listed in sorted(group.commands.items()):
        command = listed.load() if isinstance(listed, Listed) else listed
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _commands(f"{path} {name}", command)


def _command(path: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    yield f'.SS "{_roff(" ".join([path, *command.collect_usage_pieces(context)]))}"'
    yield from _text(command.help or "")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        # Arguments have none: the command's own text explains them.
        if record is not None and record[1]:
            names, meaning = record
            yield from (".TP", rf"\fB{_roff(names)}\fR", _roff(" ".join(meaning.split())))


def _text(help_text: str) -> Iterator[str]:
    """Yield the paragraphs of a help text, without click's own marks."""
    for paragraph in re.split(r"\n\s*\n", help_text.replace("\b", "").strip()):
        yield from (".PP", _roff(" ".join(paragraph.split())))


def _first_sentence(command: click.Command) -> str:
    return (command.help or "").partition("\n")[0].rstrip(".")


def _roff(text: str) -> str:
    """Return a text without roff requests or escapes, in which hyphens stay hyphens."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped
