"""Writes the software bill of materials: what is installed with the product, under which licence.

The components are those of requirements.lock, with the hashes that pip verifies; the
licences are what the installed packages declare. CycloneDX 1.6, the same bytes each time.

Usage: tools/sbom.py FILE
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def normal(name: str) -> str:
    """Return a distribution's normalised name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, tuple[str, list[str]]]:
    """Return version and SHA-256 hashes of each locked distribution."""
    found: dict[str, tuple[str, list[str]]] = {}
    name = ""
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        pinned = _PINNED.match(line)
        if pinned:
            name = normal(pinned[1])
            found[name] = (pinned[2], [])
        for digest in _HASH.findall(line):
            found[name][1].append(digest)
    return found


def installed() -> dict[str, Any]:
    """Return the bill of everything in the virtual environment."""
    command = [
        sys.executable, "-m", "cyclonedx_py", "environment", sys.executable,
        "--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--spec-version",
        "1.6", "--output-format", "JSON", "--output-file", "-",
    ]  # fmt: skip
    said = subprocess.run(command, capture_output=True, check=True, cwd=ROOT)  # noqa: S603  # our own interpreter
    bill: dict[str, Any] = json.loads(said.stdout)
    return bill


def bill() -> dict[str, Any]:
    """Return the bill of the locked distributions."""
    whole, pinned = installed(), locked()
    components = []
    for component in whole["components"]:
        name = normal(component["name"])
        if name in pinned:
            component["hashes"] = [
                {"alg": "SHA-256", "content": digest} for digest in sorted(pinned[name][1])
            ]
            components.append(component)
    kept = {component["bom-ref"] for component in components} | {
        whole["metadata"]["component"]["bom-ref"]
    }
    dependencies = [
        {**one, "dependsOn": [ref for ref in one.get("dependsOn", ()) if ref in kept]}
        for one in whole["dependencies"]
        if one["ref"] in kept
    ]
    return {**whole, "components": components, "dependencies": dependencies}


def licences(component: dict[str, Any]) -> str:
    """Return the licence that a component declares."""
    said = []
    for one in component.get("licenses", ()):
        licence = one.get("license", {})
        said.append(one.get("expression") or licence.get("id") or licence.get("name", ""))
    return ", ".join(dict.fromkeys(filter(None, said))) or "not declared"


def main() -> None:
    """Write the file and list the licences."""
    target = Path(sys.argv[1])
    found = bill()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    for component in found["components"]:
        print(f"{component['name']:28} {component['version']:14} {licences(component)}")
    print(f"{target}: {len(found['components'])} components")


if __name__ == "__main__":
    main()
