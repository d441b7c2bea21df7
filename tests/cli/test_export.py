"""`schulnetz export`: files that the real tools accept, with addresses filled in."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.test_main import invoke

ROOT = Path(__file__).parents[2]
BOARDS = sorted(path.name for path in ROOT.glob("dashboards/de/*.json"))


def export(kind: str, folder: Path, *options: str | Path) -> str:
    code, said, errors = invoke("export", kind, folder, *options)
    assert code == 0, errors
    return said


def accepted(*command: str | Path) -> None:
    words = [str(one) for one in command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


@pytest.mark.integration
def test_promtool_accepts_the_rules_without_external_labels(tmp_path: Path) -> None:
    monitor, grafana = "https://monitor.example.org:9822", "https://grafana.example.org/boards"
    addresses = ("--monitor", monitor, "--grafana", f"{grafana}/", "--language", "en")
    export("rules", tmp_path, *addresses, "--runbooks", "https://wiki.example.org/runbooks")
    files = sorted(tmp_path.glob("*.yml"))
    assert [one.name for one in files] == sorted(
        one.name for one in ROOT.glob("deploy/prometheus/rules/*.yml")
    )
    accepted("promtool", "check", "rules", "--lint=all", "--lint-fatal", *files)
    text = "".join(one.read_text(encoding="utf-8") for one in files)
    assert "externalLabels" not in text
    assert f'status_page: "{monitor}/schools/{{{{ $labels.school }}}}"' in text
    assert f'"{grafana}/d/schulnetz-city-en' in text
    assert '"https://wiki.example.org/runbooks/UplinkDown.md"' in text


@pytest.mark.parametrize("kind", ["rules", "kubernetes"])
def test_links_that_lead_to_the_readers_own_machine_are_reported(tmp_path: Path, kind: str) -> None:
    """On call at home, 127.0.0.1 is one's own telephone."""
    code, _, errors = invoke("export", kind, tmp_path / "as-shipped")
    assert code == 0
    for option in ("--pages", "--grafana", "--runbooks"):
        assert option in errors
    own = ("--monitor", "10.1.2.3:9822", "--no-grafana", "--runbooks", "https://wiki.example.org")
    assert invoke("export", kind, tmp_path / "own", *own)[2] == ""
    through = ("--pages", "https://[::1]/x", "--grafana", "http://localhost:3000")
    errors = invoke("export", kind, tmp_path / "local", *through)[2]
    assert "--pages" in errors
    assert "--grafana" in errors


@pytest.mark.parametrize("kind", ["rules", "kubernetes"])
def test_exported_rules_keep_the_promised_times_under_any_evaluation_interval(
    tmp_path: Path, kind: str
) -> None:
    said = export(kind, tmp_path)
    deployed = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    files = sorted(tmp_path.glob("*.yml" if kind == "rules" else "rules/*.yaml"))
    groups = [
        group
        for path in files
        for document in documents(path)
        for group in document.get("spec", document)["groups"]
    ]
    lines = next(group for group in groups if group["name"] == "uplinks")
    assert lines["interval"] == deployed["global"]["evaluation_interval"]
    assert all("interval" in group for group in groups)
    assert "--rules.alert.resend-delay=30s" in said


def test_links_lead_to_the_pages_of_a_proxy_and_to_no_grafana_where_there_is_none(
    tmp_path: Path,
) -> None:
    pages = "https://schools.example.org/monitor"
    export("rules", tmp_path, "--monitor", "10.1.2.3:9822", "--pages", f"{pages}/", "--no-grafana")
    found = [
        rule["annotations"]
        for path in tmp_path.glob("*.yml")
        for document in documents(path)
        for group in document["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert not [one for one in found if "dashboard" in one]
    links = {one["status_page"] for one in found if "status_page" in one}
    assert links == {f"{pages}/schools/{{{{ $labels.school }}}}"}


def test_every_alert_has_an_exported_runbook_whose_links_lead_somewhere(tmp_path: Path) -> None:
    said = export("runbooks", tmp_path)
    assert "--runbooks" in said
    assert "city.runbooks" in said
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {path.name for path in (ROOT / "docs/runbooks").iterdir()}
    for path in tmp_path.iterdir():
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"\]\(([^)#]+)", text)) <= names, path.name
        assert "mails.md" in text or path.stem != "UplinkDown"


def test_the_example_receivers_are_said_to_be_examples(tmp_path: Path) -> None:
    said = export("alertmanager", tmp_path)
    text = (tmp_path / "alertmanager.yml").read_text(encoding="utf-8")
    for place in ("127.0.0.1:9095", "nothing listens"):
        assert place in said
        assert place in text
    # The example of a ticket system, once it is no comment any more, is one.
    taken = re.sub(r"^  #   (?=webhook_configs|  - )", "    ", text, flags=re.MULTILINE)
    example = re.search(r"^    webhook_configs:\n      - \{url: .*tickets.*\n", taken, re.MULTILINE)
    assert example
    whole = text.replace("  - name: ticket\n", f"  - name: ticket\n{example[0]}")
    ticket = next(one for one in yaml.safe_load(whole)["receivers"] if one["name"] == "ticket")
    assert ticket["webhook_configs"][0]["send_resolved"] is True


@pytest.mark.integration
def test_amtool_accepts_the_configuration_with_its_templates(tmp_path: Path) -> None:
    export("alertmanager", tmp_path)
    accepted("amtool", "check-config", tmp_path / "alertmanager.yml")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("monitor", "scheme"), [("10.1.2.3:9000", "http"), ("https://[fd00::1]:9822", "https")]
)
def test_the_two_jobs_fit_into_an_existing_prometheus(
    tmp_path: Path, monitor: str, scheme: str
) -> None:
    export("prometheus", tmp_path, "--monitor", monitor)
    (jobs,) = documents(tmp_path / "schulnetz.scrape.yaml")
    assert list(jobs) == ["scrape_configs"]
    own, schools = jobs["scrape_configs"]
    place = monitor.removeprefix("https://")
    assert own["static_configs"] == [{"targets": [place]}]
    assert schools["http_sd_configs"][0]["url"] == f"{scheme}://{place}/sd/prometheus"
    assert [one["job_name"] for one in (own, schools)] == ["schulnetz", "schools"]
    assert {one.get("scheme", "http") for one in (own, schools)} == {scheme}
    other = {"job_name": "node", "static_configs": [{"targets": ["127.0.0.1:9100"]}]}
    whole = tmp_path / "prometheus.yml"
    whole.write_text(yaml.safe_dump({"scrape_configs": [other, own, schools]}))
    accepted("promtool", "check", "config", "--syntax-only", whole)


@pytest.mark.integration
@pytest.mark.parametrize("address", ["https://monitor.example.org:9822", "10.1.2.3:9822"])
def test_the_exported_jobs_are_usable_as_they_are(tmp_path: Path, address: str) -> None:
    export("prometheus", tmp_path, "--monitor", address)
    text = (tmp_path / "schulnetz.scrape.yaml").read_text(encoding="utf-8")
    for name in ("schulnetz.password", "schulnetz-ca.pem"):
        assert (f"/etc/prometheus/{name}" in text) == address.startswith("https")
        (tmp_path / name).write_text("geheim\n")
        text = text.replace(f"/etc/prometheus/{name}", str(tmp_path / name))
    whole = tmp_path / "prometheus.yml"
    whole.write_text(text)
    accepted("promtool", "check", "config", whole)
    jobs = yaml.safe_load(text)["scrape_configs"]
    deployed = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    every = {job["scrape_interval"] for job in jobs}
    assert every == {deployed["global"]["scrape_interval"]}


@pytest.mark.integration
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_both_jobs_read_several_daemons(tmp_path: Path, scheme: str) -> None:
    places = ["shard-1.example.org:9822", "[fd00::2]:9823"]
    given = [word for place in places for word in ("--monitor", f"{scheme}://{place}")]
    export("prometheus", tmp_path, *given)
    (jobs,) = documents(tmp_path / "schulnetz.scrape.yaml")
    own, schools = jobs["scrape_configs"]
    assert own["static_configs"] == [{"targets": places}]
    lists = schools["http_sd_configs"]
    assert [one["url"] for one in lists] == [f"{scheme}://{it}/sd/prometheus" for it in places]
    assert all(one["refresh_interval"] == "1m" for one in lists)
    assert all(("basic_auth" in one) == (scheme == "https") for one in lists)
    accepted("promtool", "check", "config", "--syntax-only", tmp_path / "schulnetz.scrape.yaml")


def test_daemons_with_and_without_tls_do_not_fit_into_one_job(tmp_path: Path) -> None:
    given = ("--monitor", "https://a.example:9822", "--monitor", "b.example:9822")
    code, _, errors = invoke("export", "prometheus", tmp_path, *given)
    assert code == 2
    assert "name all daemons by https://, or none" in errors


def test_the_boards_come_with_grafana_provisioning(tmp_path: Path) -> None:
    export("boards", tmp_path, "--prometheus", "http://prometheus.example:9090")
    for language in ("de", "en"):
        assert sorted(one.name for one in (tmp_path / language).iterdir()) == BOARDS
    provisioning = tmp_path / "provisioning"
    (providers,) = documents(provisioning / "dashboards/schulnetz.yml")
    paths = {one["options"]["path"] for one in providers["providers"]}
    assert paths == {str(tmp_path / "de"), str(tmp_path / "en")}
    (sources,) = documents(provisioning / "datasources/schulnetz.yml")
    assert sources["datasources"][0]["url"] == "http://prometheus.example:9090"


@pytest.mark.integration
def test_the_unit_starts_this_program_at_the_given_address(tmp_path: Path) -> None:
    export("unit", tmp_path, "--listen", "[::1]:9000")
    text = (tmp_path / "schulnetz.service").read_text(encoding="utf-8")
    (line,) = (one for one in text.splitlines() if one.startswith("ExecStart="))
    program, *words = line.removeprefix("ExecStart=").split()
    assert Path(program).is_file()
    assert words[-2:] == ["--listen", "[::1]:9000"]
    accepted("systemd-analyze", "verify", "--man=no", tmp_path / "schulnetz.service")


@pytest.mark.integration
def test_the_composed_stack_needs_no_clone(tmp_path: Path) -> None:
    export("compose", tmp_path)
    (stack,) = documents(tmp_path / "compose.yaml")
    assert stack["services"]["monitor"]["build"] == {"context": "."}
    mounts = [
        volume.split(":")[0]
        for service in stack["services"].values()
        for volume in service["volumes"]
        if volume.startswith(".")
    ]
    # The schools are the user's own.
    assert [one for one in mounts if not (tmp_path / one).is_dir()] == ["./config"]
    for line in (tmp_path / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line and "*" not in line:
            assert all((tmp_path / one).exists() for one in line.split()[1:-1]), line
    accepted("promtool", "check", "config", tmp_path / "prometheus/prometheus.yml")
    accepted("amtool", "check-config", tmp_path / "alertmanager/alertmanager.yml")
    assert sorted(one.name for one in (tmp_path / "dashboards/en").iterdir()) == BOARDS


@pytest.mark.integration
def test_kubernetes_gets_rules_jobs_and_boards_as_its_operators_read_them(tmp_path: Path) -> None:
    export("kubernetes", tmp_path, "--namespace", "schools", "--monitor", "https://m.example:443")
    kinds = {
        (one["apiVersion"], one["kind"])
        for path in tmp_path.rglob("*.yaml")
        for one in documents(path)
    }
    assert kinds == {
        ("v1", "Service"),
        ("apps/v1", "StatefulSet"),
        ("v1", "ConfigMap"),
        ("monitoring.coreos.com/v1", "PrometheusRule"),
        ("monitoring.coreos.com/v1", "ServiceMonitor"),
        ("monitoring.coreos.com/v1alpha1", "ScrapeConfig"),
    }
    for path in sorted(tmp_path.glob("rules/*.yaml")):
        (rule,) = documents(path)
        plain = tmp_path / f"{path.stem}.plain.yml"
        plain.write_text(yaml.safe_dump(rule["spec"], allow_unicode=True))
        accepted("promtool", "check", "rules", plain)
        (shipped,) = documents(ROOT / f"deploy/prometheus/rules/{path.stem}.yml")
        names = [group["name"] for group in shipped["groups"]]
        assert [group["name"] for group in rule["spec"]["groups"]] == names
    boards = [document for path in tmp_path.glob("boards/*.yaml") for document in documents(path)]
    assert len(boards) == 2 * len(BOARDS)
    for board in boards:
        assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
        (text,) = board["data"].values()
        language = board["metadata"]["name"][-2:]
        name = f"{board['metadata']['name'][:-3]}.json"
        assert json.loads(text) == json.loads((ROOT / "dashboards" / language / name).read_text())


def test_the_pods_are_scraped_by_host_names_they_accept(tmp_path: Path) -> None:
    export("kubernetes", tmp_path, "--namespace", "schools")
    _, pods = documents(tmp_path / "schulnetz.yaml")
    monitor, schools = documents(tmp_path / "scrape.yaml")
    assert monitor["spec"]["selector"]["matchLabels"] == pods["spec"]["selector"]["matchLabels"]
    (container,) = pods["spec"]["template"]["spec"]["containers"]
    allowed = [one for one in container["args"] if one.endswith(".svc")]
    numbers = range(1, pods["spec"]["replicas"] + 1)
    names = [
        one.partition("=")[2].replace("$(POD_INDEX)", str(number))
        for number in numbers
        for one in allowed
    ]
    assert [one["url"] for one in schools["spec"]["httpSDConfigs"]] == [
        f"http://{name}:9822/sd/prometheus" for name in names
    ]


def test_existing_files_are_overwritten_only_with_force_and_world_readable(tmp_path: Path) -> None:
    export("prometheus", tmp_path)
    file = tmp_path / "schulnetz.scrape.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    file.write_text("mine")
    code, _, errors = invoke("export", "prometheus", tmp_path)
    assert code == 1
    assert f"{file}: there already; name another folder, or overwrite with --force" in errors
    assert file.read_text() == "mine"
    export("prometheus", tmp_path, "--force")
    assert "job_name: schulnetz" in file.read_text()


@pytest.mark.parametrize(
    "wrong",
    [
        ("prometheus", "--monitor", "monitor"),
        ("prometheus", "--monitor", "http://m:9822/path"),
        ("prometheus", "--monitor", "m:9822\n  - evil"),
        ("rules", "--grafana", "grafana.example"),
        ("rules", "--runbooks", 'https://x/"y'),
        ("kubernetes", "--namespace", "a/b"),
    ],
)
def test_a_wrong_address_is_refused_before_anything_is_written(
    tmp_path: Path, wrong: tuple[str, ...]
) -> None:
    kind, *options = wrong
    code, _, errors = invoke("export", kind, tmp_path / "new", *options)
    assert code == 2
    assert "such as" in errors
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("address", ["[::1", "http://[zz]:80", "127.0.0.1"])
def test_a_monitor_that_is_no_address_is_wrong_usage(tmp_path: Path, address: str) -> None:
    code, _, errors = invoke("export", "rules", tmp_path / "x", "--monitor", address)
    assert (code, f"'{address}' is not HOST:PORT" in errors) == (2, True)


def test_the_command_for_kubernetes_names_the_namespace_of_the_files(tmp_path: Path) -> None:
    assert "--namespace monitoring " in export("kubernetes", tmp_path, "--namespace", "Monitoring")
