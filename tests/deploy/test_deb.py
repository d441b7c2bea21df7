"""The Debian package as dpkg reads it: its files, conffiles and scripts.

Built here with the product alone; `make deb` puts the libraries of the lock file beside it. `make
drills` (tests/drills/test_install.py) tests that it installs on Debian 12 and 13.
"""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import pytest

from monitor import __version__
from monitor.config import load
from tools.deb import DOCUMENTS, NAME, PYTHONS, SCRIPTS, build, copy_documents

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deb")
    libraries = {}
    for python in PYTHONS:
        libraries[python] = folder / python
        (folder / python / "monitor/__pycache__").mkdir(parents=True)
        (folder / python / "monitor/__pycache__/x.pyc").touch()
        (folder / python / "monitor/common.py").write_text("same\n" * 2000)
        (folder / python / "monitor/own.py").write_text(python)
        (folder / python / "setuptools").mkdir()
    return build(libraries, __version__, "amd64", folder)


def read(*command: str | Path) -> str:
    words = [str(one) for one in command]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=300).stdout


@pytest.fixture(scope="module")
def tree(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("tree")
    read("dpkg-deb", "--raw-extract", package, target)
    return target


def test_the_package_says_what_it_is_and_needs(package: Path) -> None:
    assert read("dpkg-deb", "--field", package, "Package").strip() == NAME
    assert read("dpkg-deb", "--field", package, "Version").strip() == __version__
    needed = read("dpkg-deb", "--field", package, "Depends")
    for python in PYTHONS:
        assert f"python3 (>= {python})" in needed


def test_the_package_has_the_manual_page(tree: Path) -> None:
    page = gzip.decompress((tree / "usr/share/man/man1/schulnetz.1.gz").read_bytes()).decode()
    assert page.startswith(".TH SCHULNETZ 1 ")
    assert "schulnetz probe" in page


def test_all_files_belong_to_root_and_only_root_may_write(package: Path) -> None:
    for line in read("dpkg-deb", "--contents", package).splitlines():
        mode, owner = line.split()[:2]
        assert owner == "root/root", line
        assert mode[5] == mode[8] == "-", line


def test_program_unit_and_sysctl_file_are_where_the_system_looks(tree: Path) -> None:
    program = tree / "usr/bin/schulnetz"
    assert program.stat().st_mode & 0o777 == 0o755
    unit = tree / "usr/lib/systemd/system/schulnetz.service"
    assert unit.read_text() == (ROOT / "deploy/systemd/schulnetz.service").read_text()
    assert (tree / "usr/lib/sysctl.d/50-schulnetz.conf").is_file()
    documents = tree / f"usr/share/doc/{NAME}"
    assert (documents / "docs/operation.md").is_file()
    assert (documents / "copyright").is_file()


def test_contacts_of_a_working_copy_are_not_packaged(tmp_path: Path) -> None:
    root, documents = tmp_path / "root", tmp_path / "documents"
    documents.mkdir()
    for name in DOCUMENTS:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch() if name.endswith(".md") else (root / name).mkdir()
    (root / "config/contacts.example.yaml").touch()
    (root / "config/contacts.yaml").touch()
    templates = root / "deploy/alertmanager/templates"
    templates.mkdir()
    (templates / "schulnetz_city.tmpl").touch()
    copy_documents(root, documents)
    assert (documents / "config/contacts.example.yaml").is_file()
    assert not list(documents.rglob("contacts.yaml"))
    assert not list(documents.rglob("schulnetz_city.tmpl"))


def test_the_shipped_schools_file_is_a_valid_conffile(tree: Path) -> None:
    assert (tree / "DEBIAN/conffiles").read_text() == "/etc/schulnetz/schools.yaml\n"
    inventory = load(tree / "etc/schulnetz/schools.yaml")
    # Documentation addresses (RFC 5737): no real host is contacted before the file is edited.
    hosts = {check.target.host for check in inventory.checks()}
    assert all(host.startswith(("192.0.2.", "198.51.100.", "203.0.113.")) for host in hosts)


def test_each_python_has_its_libraries_and_shares_identical_files(tree: Path) -> None:
    folder = tree / "usr/lib/schulnetz"
    assert sorted(one.name for one in folder.iterdir()) == [f"python{one}" for one in PYTHONS]
    first, second = (folder / f"python{one}/monitor" for one in PYTHONS)
    assert (first / "common.py").samefile(second / "common.py")
    assert (first / "own.py").read_text() != (second / "own.py").read_text()
    assert not list(tree.rglob("*.pyc"))
    assert not list(tree.rglob("setuptools"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_maintainer_scripts_are_valid_sh(tree: Path, name: str) -> None:
    script = tree / "DEBIAN" / name
    assert script.stat().st_mode & 0o111
    read("sh", "-n", script)


def test_no_script_deletes_data_of_the_service_or_a_person(tree: Path) -> None:
    for name in SCRIPTS:
        for line in (tree / "DEBIAN" / name).read_text().splitlines():
            if "rm -r" in line and "echo" not in line:
                assert line.startswith("find /usr/lib/schulnetz -name __pycache__"), line
