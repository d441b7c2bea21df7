"""The wheel alone, in an empty folder: it contains everything the product needs."""

from __future__ import annotations

import re
import runpy
import subprocess
import zipfile
from pathlib import Path

import pytest

from monitor import __version__
from tests.deploy.installed import Installed, environment, install
from tests.ports import free_port

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
IN_WHEEL = "monitor/data/shipped/"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_has_the_shipped_files_byte_for_byte(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        there = {
            name.removeprefix(IN_WHEEL): wheel.read(name)
            for name in wheel.namelist()
            if name.startswith(IN_WHEEL)
        }
    shipped = runpy.run_path(str(ROOT / "setup.py"))["shipped"]()
    assert there == {name: (ROOT / name).read_bytes() for name in shipped}


def test_the_environment_runs_the_wheel_not_the_working_copy(
    installed: Installed, tmp_path: Path
) -> None:
    ask = "import monitor; print(monitor.__file__)"
    done = subprocess.run(
        [str(installed.folder / "bin/python"), "-c", ask],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert Path(done.stdout.strip()).is_relative_to(installed.folder)
    assert installed.call("--version", folder=tmp_path).startswith(f"schulnetz {__version__}")


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("boards", "de/schulnetz-city.json"),
        ("rules", "uplinks.yml"),
        ("runbooks", "UplinkDown.md"),
        ("prometheus", "schulnetz.scrape.yaml"),
        ("alertmanager", "templates/schulnetz.de.tmpl"),
        ("unit", "schulnetz.service"),
        ("compose", "requirements.lock"),
        ("kubernetes", "rules/uplinks.yaml"),
    ],
)
def test_export_works_from_the_wheel_alone(
    installed: Installed, tmp_path: Path, kind: str, file: str
) -> None:
    installed.call("export", kind, "here", folder=tmp_path)
    assert (tmp_path / "here" / file).is_file()


def test_the_wheel_alone_creates_a_configuration_that_it_accepts(
    installed: Installed, tmp_path: Path
) -> None:
    city = ("--city", "Bochum", "--state", "NW", "--school", "Goethe", "--place", "192.0.2.10")
    installed.call("init", *city, folder=tmp_path)
    assert "1 school, 1 site" in installed.call("check", folder=tmp_path)


def test_the_demo_runs_in_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    ports = ("--listen", "127.0.0.1:0", "--port", str(free_port()))
    said = installed.call("demo", "--for", "10s", "--schools", "2", *ports, folder=tmp_path)
    assert re.search(r"schools up \d of 2   devices answered \d+ of \d+   checks run [1-9]", said)
    assert f"  {installed.program} probe " in said
    assert "--config" not in said, "the example city needs no option"
    assert [one.name for one in tmp_path.iterdir()] == ["demo-state"]
