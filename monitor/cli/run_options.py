"""Options that `run` and `check` share: which of the schools are monitored, and how many at once.

Must not know: any single command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.inventory.shard import Shard
from monitor.schedule import DEFAULT_CONCURRENCY

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., Any]")


class ShardOf(click.ParamType[Shard]):
    """`NUMBER/COUNT`, counted from 1."""

    name = "shard"

    def convert(
        self,
        value: str | Shard,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Shard:
        """Parse the shard."""
        if isinstance(value, Shard):
            return value
        found = re.fullmatch(r"([1-9]\d{0,3})/([1-9]\d{0,3})", value)
        if found is None or int(found[1]) > int(found[2]):
            self.fail(f"{value!r} is not NUMBER/COUNT, such as 2/5", param, ctx)
        return Shard(int(found[1]), int(found[2]))


def concurrency_option(command: Command) -> Command:
    """Add `--concurrency N`."""
    return click.option(
        "--concurrency",
        type=click.IntRange(1, 100_000),
        default=DEFAULT_CONCURRENCY,
        show_default=True,
        help="Maximum number of concurrent checks.",
    )(command)


def shard_option(command: Command) -> Command:
    """Add `--shard NUMBER/COUNT`."""
    return click.option(
        "--shard",
        type=ShardOf(),
        metavar="NUMBER/COUNT",
        help="Monitor only this shard of the schools. [default: all]",
    )(command)
