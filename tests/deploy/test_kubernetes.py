"""The manifests: one shard a pod, with options that the program has, and with few rights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from monitor import __version__
from monitor.cli.main import main

MANIFESTS = Path(__file__).parents[2] / "deploy/kubernetes/schulnetz.yaml"


def stateful_set() -> dict[str, Any]:
    found = [
        one for one in yaml.safe_load_all(MANIFESTS.read_text()) if one["kind"] == "StatefulSet"
    ]
    (one,) = found
    spec: dict[str, Any] = one["spec"]
    return spec


def test_the_pods_cover_each_shard_once() -> None:
    spec = stateful_set()
    (container,) = spec["template"]["spec"]["containers"]
    (shard,) = (one for one in container["args"] if one.startswith("--shard="))
    numbers = range(spec["ordinals"]["start"], spec["ordinals"]["start"] + spec["replicas"])
    shards = [shard.removeprefix("--shard=").replace("$(POD_INDEX)", str(n)) for n in numbers]
    assert shards == [f"{number}/{spec['replicas']}" for number in range(1, spec["replicas"] + 1)]


@pytest.mark.parametrize("name", ["Containerfile", "Containerfile.wheel"])
def test_the_image_is_the_one_that_the_container_files_build(name: str) -> None:
    (container,) = stateful_set()["template"]["spec"]["containers"]
    text = (MANIFESTS.parents[1] / "container" / name).read_text(encoding="utf-8")
    assert container["image"] == f"schulnetz-monitor:{__version__}"
    assert f" -t {container['image']} .\n" in text


def test_the_program_accepts_the_arguments(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (container,) = stateful_set()["template"]["spec"]["containers"]
    arguments = [one.replace("$(POD_INDEX)", "1") for one in container["args"]]
    arguments = [one for one in arguments if not one.startswith(("--config", "--state-dir"))]
    missing = tmp_path / "none.yaml"
    ledger = {"SCHULNETZ_LEDGER": "postgresql://x@127.0.0.1:1/x"}
    result = CliRunner().invoke(main, [*arguments, f"--config={missing}"], env=ledger)
    assert result.exit_code == 1, result.stderr
    assert str(missing) in caplog.text  # with --log-format=json, an error is a line of the log


def test_a_pod_has_few_rights() -> None:
    pod = stateful_set()["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
