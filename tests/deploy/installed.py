"""The product as its wheel installs it: in an environment of its own, without the clone."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tools.deb import build_wheel

_OF_WORKING_COPY = ("schulnetz", "__editable__")


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment that has the product from its wheel."""

    folder: Path
    wheel: Path

    @property
    def program(self) -> str:
        """Return the path of `schulnetz`."""
        return str(self.folder / "bin/schulnetz")

    def call(self, *arguments: str, folder: Path) -> str:
        """Return what a command prints, called in a folder; it has to succeed."""
        done = subprocess.run(
            [self.program, *arguments],
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def environment() -> dict[str, str]:
    """Return this run's variables without those that name files of the product."""
    named = ("SCHULNETZ_", "PYTHON", "STATE_DIRECTORY")
    return {key: value for key, value in os.environ.items() if not key.startswith(named)}


def install(folder: Path) -> Installed:
    """Install the wheel; the libraries are those of the running environment, so no network."""
    wheel = build_wheel(folder)
    place = folder / "venv"
    steps = (
        ("-m", "venv", "--without-pip", str(place)),
        ("-m", "pip", "--python", str(place / "bin/python"), "install", "--no-deps", str(wheel)),
    )
    for step in steps:
        subprocess.run([sys.executable, *step], check=True, capture_output=True, timeout=600)
    library = sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
    for one in Path(sysconfig.get_path("purelib")).iterdir():
        if not one.name.startswith(_OF_WORKING_COPY):
            Path(library, one.name).symlink_to(one)
    return Installed(place, wheel)
