"""The city of the import tests and the result of an import."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config import load
from tests.cli.test_main import invoke

if TYPE_CHECKING:
    from monitor.inventory.city import School

CASES = Path(__file__).parent / "cases"
HEAD = "Schulnummer;Schulname;Schulform;Stadtteil;Breite;Länge;Profil;Netz"
ROW = "123451;Schule am Deich;Grundschule;Nord;51,4812;7,2201;grundschule;10.82.2.0/24"


class Office:
    """A configuration with one school, and imports into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = Path(shutil.copy(CASES / "schools.yaml", folder / "schools.yaml"))

    def take(self, kind: str, *arguments: str | Path) -> tuple[int, str, str]:
        """Return exit code, output and errors of an import."""
        return invoke("import", kind, *arguments, "--config", self.config, "--yes")

    def taken(self, kind: str, *arguments: str | Path) -> str:
        """Return the output and the errors of an import that must succeed."""
        code, output, errors = self.take(kind, *arguments)
        assert code == 0, errors
        return output + errors

    def sheet(self, text: str, encoding: str = "utf-8") -> Path:
        """Return a table with that text."""
        path = self.folder / "table.csv"
        path.write_bytes(text.encode(encoding))
        return path

    def school(self, number: str = "123451") -> School:
        """Return the configured school of that number."""
        return next(one for one in load(self.config).schools if one.number == number)
