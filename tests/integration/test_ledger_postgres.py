"""The ledger in a real PostgreSQL: the same rows, the same report, and its failures."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.ledger.chain import (
    Entry,
    LedgerCorruptError,
    LedgerError,
    LedgerLockedError,
    LedgerStorageError,
    LedgerVersionError,
)
from monitor.ledger.comparison import compare
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.ledger.postgres import PostgresPlace, postgres_place
from monitor.report.output import to_csv, to_html, to_json, to_markdown
from monitor.report.report import end_of, rollout_report
from monitor.simulator.years import rollout_history
from tests.integration.postgres import PASSWORD, USER, running_postgres
from tests.ledger.attacker import recomputed
from tests.ledger.clocks import until
from tests.ports import free_port
from tests.rollout.rollouts import at, city_with_goal, listed_school
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.ledger.place import LedgerPlace
    from tests.integration.postgres import PostgresServer

pytestmark = pytest.mark.integration

NOW = at(2022, 1, 1)
CITY = city_with_goal(
    *(listed_school(f"nord-{number}", district="Nord", lot="Los 1") for number in range(12)),
    *(listed_school(f"sued-{number}", sites=2, district="Süd", lot="Los 2") for number in range(8)),
)
MIDDLE = end_of(date(2022, 6, 30), "Europe/Berlin")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with running_postgres() as one:
        yield one


@pytest.fixture
def place(server: PostgresServer, request: pytest.FixtureRequest) -> PostgresPlace:
    """Return the ledger of a writer that no other test uses."""
    return postgres_place(server.url, sha256(request.node.name.encode()).hexdigest()[:32])


def write(place: LedgerPlace, *entries: Entry) -> None:
    store = place.open_store(NOW)
    try:
        store.append(store.link(entries))
    finally:
        store.close()


def note(number: int) -> Entry:
    return Entry(NOW + timedelta(seconds=number), "note", "", {"n": number})


def notes(place: LedgerPlace) -> list[object]:
    with place.open_reader() as reader:
        return [found.entry.payload["n"] for found in reader.entries("note")]


def all_reports(place: LedgerPlace) -> list[str]:
    with place.open_reader() as reader:
        (head,) = reader.heads()
        found = rollout_report(reader, CITY, MIDDLE, ledger=str(replace(head, writer="")))
    shapes = [to_csv(found), to_json(found)]
    return shapes + [to(found, lang) for to in (to_html, to_markdown) for lang in ("de", "en")]


def test_sqlite_and_postgresql_give_the_same_report_byte_for_byte(
    place: PostgresPlace, tmp_path: Path
) -> None:
    story = list(rollout_history(CITY, 2018, 2023, seed=5))
    file = SqlitePlace(tmp_path / "ledger.sqlite")
    write(file, *story)
    write(place, *story)
    with file.open_reader() as one, place.open_reader() as other:
        assert [replace(head, writer="") for head in other.heads()] == list(one.heads())
        ours, theirs = io.StringIO(), io.StringIO()
        assert one.export(ours) == other.export(theirs) > 2000
        assert ours.getvalue() == theirs.getvalue()
    assert all_reports(file) == all_reports(place)


def test_one_writer_at_a_time_with_concurrent_readers(place: PostgresPlace) -> None:
    store = place.open_store(NOW)
    with pytest.raises(LedgerLockedError, match="--ledger-writer"):
        place.open_store(NOW)
    store.append(store.link([note(1)]))
    assert notes(place) == [1]
    store.close()
    place.open_store(NOW).close()


def test_shards_write_concurrently_and_are_read_together(server: PostgresServer) -> None:
    shards = [postgres_place(server.url, f"shard-{number}-of-2") for number in (1, 2)]
    stores = [shard.open_store(NOW) for shard in shards]
    numbers = [1000, 1001, 1002, 1003]
    for number in numbers:
        store = stores[number % 2]
        store.append(store.link([note(number)]))
    for store in stores:
        store.close()
    every = postgres_place(server.url, None)
    assert [number for number in notes(every) if number in numbers] == numbers
    assert [notes(shard) for shard in shards] == [numbers[0::2], numbers[1::2]]
    with every.open_reader() as reader:
        assert reader.verify().ok
        with pytest.raises(LedgerError, match="name one with --ledger-writer"):
            reader.export(io.StringIO())


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE ledger_entries SET payload = '{\"n\":3}' WHERE sequence = 3",
        "UPDATE ledger_entries SET at = at + 1 WHERE sequence = 3",
        "UPDATE ledger_entries SET digest = '\\x00' WHERE sequence = 3",
        "DELETE FROM ledger_entries WHERE sequence = 3",
    ],
    ids=["payload", "instant", "digest", "removed"],
)
def test_a_damaged_chain_is_reported_kept_and_replaced(
    server: PostgresServer, place: PostgresPlace, damage: str
) -> None:
    write(place, note(1), note(2), note(3))
    with pytest.raises(subprocess.CalledProcessError):  # the triggers keep honest programs honest
        server.sql(f"{damage} AND writer = '{place.writer}'")
    off = f"ALTER TABLE ledger_entries DISABLE TRIGGER ALL; {damage} AND writer = '{place.writer}'"
    server.sql(f"{off}; ALTER TABLE ledger_entries ENABLE TRIGGER ALL")
    with place.open_reader() as reader:
        found = reader.verify()
        assert (found.ok, found.rows, found.first_bad) == (False, 2, 3)
    store = place.open_store(NOW)
    assert store.quarantined == f"chain 1 of writer {place.writer}"
    assert "row 3" in store.replaced
    store.close()
    with place.open_reader() as reader:
        begin = next(iter(reader.entries("begin")))
        assert begin.entry.payload["quarantined"] == "chain 1"
    assert notes(place) == []


@pytest.mark.parametrize("attack", ["cut", "rewritten", "older copy", "removed"])
def test_an_anchor_reveals_tampering_the_chain_cannot(
    server: PostgresServer, place: PostgresPlace, attack: str, tmp_path: Path
) -> None:
    write(place, note(1), note(2))
    backup = tmp_path / "backup.sqlite"
    with place.open_reader() as reader:
        reader.backup(backup)
        (early,) = reader.heads()
    write(place, note(3), note(4))
    with place.open_reader() as reader:
        (anchor,) = reader.heads()
        assert compare(reader, reader.verify(), [anchor, early]).others == {}
    with place.open_reader() as reader:
        rows = [
            (row.sequence, row.at, row.kind, row.subject, row.payload)
            for row in reader.rows(place.writer)
        ]
    rows[3] = (*rows[3][:4], "{}")
    steps = {
        "cut": ["DELETE FROM ledger_entries WHERE sequence > 4 AND OURS"],
        "removed": ["DELETE FROM ledger_entries WHERE OURS"],
        "older copy": [],
        "rewritten": [
            "UPDATE ledger_entries SET payload = '{}' WHERE sequence = 4 AND OURS",
            *(
                "UPDATE ledger_entries SET digest = '\\xHEX' WHERE sequence = ROW AND OURS".replace(
                    "HEX", digest.hex()
                ).replace("ROW", str(row))
                for digest, row in recomputed(rows)
            ),
        ],
    }[attack]
    if attack == "older copy":
        place.restore(backup, NOW)
    off, on = (f"ALTER TABLE ledger_entries {how} TRIGGER ALL" for how in ("DISABLE", "ENABLE"))
    server.sql("; ".join([off, *steps, on]).replace("OURS", f"writer = '{place.writer}'"))
    every = postgres_place(server.url, None) if attack == "removed" else place
    if attack == "removed":
        write(postgres_place(server.url, "another"), note(1))
    with every.open_reader() as reader:
        assert reader.verify().ok or attack == "removed"
        others = compare(reader, reader.verify(), [early, anchor]).others
    against = others[anchor]
    assert list(others) == ([anchor] if attack != "removed" else [early, anchor])
    expected = {"rewritten": "was rewritten", "removed": "there is no ledger of that writer"}
    assert expected.get(attack, "cut off, or it is an older copy") in against


def test_an_anchor_must_name_its_writer(server: PostgresServer, place: PostgresPlace) -> None:
    write(place, note(1))
    write(postgres_place(server.url, "second"), note(1))
    with postgres_place(server.url, None).open_reader() as every:
        anchors = every.heads()
        assert compare(every, every.verify(), anchors).others == {}
        with pytest.raises(LedgerError, match="anchor without @WRITER"):
            compare(every, every.verify(), [replace(anchors[0], writer="")])
    with pytest.raises(LedgerError, match="not a valid writer's name"):
        postgres_place(server.url, "two words")


def test_a_backup_is_a_file_that_can_be_restored(place: PostgresPlace, tmp_path: Path) -> None:
    write(place, note(1), note(2))
    backup = tmp_path / "backup.sqlite"
    with place.open_reader() as reader:
        assert reader.backup(backup).rows == 3
        (head,) = reader.heads()
    with SqlitePlace(backup).open_reader() as copied:
        assert copied.verify().ok
        assert copied.heads() == (replace(head, writer=""),)
    write(place, note(3))
    restored = place.restore(backup, NOW)
    assert restored.kept == f"chain 1 of writer {place.writer}"
    assert notes(place) == [1, 2]
    backup.write_bytes(backup.read_bytes().replace(b'{"n":2}', b'{"n":7}'))
    with pytest.raises(LedgerCorruptError, match="is not put in place"):
        place.restore(backup, NOW)
    assert notes(place) == [1, 2]


def test_a_backup_is_put_in_place_for_one_writer(
    server: PostgresServer, place: PostgresPlace, tmp_path: Path
) -> None:
    """Without a name a further writer came into being, which cannot be removed."""
    write(place, note(1))
    write(postgres_place(server.url, "second"), note(2))
    backup = tmp_path / "backup.sqlite"
    with place.open_reader() as reader:
        reader.backup(backup)
    every = postgres_place(server.url, None)
    with every.open_reader() as reader:
        before = reader.heads()
    with pytest.raises(LedgerError, match=r"has .*second.*; name one with --ledger-writer"):
        every.restore(backup, NOW)
    with every.open_reader() as reader:
        assert reader.heads() == before


def test_a_database_of_a_newer_version_is_refused(
    server: PostgresServer, place: PostgresPlace
) -> None:
    write(place, note(1))
    server.sql("UPDATE ledger_schema SET version = 99")
    try:
        for attempt in (lambda: notes(place), lambda: place.open_store(NOW).close()):
            with pytest.raises(LedgerVersionError, match="99"):
                attempt()
    finally:
        server.sql("UPDATE ledger_schema SET version = 1")


async def test_a_lost_server_stops_only_the_ledger_which_recovers(
    server: PostgresServer, place: PostgresPlace
) -> None:
    async with Ledger.open(place, SystemClock()) as ledger:
        await ledger.append([note(1)])
        await asyncio.to_thread(server.stop)
        assert ledger.submit([note(2)])
        await until(lambda: not ledger.health.healthy)
        assert str(place) in ledger.health.problem
        assert PASSWORD not in ledger.health.problem
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(60):
            await ledger.append([note(3)])
    assert notes(place) == [1, 2, 3]


def ended_sessions(server: PostgresServer) -> None:
    """End all sessions of the ledger's user at the server."""
    server.sql(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'"  # noqa: S608  # a constant
    )


@pytest.mark.parametrize("first", ["append", "reload", "read"])
def test_a_store_that_lost_its_session_stops_writing(
    server: PostgresServer, place: PostgresPlace, first: str
) -> None:
    store = place.open_store(NOW)
    ended_sessions(server)
    attempts: dict[str, Callable[[], object]] = {
        "append": lambda: store.append(store.link([note(1)])),
        "reload": store.reload,
        "read": lambda: list(store.reader.entries("note")),
    }
    with pytest.raises(LedgerStorageError):
        attempts[first]()
    # Another read reconnects, but without the lock: another writer may hold it by now.
    list(store.reader.entries("note"))
    rival = place.open_store(NOW)
    for attempt in (attempts["append"], attempts["reload"], store.lead):
        with pytest.raises(LedgerStorageError, match="the connection was lost"):
            attempt()
    rival.append(rival.link([note(2)]))
    rival.close()
    store.close()
    assert notes(place) == [2]


def test_one_store_leads_until_its_session_ends(
    server: PostgresServer, place: PostgresPlace
) -> None:
    one, other = (
        postgres_place(server.url, f"{place.writer[:20]}-{n}").open_store(NOW) for n in (1, 2)
    )
    assert one.lead()
    assert one.lead(), "a leader may query again"
    assert not other.lead()
    one.close()
    ends = time.monotonic() + 60
    while not other.lead():  # the server takes a moment to see that the session is closed
        assert time.monotonic() < ends
    ended_sessions(server)
    with pytest.raises(LedgerStorageError):
        other.lead()
    other.close()


def test_the_latest_entry_per_subject_is_found_across_writers(server: PostgresServer) -> None:
    places = [postgres_place(server.url, f"latest-{number}") for number in (1, 2)]

    def stage(subject: str, second: int, what: str) -> Entry:
        return Entry(NOW + timedelta(seconds=second), "latest", subject, {"stage": what})

    write(places[0], stage("a/main", 1, "built"), stage("b/main", 5, "live"))
    write(places[1], stage("a/main", 2, "live"), stage("b/main", 3, "built"))
    write(places[0], stage("c/main", 1, "planned"), stage("c/main", 1, "ordered"))
    found = {one.subject: one.payload["stage"] for one in places[1].shared.latest("latest")}
    assert found == {"a/main": "live", "b/main": "live", "c/main": "ordered"}
    assert SqlitePlace(Path("ledger.sqlite")).shared is None


async def test_an_unavailable_server_does_not_prevent_the_start() -> None:
    nowhere = postgres_place("postgresql://schulnetz@127.0.0.1:1/schulnetz", "main")
    with pytest.raises(LedgerStorageError, match=r"127\.0\.0\.1:1/schulnetz: connection"):
        nowhere.exists()
    async with Ledger.open(nowhere, SystemClock()) as ledger:
        assert not ledger.health.healthy


def test_kill_9_loses_no_acknowledged_row(
    server: PostgresServer,
    place: PostgresPlace,
    thorough: bool,  # noqa: FBT001  # a fixture
) -> None:
    acknowledged: list[int] = []
    chance = random.Random(5)
    for turn in range(50 if thorough else 5):
        with running(
            *(sys.executable, "-m", "tests.integration.postgres_writer", place.writer),
            environment={"SCHULNETZ_LEDGER": server.url},
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            acknowledged.append(int(process.stdout.readline()))
            began = time.monotonic()
            acknowledged += [int(process.stdout.readline()) for _ in range(5 + turn % 10)]
            # In the middle of a row, however long this machine takes for one.
            time.sleep(chance.random() * (time.monotonic() - began) / (5 + turn % 10))
            process.send_signal(signal.SIGKILL)
            acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
    with place.open_reader() as reader:
        assert reader.verify().ok
    assert set(acknowledged) <= set(notes(place))
    assert len(acknowledged) > 20


def schulnetz(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitor", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_commands_take_the_database_from_the_environment_and_no_password_from_the_command_line(
    server: PostgresServer, place: PostgresPlace, tmp_path: Path
) -> None:
    write(place, note(1))
    done = schulnetz(
        "ledger", "verify", SCHULNETZ_LEDGER=server.url, SCHULNETZ_LEDGER_WRITER=place.writer
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 rows hold" in done.stdout
    assert PASSWORD not in done.stdout
    with place.open_reader() as reader:
        (anchor,) = reader.heads()
    done = schulnetz("ledger", "verify", "--anchor", str(anchor), SCHULNETZ_LEDGER=server.url)
    assert f"1 anchor holds, the last is row 2 of writer {place.writer} (" in done.stdout
    told = schulnetz("ledger", "verify", "--ledger", server.url)
    assert (told.returncode, told.stdout) == (2, "")
    assert "$PGPASSFILE" in told.stderr
    assert PASSWORD not in told.stderr
    passwords = tmp_path / "passwords"
    passwords.write_text(f"127.0.0.1:{server.port}:*:*:{PASSWORD}\n")
    passwords.chmod(0o600)
    exported = schulnetz(
        "ledger",
        "export",
        "--ledger",
        f"postgresql://schulnetz@127.0.0.1:{server.port}/schulnetz",
        "--ledger-writer",
        place.writer,
        PGPASSFILE=str(passwords),
    )
    assert exported.returncode == 0, exported.stderr
    assert [json.loads(line)["kind"] for line in exported.stdout.splitlines()] == ["begin", "note"]


def test_doctor_says_what_to_do_about_a_database_that_is_stopped(tmp_path: Path) -> None:
    url = f"postgresql://schulnetz@127.0.0.1:{free_port()}/schulnetz"
    config, state = str(tmp_path / "none.yaml"), str(tmp_path)
    done = schulnetz("doctor", "--config", config, "--state-dir", state, "--json", "--ledger", url)
    (ledger,) = (one for one in json.loads(done.stdout)["findings"] if one["what"] == "ledger")
    assert "Connection refused" in ledger["found"]
    assert "start the database, or correct host, user and password" in ledger["cure"]


@pytest.mark.parametrize("url", ["mysql://db/x", "ledger.sqlite", "", "postgresql:/x y"])
def test_a_wrong_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(LedgerError, match="such as postgresql://"):
        postgres_place(url, None)
