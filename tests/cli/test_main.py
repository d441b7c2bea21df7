"""The commands that only read and print: check, schema, version, help, wrong usage."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from monitor import __version__
from monitor.calendar.school_days import SchoolCalendar
from monitor.cli import main
from monitor.cli.commands import Listed
from monitor.cli.common import Exit, reachable_host
from tests.integration.running import Town

COMMITTED = Path(__file__).parents[2] / "config" / "schools.schema.json"
DOCUMENTED = Path(__file__).parents[2] / "docs" / "cli.md"
TOWN = Town(161, {"voede": 1, "goethe": 2})


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # The shipped holidays end in 2030, and `check` warns of it ninety days before.
    monkeypatch.setattr(SchoolCalendar, "is_running_out", lambda *_: False)
    return TOWN.write(tmp_path / "schools.yaml")


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    """Return exit code, output and errors of a command."""
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def loaded() -> dict[str, click.Command]:
    """Return the commands themselves, by their names in the table."""
    found = {}
    for name, command in main.commands.items():
        assert isinstance(command, Listed)
        found[name] = command.load()
    return found


def commands() -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name, command in loaded().items():
        if isinstance(command, click.Group):
            found |= {f"{name} {inner}": one for inner, one in command.commands.items()}
        else:
            found[name] = command
    return found


def test_check_summarises_a_valid_file(config: Path) -> None:
    code, output, errors = invoke("check", config)
    assert code == 0
    warning, line, caret = errors.splitlines()
    assert warning.startswith(f"{config}:14:")
    assert ": warning: 6 devices are read by SNMP without encryption; " in warning
    assert line.index("devices", line.index("credential")) == caret.index("^")
    assert output.splitlines() == [
        f"{config}: 2 schools, 2 sites, 4 switches, 19 checks; no errors, 1 warning",
        f"{config}: watched: 6 devices by ping, 6 of them by SNMP, 0 further checks, 3 references",
    ]


def test_check_warns_of_a_goal_that_lists_too_few(tmp_path: Path) -> None:
    text = TOWN.text().removesuffix("...\n") + (
        "goals:\n  connectivity:\n    name: All schools\n    criterion: contract\n"
        "    target: 2022-12-31\n    denominator: 3\n    unit: schools\n    source: council\n...\n"
    )
    file = tmp_path / "schools.yaml"
    file.write_text(text, encoding="utf-8")
    code, _, errors = invoke("check", file)
    assert code == 0
    assert "warning: goals.connectivity wants 3 schools, and 2 of them are listed" in errors
    file.write_text(text.replace("denominator: 3", "denominator: 2"), encoding="utf-8")
    assert "goals.connectivity" not in invoke("check", file)[2]


def test_check_warns_of_a_milestone_in_the_future(tmp_path: Path) -> None:
    day = (datetime.now(UTC) + timedelta(days=90)).date()
    file = tmp_path / "schools.yaml"
    file.write_text(
        f"""\
city: {{timezone: UTC}}
schools:
  - id: goethe
    router: 192.0.2.10
    milestones:
      - {{stage: ordered, day: 2026-01-01, reference: Order 1}}
      - {{stage: built, day: {day}, reference: Protocol 2}}
  - id: schiller
    sites:
      - {{id: main, router: 192.0.2.20}}
      - id: annex
        router: 192.0.2.30
        milestones: [{{stage: planned, day: {day}, reference: Plan 3}}]
""",
        encoding="utf-8",
    )
    code, _, errors = invoke("check", file)
    assert code == 0
    said = "is in the future, and does not count before that day; a milestone is a step that was"
    warnings = [line for line in errors.splitlines() if ": warning: " in line]
    assert [line.partition(f" {said}")[0] for line in warnings] == [
        f"{file}:7:29: warning: goethe/main: the day of built ({day})",
        f"{file}:13:44: warning: schiller/annex: the day of planned ({day})",
    ]


def test_check_warns_of_a_figure_that_reads_as_thousands_in_german(tmp_path: Path) -> None:
    file = tmp_path / "schools.yaml"
    file.write_text(
        """\
city: {timezone: UTC}
schools:
  - {id: goethe, router: 192.0.2.10}
goals:
  reported:
    - id: funding
      name: Funding
      unit: million EUR
      source: council
      target: 1.500
      entries:
        - {day: 2022-03-01, value: 6.125, planned: 6.1250, source: x}
        - {day: 2022-04-01, value: 1500, planned: 1500.5, source: x}
""",
        encoding="utf-8",
    )
    code, _, errors = invoke("check", file)
    assert code == 0
    warnings = [line for line in errors.splitlines() if ": warning: " in line]
    said = "is a decimal point; if thousands are meant, write"
    assert warnings == [
        f"{file}:10:15: warning: the point of 1.500 {said} 1500, else 1.5",
        f"{file}:12:36: warning: the point of 6.125 {said} 6125, else 6.1250",
    ]


def test_check_lists_the_schools_if_asked(config: Path) -> None:
    _, output, _ = invoke("check", config, "--list")
    assert [line.split()[:2] for line in output.splitlines()[:3]] == [
        ["id", "number"],
        ["voede", "100001"],
        ["goethe", "100002"],
    ]


def test_check_reports_every_error_with_its_place(config: Path) -> None:
    text = TOWN.text().replace("type: Grundschule", "type: Grundschul")
    config.write_text(text.replace("127.82.2.0/24", "127.82.2.0/33"))
    code, output, errors = invoke("check", config)
    assert (code, output) == (1, "")
    lines = errors.splitlines()
    assert len(lines) == 13
    assert lines.pop() == f"{config}: 3 errors, 1 warning"
    assert all(line.startswith(f"{config}:") for line in lines[::3])
    assert all(line.lstrip().startswith("| ") and line.endswith("^") for line in lines[2::3])
    assert "did you mean Grundschule?" in errors


def test_check_of_a_missing_file_is_an_error_with_a_place(tmp_path: Path) -> None:
    code, _, errors = invoke("check", tmp_path / "none.yaml")
    assert code == 1
    assert (
        errors == f"{tmp_path / 'none.yaml'}: the file cannot be read: No such file or directory\n"
    )


def test_without_a_configuration_in_its_usual_place_the_option_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, errors = invoke("probe", "goethe")
    assert code == 1
    said = "config/schools.yaml: the file cannot be read: No such file or directory"
    assert errors == f"{said}; name it with --config or in $SCHULNETZ_CONFIG\n"


def test_schema_is_the_committed_file() -> None:
    code, output, _ = invoke("schema")
    assert code == 0
    assert output == COMMITTED.read_text(encoding="utf-8")


@pytest.mark.parametrize("asked", ["version", "--version"])
def test_version_names_the_package_and_python(asked: str) -> None:
    code, output, _ = invoke(asked)
    assert code == 0
    assert output.startswith(f"schulnetz {__version__} (Python 3.")


def test_without_arguments_the_commands_are_listed() -> None:
    code, output, errors = invoke()
    assert code == 2
    for name in main.commands:
        assert f"  {name} " in output + errors


@pytest.mark.parametrize("name", main.commands)
def test_the_table_describes_each_command_as_its_help_does(name: str) -> None:
    itself, listed = loaded()[name], main.commands[name]
    assert itself.name == name
    for width in (45, 80, 1000):
        assert listed.get_short_help_str(width) == itself.get_short_help_str(width)
    assert listed.help is not None
    assert itself.help is not None
    assert listed.help.endswith(".")
    assert itself.help.startswith(listed.help)


def test_no_summary_of_a_command_is_cut_at_eighty_columns() -> None:
    groups: list[tuple[str, ...]] = [()]
    groups += [(name,) for name, one in loaded().items() if isinstance(one, click.Group)]
    for group in [*groups, ("sla", "excuse")]:
        _, output, _ = invoke(*group, "--help")
        cut = [line for line in output.partition("Commands:")[2].splitlines() if "..." in line]
        assert not cut, group


def test_a_mistyped_command_gets_suggestions() -> None:
    code, _, errors = invoke("repot")
    assert code == 2
    assert "report" in errors.splitlines()[-1]


def test_help_explains_the_exit_codes() -> None:
    code, output, _ = invoke("--help")
    assert code == 0
    for number in Exit:
        assert f"{number.value} " in output[output.index("Exit codes") :]


@pytest.mark.parametrize("name", commands())
def test_help_of_every_command_mentions_its_options(name: str) -> None:
    code, output, _ = invoke(*name.split(), "--help")
    assert code == 0
    command = commands()[name]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert all(option in output for option in parameter.opts)
    assert command.help


@pytest.mark.parametrize("name", commands())
def test_the_manual_mentions_every_command_and_option(name: str) -> None:
    manual = DOCUMENTED.read_text(encoding="utf-8")
    begin = manual.index(f"## `schulnetz {name.split(maxsplit=1)[0]}")
    section = manual[begin : manual.find("\n## ", begin + 1)]
    assert f"`schulnetz {name}" in section
    for parameter in commands()[name].params:
        if isinstance(parameter, click.Option):
            assert f"`{parameter.opts[0]}" in section, parameter.opts


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--port", "1"),
        ("run", "--listen", "9822"),
        ("run", "--listen", "127.0.0.1:"),
        ("run", "--listen", "127.0.0.1:99999"),
        ("run", "--concurrency", "0"),
        ("run", "--state-dir"),
        ("demo", "--schools", "0"),
        ("demo", "--for", "60"),
        ("demo", "--port", "80"),
        ("probe",),
        ("probe", "voede", "--only", "ping"),
        ("maintenance", "add", "voede"),
        ("maintenance", "cancel"),
        ("sla", "--format", "pdf"),
        ("check", "a", "b"),
        ("rnu",),
    ],
)
def test_wrong_options_are_wrong_usage(arguments: tuple[str, ...], config: Path) -> None:
    place = ("--config", config) if arguments[0] in {"run", "demo"} else ()
    code, output, errors = invoke(*arguments, *place)
    assert (code, output) == (2, "")
    assert "rror: " in errors.splitlines()[-1]


def test_the_kinds_of_faults_can_be_listed(config: Path) -> None:
    code, output, _ = invoke("demo", "--config", config, "--fault", "x@help")
    assert code == 0
    assert "uplink-down@SCHOOL" in output
    assert "isolated" in output.splitlines()


def test_check_refuses_what_run_would_refuse_for_lack_of_concurrency(config: Path) -> None:
    code, output, errors = invoke("check", config, "--concurrency", "2")
    assert (code, output) == (1, "")
    assert errors.startswith(f"{config}:1:1: these checks need up to ")
    assert "runs at once, 2 are allowed; lengthen intervals" in errors


@pytest.mark.parametrize("place", ["127.0.0.0/8:9822", "[fd00::]/64:9822", "[fd00::/64]:9822"])
def test_a_network_is_no_address_to_listen_on(place: str) -> None:
    code, _, errors = invoke("run", "--listen", place)
    assert code == 2
    assert "is a network; give one address of this machine, or 0.0.0.0 for all" in errors


def test_a_daemon_on_all_addresses_is_reached_by_the_name_of_its_machine() -> None:
    assert reachable_host("0.0.0.0") == reachable_host("::") == socket.gethostname()
    assert reachable_host("127.0.0.2") == "127.0.0.2"


@pytest.mark.parametrize(
    "words",
    [
        ("init", "FILE"),
        ("export", "boards", "FILE"),
        ("import", "librenms", "/dev/null", "--config", "FILE"),
        ("import", "netbox", "FILE", "--config", "CONFIG"),
        ("record", "goethe/router", "FILE", "--config", "CONFIG"),
    ],
)
def test_a_path_that_cannot_be_looked_up_is_reported(
    config: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    places = {"FILE": str(tmp_path / ("x" * 300)), "CONFIG": str(config)}
    code, _, errors = invoke(*(places.get(word, word) for word in words))
    assert (code, errors.startswith("error: "), "File name too long" in errors) == (1, True, True)


@pytest.mark.parametrize("port", ["", "x", "65536", "9" * 5000, "٣"])
def test_a_port_that_is_none_is_wrong_usage(config: Path, port: str) -> None:
    code, _, errors = invoke("run", "--config", config, "--listen", f"127.0.0.1:{port}")
    assert (code, f"127.0.0.1:{port}' is not HOST:PORT" in errors) == (2, True)


@pytest.mark.parametrize("address", ["::1", "[::1", "[]:9822", ":9822", "fe80::1", "http://h:9822"])
def test_an_address_without_its_port_is_wrong_usage(config: Path, address: str) -> None:
    code, _, errors = invoke("run", "--config", config, "--listen", address)
    assert (code, f"'{address}' is not HOST:PORT" in errors) == (2, True)
