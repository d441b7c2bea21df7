"""Counts the structure of a Python package: files, lines, public names, import arrows, circles.

Run as `python -m tools.structure [FOLDER] [--room ROOM]`; with a room it lists the modules that use
it. Nothing of the package is imported: its text is read.
"""

from __future__ import annotations

import argparse
import ast
import statistics
from collections import defaultdict
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Package:
    """A package's modules by dotted name: where each is, and which modules it imports.

    Imports of the package itself are named by file, others as the text names them.
    """

    name: str
    files: dict[str, Path]
    imports: dict[str, frozenset[str]]

    def room_of(self, module: str) -> str:
        """Return the part of the package that a module belongs to: a folder, or a loose file."""
        return module.split(".")[1] if "." in module else "__init__"

    def arrows(self) -> set[tuple[str, str]]:
        """Return which file imports which, within the package."""
        return {
            (module, other)
            for module, others in self.imports.items()
            for other in others
            if other in self.files and other != module
        }

    def rooms(self) -> dict[str, set[str]]:
        """Return which rooms each room imports."""
        found: dict[str, set[str]] = defaultdict(set)
        for module in self.files:
            found[self.room_of(module)] |= set()
        for module, other in self.arrows():
            if self.room_of(module) != self.room_of(other):
                found[self.room_of(module)].add(self.room_of(other))
        return dict(found)


def package(folder: Path) -> Package:
    """Return the package in a folder."""
    files = {
        ".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in sorted(folder.rglob("*.py"))
    }
    return Package(
        folder.name, files, {name: imports_of(path, files) for name, path in files.items()}
    )


def imports_of(path: Path, files: dict[str, Path]) -> frozenset[str]:
    """Return the modules that a file imports; of names in `files`, the file that has them.

    Raises:
        ValueError: if it imports relatively.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise ValueError(f"{path}:{node.lineno}: a relative import")
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in files else node.module for name in names}
    return frozenset(found)


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return names that import each other in a circle, nothing if none do."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []


def public_names(path: Path) -> int:
    """Return how many classes, functions and constants a file offers to others."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                names.add(node.name)
            case ast.Assign():
                names |= {one.id for one in node.targets if isinstance(one, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case _:
                pass
    return sum(not name.startswith("_") for name in names)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Count the structure of a Python package.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("monitor"))
    parser.add_argument("--room", help="list the files that import this part of it")
    asked = parser.parse_args()
    found = package(asked.folder)
    if asked.room:
        for module, other in sorted(found.arrows()):
            if found.room_of(other) == asked.room != found.room_of(module):
                print(f"{module} -> {other}")
        return
    lines = {one: len(path.read_text("utf-8").splitlines()) for one, path in found.files.items()}
    rooms, arrows = found.rooms(), found.arrows()
    of_room: dict[str, int] = defaultdict(int)
    for module, count in lines.items():
        of_room[found.room_of(module)] += count
    largest = max(of_room, key=lambda room: of_room[room])
    total = sum(lines.values())
    names = [public_names(path) for path in found.files.values()]
    file_circle = circle({one: {b for a, b in arrows if a == one} for one in found.files})
    print(f"files {len(lines)}, lines {total}, longest file {max(lines.values())}")
    print(f"public names of a file: mean {statistics.mean(names):.1f}, most {max(names)}")
    print(
        f"rooms {len(rooms)}, largest {largest} ({of_room[largest] * 100 / total:.0f} % of lines)"
    )
    between = sum(len(others) for others in rooms.values())
    print(f"import arrows: {len(arrows)} between files, {between} between rooms")
    print(f"circle of files: {' <- '.join(file_circle) or 'none'}")
    print(f"circle of rooms: {' <- '.join(circle(rooms)) or 'none'}")


if __name__ == "__main__":
    _main()
