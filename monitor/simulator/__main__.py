"""`python -m monitor.simulator`: the simulated city of a configuration, until it is stopped.

Must not know: how devices behave.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.clock import SystemClock
from monitor.simulator.city import City, CityError, serve
from monitor.simulator.faults import FaultError, parse_fault
from monitor.simulator.loopback import LoopbackError
from monitor.simulator.process import COMMUNITY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.inventory.city import Inventory


def main(arguments: Sequence[str], load: Callable[[Path], Inventory]) -> int:
    """Run the city of the configuration that the arguments name; return the exit code.

    0 after a regular end, 1 if the city cannot be started, 2 for wrong arguments.
    """
    options = _parse(arguments)
    try:
        return asyncio.run(_run(options, load(options.config)))
    except (CityError, FaultError, LoopbackError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


async def _run(options: argparse.Namespace, inventory: Inventory) -> int:
    if options.schools is not None:
        inventory = replace(inventory, schools=inventory.schools[: options.schools])
    city = City(
        inventory,
        clock=SystemClock(),
        community=os.environ.get(COMMUNITY_VARIABLE, "public").encode(),
        port=options.port,
        faults=[parse_fault(text, inventory) for text in options.fault],
        seed=options.seed,
        hostile=not options.no_hostile,
    )
    await serve(city)
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m monitor.simulator",
        description="Simulated routers and switches on loopback, until standard input closes.",
    )
    parser.add_argument("--config", type=Path, required=True, help="YAML file of the schools")
    parser.add_argument(
        "--port", type=_port, default=0, help="UDP port of all agents; 0: any free one"
    )
    parser.add_argument("--schools", type=_count, help="only the first N schools")
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the simulation; each gives a different city"
    )
    parser.add_argument(
        "--fault", action="append", default=[], metavar="KIND@SCHOOL", help="repeatable"
    )
    parser.add_argument(
        "--no-hostile", action="store_true", help="every text of a device looks like a name"
    )
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:  # noqa: PLR2004  # the ports of UDP
        raise argparse.ArgumentTypeError("a port is 0 to 65535")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one school")
    return number


if __name__ == "__main__":
    from monitor.config import ConfigError, load

    try:
        sys.exit(main(sys.argv[1:], load))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
