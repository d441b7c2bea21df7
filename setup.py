"""Puts into the wheel what lies outside the package: the example city, boards, rules, unit.

In a working copy these files have one place each and no copy; the build lays them out below
`monitor/data/shipped` under the same names. `monitor/shipped.py` finds them in either place.
"""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SHIPPED = (
    "config/schools.yaml",
    "config/SOURCES.md",
    "config/contacts.example.yaml",
    "dashboards/de/*.json",
    "dashboards/en/*.json",
    "deploy/alertmanager/alertmanager.yml",
    # Not every template: a city's own contacts are in one that is never shipped.
    "deploy/alertmanager/templates/schulnetz.*.tmpl",
    "deploy/compose.yaml",
    "deploy/container/Containerfile.wheel",
    "deploy/grafana/provisioning/*/*.yml",
    "deploy/kubernetes/*.yaml",
    "deploy/prometheus/prometheus.yml",
    "deploy/prometheus/rules/*.yml",
    "deploy/systemd/*",
    "docs/runbooks/*.md",
    "requirements.lock",
)


def shipped() -> list[str]:
    """Return the files by their path in the working copy.

    Raises:
        FileNotFoundError: if a pattern finds none, so that no wheel lacks it silently.
    """
    found = []
    for pattern in SHIPPED:
        paths = sorted(ROOT.glob(pattern))
        if not paths:
            raise FileNotFoundError(f"{pattern}: no such file to ship")
        found += [str(path.relative_to(ROOT)) for path in paths]
    return found


class BuildWithShipped(build_py):
    """The package's modules and data, and the files of `SHIPPED`."""

    def run(self) -> None:
        """Build as ever; an editable installation has the working copy itself."""
        super().run()
        if self.editable_mode:
            return
        for source, target in self._shipped_outputs().items():
            self.mkpath(str(Path(target).parent))
            self.copy_file(str(ROOT / source), target)

    def get_source_files(self) -> list[str]:
        """Return what a source distribution has to hold."""
        return [*super().get_source_files(), *shipped()]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:  # noqa: FBT001, FBT002  # setuptools' face
        """Return what was built."""
        mine = [] if self.editable_mode else self._shipped_outputs().values()
        return [*super().get_outputs(include_bytecode), *mine]

    def _shipped_outputs(self) -> dict[str, str]:
        target = Path(self.build_lib, "monitor/data/shipped")
        return {name: str(target / name) for name in shipped()}


if __name__ == "__main__":
    setup(cmdclass={"build_py": BuildWithShipped})
