"""Local times and texts of the city's part of the mail templates."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.contacts import Contacts
from monitor.mails.clock_changes import clock_changes
from monitor.mails.template import template
from tests.mails.city import city

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@given(
    st.sampled_from(sorted(available_timezones() - {"localtime"})),
    st.datetimes(datetime(2025, 12, 1), datetime(2036, 11, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # the zone is given apart
)
def test_the_offset_table_matches_the_time_zone(zone: str, at: datetime) -> None:
    offset = at.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    spells = clock_changes(zone, NOW)
    found = next(offset for ends, offset in spells if at.timestamp() < ends)
    assert found == offset.total_seconds()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-10-25T00:59:59.999Z", "25.10.2026, 02:59 Uhr"),
        ("2026-10-25T01:00:00Z", "25.10.2026, 02:00 Uhr"),
        ("2027-03-28T00:59:59Z", "28.03.2027, 01:59 Uhr"),
        ("2027-03-28T01:00:00+00:00", "28.03.2027, 03:00 Uhr"),
        ("2027-01-01T00:30:00+13:00", "31.12.2026, 12:30 Uhr"),
    ],
)
def test_alertmanager_writes_the_time_of_the_city(tmp_path: Path, at: str, shown: str) -> None:
    assert rendered(tmp_path, "{{ template `schulnetz.de.time` .StartsAt }}", at) == shown


@pytest.mark.integration
@pytest.mark.parametrize(
    "name",
    ["{{ end }}", '"}}{{ template "x" }}', "`", "\\", "\\n", "*/}}", "<b>&amp;", "Ü😀ẞ", "%s $1"],
)
def test_text_of_a_contact_is_never_executed_as_a_template(tmp_path: Path, name: str) -> None:
    people = {"contacts": [{"name": name, "phone": "0234"}]}
    contacts = Contacts.model_validate({"city": people})
    text = rendered(tmp_path, "{{ template `schulnetz.de.city` . }}", contacts=contacts)
    assert text == f"Kontakt bei der Stadt: {name}, 0234"


def rendered(
    folder: Path, text: str, at: str = "2026-01-01T00:00:00Z", contacts: Contacts | None = None
) -> str:
    file = folder / "schulnetz_city.tmpl"
    file.write_text(template(city(), contacts or Contacts(), NOW), encoding="utf-8")
    alert = {"labels": {}, "annotations": {}, "startsAt": at}
    (folder / "data.json").write_text(json.dumps({"alerts": [alert]}), encoding="utf-8")
    deployed = Path(__file__).parents[2] / "deploy" / "alertmanager" / "templates" / "*.tmpl"
    done = subprocess.run(
        [
            *("amtool", "template", "render", f"--template.glob={deployed}"),
            *(f"--template.glob={file}", f"--template.data={folder / 'data.json'}"),
            f"--template.text={{{{ range .Alerts }}}}{text}{{{{ end }}}}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_daemon_never_reads_the_contacts() -> None:
    """What it does not read is in no metric, on no page and in no log."""
    program = "import sys, monitor.daemon.open; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "monitor.config.build.build" in done.stdout
    assert "monitor.config.contacts" not in done.stdout
    assert "monitor.mails" not in done.stdout
