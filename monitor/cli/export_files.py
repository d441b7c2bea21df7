"""What `schulnetz export` writes: the shipped files as texts, with addresses filled in.

Must not know: where they are written to.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from monitor.cli.export_addresses import SHIPPED_MONITOR
from monitor.cli.unit import INSTALLED_CONFIG
from monitor.shipped import shipped, shipped_files
from monitor.words.plain import as_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from monitor.cli.export_addresses import Addresses

Files = dict[str, str]
"""Texts by their path below the folder of the export."""

LANGUAGES: Final = ("de", "en")
# Those of deploy/prometheus/prometheus.yml, on which the times in docs/alerts.md rest.
_SCRAPE_SECONDS: Final = 30
_EVALUATION_SECONDS: Final = 15
_GROUP: Final = re.compile(r"^(  - name: \w+\n)(?!    interval:)", re.MULTILINE)
# A link of a runbook to a page that is not exported with it.
_OTHER_PAGE: Final = re.compile(r"\[([^\]]+)\]\(\.\./[^)]+\)")
_JOBS: Final = re.compile(
    r"^scrape_configs:\n(.*?)^  - job_name: prometheus$", re.DOTALL | re.MULTILINE
)
# The list of one daemon's schools in the job `schools`.
_LIST: Final = re.compile(
    rf"^      - url: http://{re.escape(SHIPPED_MONITOR)}(/\S+\n(?:        .*\n)*)", re.MULTILINE
)
_LOGIN: Final = "    basic_auth: *login\n    tls_config: *authority\n"
_USER: Final = """&login
      username: prometheus
      password_file: /etc/prometheus/schulnetz.password"""
_AUTHORITY: Final = """&authority
      ca_file: /etc/prometheus/schulnetz-ca.pem"""
_FILL_IN: Final = """\
# Fill in: username, a user of the daemon's web.config.yml; password_file, a file with the password
# alone that Prometheus may read; ca_file, the authority that issued the daemon's certificate (or
# the certificate itself, if it signed itself). If the daemon requires client certificates
# (client_auth_type), add cert_file and key_file to tls_config.
"""
# Text of compose.yaml in the working copy -> its replacement in a separate folder.
_IN_CLONE: Final = (
    ("{context: .., dockerfile: deploy/container/Containerfile}", "{context: .}"),
    ("../config:", "./config:"),
    ("../dashboards:", "./dashboards:"),
    (
        "`docker compose -f deploy/compose.yaml up`, from the root of the\n# repository.",
        "`docker compose up` in this folder.",
    ),
)


def text_of(name: str) -> str:
    """Return the text of a shipped file."""
    return shipped(name).read_text(encoding="utf-8")


def texts_of(folder: str, pattern: str, into: str = "") -> Files:
    """Return the shipped files of a folder, below `into`."""
    root = shipped(folder)
    return {
        f"{into}{path.relative_to(root)}": path.read_text(encoding="utf-8")
        for path in shipped_files(folder, pattern)
    }


def boards(folder: Path, prometheus: str) -> Files:
    """Return the boards of both languages, and Grafana's provisioning files for them."""
    found: Files = {}
    for language in LANGUAGES:
        found |= texts_of(f"dashboards/{language}", "*.json", f"{language}/")
    for name, text in texts_of("deploy/grafana/provisioning", "*/*.yml", "provisioning/").items():
        filled = text.replace("$SCHULNETZ_DASHBOARDS", str(folder.absolute()))
        found[name] = filled.replace("$PROMETHEUS_URL", prometheus)
    return found


def rules(addresses: Addresses) -> Files:
    """Return the rules; their links and intervals need no setting of Prometheus."""
    found = texts_of("deploy/prometheus/rules", "*.yml")
    every = f"    interval: {_EVALUATION_SECONDS}s\n"
    return {
        name: _GROUP.sub(rf"\g<1>{every}", addresses.fill_rules(text))
        for name, text in found.items()
    }


def runbooks() -> Files:
    """Return the runbooks, one for each alert, without links to other pages."""
    found = texts_of("docs/runbooks", "*.md")
    return {name: _OTHER_PAGE.sub(r"\1", text) for name, text in found.items()}


def alertmanager() -> Files:
    """Return Alertmanager's configuration and the templates of its mails."""
    return texts_of("deploy/alertmanager", "*.yml") | texts_of(
        "deploy/alertmanager/templates", "schulnetz.*.tmpl", "templates/"
    )


def scrape_jobs(*daemons: Addresses) -> Files:
    """Return the two jobs for a Prometheus that has other jobs, for daemons with the same scheme.

    Raises:
        ValueError: if the shipped file has no such jobs.
    """
    found = _JOBS.search(text_of("deploy/prometheus/prometheus.yml"))
    if found is None:
        raise ValueError("prometheus.yml has no list of jobs that ends in prometheus's own")
    every = f"    scrape_interval: {_SCRAPE_SECONDS}s\n"
    jobs = re.sub(r"(  - job_name: \w+\n)", rf"\g<1>{every}", found[1])
    head = (
        "# The two jobs of the monitor. Add them to `scrape_configs` of prometheus.yml, or name\n"
        "# this file there in `scrape_config_files` (Prometheus 2.43 or later; Debian 12 has\n"
        "# 2.42).\n"
        "# Written by `schulnetz export prometheus`.\n"
    )
    if daemons[0].scheme == "https":
        head, jobs = head + _FILL_IN, _with_login(jobs)
    return {"schulnetz.scrape.yaml": f"{head}scrape_configs:\n{_of_all(jobs, daemons)}"}


def _of_all(jobs: str, daemons: Sequence[Addresses]) -> str:
    """Return jobs with each daemon as a target, and with its list of schools."""
    jobs = _LIST.sub(
        lambda it: "".join(f"      - url: {one.monitor}{it[1]}" for one in daemons), jobs
    )
    return jobs.replace(f'"{SHIPPED_MONITOR}"', ", ".join(f'"{one.place}"' for one in daemons))


def _with_login(jobs: str) -> str:
    """Return jobs that speak TLS and log in, for the list of schools as well.

    Prometheus does not apply the settings of a job to the request for its list.
    """
    jobs = re.sub(r"^  # With a login and TLS.*\n", "", jobs, flags=re.MULTILINE)
    jobs = re.sub(r"(    scrape_interval: \w+\n)", rf"\g<1>    scheme: https\n{_LOGIN}", jobs)
    first, own, rest = jobs.partition(_LOGIN)
    jobs = first + own.replace("*login", _USER).replace("*authority", _AUTHORITY) + rest
    return re.sub(r"(        refresh_interval: \w+\n)", rf"\g<1>{_indented(_LOGIN, 4)}", jobs)


def unit(program: str, listen: str) -> Files:
    """Return the systemd unit that starts this program, and the kernel's settings for it."""
    words = f"{program} run --config {INSTALLED_CONFIG} --log-format json --listen {listen}"
    text = text_of("deploy/systemd/schulnetz.service")
    return {
        "schulnetz.service": re.sub(r"(?<=^ExecStart=).*$", words, text, flags=re.MULTILINE),
        "50-schulnetz.conf": text_of("deploy/systemd/sysctl.conf"),
    }


def compose() -> Files:
    """Return a folder for `docker compose up`, which needs the wheel beside its Dockerfile.

    Raises:
        ValueError: if the shipped file lacks the texts to replace.
    """
    text = text_of("deploy/compose.yaml")
    for here, there in _IN_CLONE:
        if here not in text:
            raise ValueError(f"compose.yaml does not have {here!r}")
        text = text.replace(here, there)
    found = {
        "compose.yaml": text,
        "Dockerfile": text_of("deploy/container/Containerfile.wheel"),
        "requirements.lock": text_of("requirements.lock"),
        "prometheus/prometheus.yml": text_of("deploy/prometheus/prometheus.yml"),
    }
    found |= texts_of("deploy/prometheus/rules", "*.yml", "prometheus/rules/")
    found |= {f"alertmanager/{name}": text for name, text in alertmanager().items()}
    found |= texts_of("deploy/grafana/provisioning", "*/*.yml", "grafana/provisioning/")
    for language in LANGUAGES:
        found |= texts_of(f"dashboards/{language}", "*.json", f"dashboards/{language}/")
    return found


def kubernetes(addresses: Addresses, namespace: str) -> Files:
    """Return the daemons' manifests, and those for Prometheus's operator and Grafana's sidecar."""
    own = text_of("deploy/kubernetes/schulnetz.yaml").replace(".default.svc", f".{namespace}.svc")
    found = {"schulnetz.yaml": own, "scrape.yaml": _scrape(own, namespace)}
    for name, text in rules(addresses).items():
        stem = name.removesuffix(".yml")
        spec = f"spec:\n{_indented(text, 2)}"
        head = _head("monitoring.coreos.com/v1", "PrometheusRule", f"schulnetz-{stem}")
        found[f"rules/{stem}.yaml"] = head + spec
    for language in LANGUAGES:
        for name, text in texts_of(f"dashboards/{language}", "*.json").items():
            stem = f"{name.removesuffix('.json')}-{language}"
            head = _head("v1", "ConfigMap", stem, ', grafana_dashboard: "1"')
            found[f"boards/{stem}.yaml"] = f"{head}data:\n  {stem}.json: {as_json(text)}\n"
    return found


def _head(version: str, kind: str, name: str, labels: str = "") -> str:
    return (
        f"apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n"
        f"  labels: {{app: schulnetz{labels}}}\n"
    )


def _indented(text: str, by: int) -> str:
    return "".join(
        f"{' ' * by}{line}" if line.strip() else line for line in text.splitlines(keepends=True)
    )


def _scrape(manifests: str, namespace: str) -> str:
    """Return the job `schulnetz` for all pods, and `schools` for the targets of each pod."""
    replicas = re.search(r"^  replicas: (\d+)$", manifests, re.MULTILINE)
    numbers = range(1, int(replicas[1]) + 1) if replicas else range(1, 2)
    lists = "".join(
        f"    - url: http://schulnetz-{number}.schulnetz.{namespace}.svc:9822/sd/prometheus\n"
        "      refreshInterval: 1m\n"
        for number in numbers
    )
    monitor = _head("monitoring.coreos.com/v1", "ServiceMonitor", "schulnetz") + (
        "spec:\n"
        "  selector:\n"
        "    matchLabels: {app: schulnetz}\n"
        f"  namespaceSelector: {{matchNames: [{namespace}]}}\n"
        "  endpoints:\n"
        "    - port: http\n"
        "      path: /metrics/monitor\n"
        f"      interval: {_SCRAPE_SECONDS}s\n"
        "      # The rules ask for both jobs by name.\n"
        "      relabelings:\n"
        "        - {targetLabel: job, replacement: schulnetz}\n"
    )
    schools = _head("monitoring.coreos.com/v1alpha1", "ScrapeConfig", "schools") + (
        "spec:\n"
        "  honorLabels: true\n"
        f"  scrapeInterval: {_SCRAPE_SECONDS}s\n"
        "  relabelings:\n"
        "    - {targetLabel: job, replacement: schools}\n"
        "  # One for each pod of the StatefulSet.\n"
        f"  httpSDConfigs:\n{lists}"
    )
    return f"{monitor}---\n{schools}"
