"""Builds the Debian package for `make deb`: build/schulnetz-monitor_VERSION_ARCHITECTURE.deb.

One package serves the releases of `PYTHONS`: it has the libraries of the lock file for the Python
of each, and the program uses those of its release. So an installation downloads only Debian's own
packages, and the shipped files match the hashes of the lock file.

Must not know: what the product does.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import __version__
from tools.manual import manual_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[1]
NAME = "schulnetz-monitor"
PYTHONS = ("3.11", "3.13")
"""The Python of Debian 12 and of Debian 13."""

# For the C library of Debian 12: wheels built for an older one run there and on Debian 13.
PLATFORMS = {"amd64": "x86_64-manylinux_2_34", "arm64": "aarch64-manylinux_2_34"}
# Files of the repository -> where they are installed.
FILES = {
    "deploy/debian/schulnetz": "usr/bin/schulnetz",
    "deploy/debian/schools.yaml": "etc/schulnetz/schools.yaml",
    "deploy/systemd/schulnetz.service": "usr/lib/systemd/system/schulnetz.service",
    "deploy/systemd/sysctl.conf": "usr/lib/sysctl.d/50-schulnetz.conf",
    "deploy/debian/copyright": f"usr/share/doc/{NAME}/copyright",
}
DOCUMENTS = (
    "README.md",
    "docs",
    "config",
    "dashboards/de",
    "dashboards/en",
    "deploy/alertmanager",
    "deploy/grafana",
    "deploy/prometheus",
)
# `setup.py` defines which files of the other folders are in the wheel.
_BUILT_FROM = (
    *("monitor", "config", "dashboards", "deploy", "pyproject.toml", "setup.py"),
    *("docs/runbooks", "README.md", "LICENSE", "requirements.lock"),
)
# Contacts, and files generated from them; .gitignore has them, too.
_PRIVATE = ("contacts.yaml", "schulnetz_city.tmpl")
SCRIPTS = ("postinst", "prerm", "postrm")
# What only the build needs, and what would run at each start of another Python.
_NOT_SHIPPED = (
    "setuptools*",
    "_distutils_hack",
    "*.pth",
    "bin",
    "__pycache__",
    ".lock",
    ".DS_Store",
)


def build_wheel(folder: Path) -> Path:
    """Return the product's wheel, built in a folder from this working copy, without a network."""
    wheels, source = folder / "wheels", folder / "source"
    # Outside the clone, whose build folder may still have files deleted since.
    for name in _BUILT_FROM:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, source / name)
    options = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels)]
    _run(sys.executable, "-m", "pip", *options, str(source))
    return next(wheels.glob("*.whl"))


def libraries(folder: Path, architecture: str) -> dict[str, Path]:
    """Install the lock file and the product for each Python; return the folders by version."""
    wheel = build_wheel(folder)
    found = {}
    for version in PYTHONS:
        target = folder / version
        common = (
            *("pip", "install", "--quiet", "--no-deps", "--target", str(target)),
            *("--python-version", version, "--python-platform", PLATFORMS[architecture]),
        )
        lock = ("--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "requirements.lock"))
        _run(str(Path(sys.executable).with_name("uv")), *common, *lock)
        _run(str(Path(sys.executable).with_name("uv")), *common, str(wheel))
        found[version] = target
    return found


def build(
    libraries_by_python: Mapping[str, Path], version: str, architecture: str, folder: Path
) -> Path:
    """Return the package, written into a folder.

    Raises:
        subprocess.CalledProcessError: if dpkg-deb refuses what is in it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch, "tree")
        _lay_out(tree, libraries_by_python)
        _control(tree, version, architecture)
        _permissions(tree)
        folder.mkdir(parents=True, exist_ok=True)
        package = folder / f"{NAME}_{version}_{architecture}.deb"
        _run("dpkg-deb", "--root-owner-group", "-Zzstd", "--build", str(tree), str(package))
        return package


def _lay_out(tree: Path, libraries_by_python: Mapping[str, Path]) -> None:
    for source, place in FILES.items():
        (tree / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / source, tree / place)
    for python, library in libraries_by_python.items():
        target = tree / f"usr/lib/schulnetz/python{python}"
        shutil.copytree(library, target, ignore=shutil.ignore_patterns(*_NOT_SHIPPED))
    _share(tree / "usr/lib/schulnetz")
    documents = tree / f"usr/share/doc/{NAME}"
    copy_documents(ROOT, documents)
    changes = (ROOT / "CHANGELOG.md").read_bytes()
    (documents / "changelog.gz").write_bytes(gzip.compress(changes, mtime=0))
    page = tree / "usr/share/man/man1/schulnetz.1.gz"
    page.parent.mkdir(parents=True)
    page.write_bytes(gzip.compress(manual_page().encode(), mtime=0))


def copy_documents(root: Path, documents: Path) -> None:
    """Copy the documentation of a working copy, without its owner's private files."""
    for name in DOCUMENTS:
        if (root / name).is_dir():
            ignored = shutil.ignore_patterns(*_PRIVATE)
            shutil.copytree(root / name, documents / name, ignore=ignored)
        else:
            shutil.copyfile(root / name, documents / name)


def _share(folder: Path) -> None:
    """Share identical files between the Pythons by hard links, which dpkg keeps."""
    first: dict[tuple[str, ...], Path] = {}
    for path in _files(folder):
        _python, *below = path.relative_to(folder).parts
        other = first.setdefault(tuple(below), path)
        if other is not path and other.read_bytes() == path.read_bytes():
            path.unlink()
            path.hardlink_to(other)


def _control(tree: Path, version: str, architecture: str) -> None:
    control, source = tree / "DEBIAN", ROOT / "deploy/debian"
    control.mkdir()
    inodes = {path.stat().st_ino: path.stat().st_size for path in _files(tree)}
    values = {
        "VERSION": version,
        "ARCHITECTURE": architecture,
        "SIZE": str(sum(inodes.values()) // 1024),
    }
    text = (source / "control").read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    (control / "control").write_text(text, encoding="utf-8")
    (control / "conffiles").write_text("/etc/schulnetz/schools.yaml\n", encoding="utf-8")
    for name in (*SCRIPTS, "triggers"):
        shutil.copyfile(source / name, control / name)


def _permissions(tree: Path) -> None:
    programs = {tree / "usr/bin/schulnetz", *(tree / "DEBIAN" / name for name in SCRIPTS)}
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path in programs else 0o644)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _run(*command: str) -> None:
    subprocess.run(command, check=True)  # noqa: S603  # all of it is above


def main() -> None:
    """Build the package for this machine's architecture, or the wheel."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--version", default=__version__)
    parser.add_argument("--out", type=Path, default=ROOT / "build")
    parser.add_argument("--architecture", choices=PLATFORMS, default="amd64")
    parser.add_argument("--wheel", action="store_true", help="build the wheel alone")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if wanted.wheel:
            wanted.out.mkdir(parents=True, exist_ok=True)
            print(shutil.copy(build_wheel(Path(scratch)), wanted.out))
            return
        found = libraries(Path(scratch), wanted.architecture)
        print(build(found, wanted.version, wanted.architecture, wanted.out))


if __name__ == "__main__":
    main()
