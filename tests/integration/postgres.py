"""A real PostgreSQL server of Debian's, on a free port of loopback, for the tests that need one."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.ports import free_port
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 60
USER = "schulnetz"
PASSWORD = "canary-of-the-database"


@dataclass(slots=True)
class PostgresServer:
    """A server in a folder of its own; it refuses to run as root, so it runs as `postgres`."""

    folder: Path
    port: int
    _life: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        """Return the URL of its one database, with the password."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{USER}"

    def create(self) -> None:
        """Make the cluster and the database."""
        self._run(
            "initdb",
            "-D",
            str(self.folder / "data"),
            "-A",
            "scram-sha-256",
            "-U",
            "postgres",
            f"--pwfile={self.folder / 'password'}",
            "--locale=C.UTF-8",
            "--no-sync",
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = _as_postgres(
            str(_binaries() / "postgres"),
            "-D",
            str(self.folder / "data"),
            "-p",
            str(self.port),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            f"unix_socket_directories={self.folder}",
        )
        with (self.folder / "log").open("ab") as log:
            process = self._life.enter_context(
                # Immediate shutdown, as in a crash: connections are not closed cleanly.
                running(*command, stdout=log, stderr=log, cwd=self.folder, ends_by=signal.SIGQUIT)
            )
        end = time.monotonic() + _SECONDS
        while not self._answers():
            assert process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "PostgreSQL did not answer in time"
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it as a crash would: connections are cut without waiting."""
        self._life.close()

    def sql(self, statement: str, database: str = USER) -> str:
        """Run a statement as the superuser; return what it prints."""
        done = subprocess.run(
            [
                str(_binaries() / "psql"),
                "-X",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-U",
                "postgres",
                "-d",
                database,
                "-c",
                statement,
            ],
            env={**os.environ, "PGPASSWORD": PASSWORD},
            check=True,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
        return done.stdout.strip()

    def _answers(self) -> bool:
        done = subprocess.run(
            [str(_binaries() / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            check=False,
            timeout=_SECONDS,
        )
        return done.returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            _as_postgres(str(_binaries() / program), *arguments),
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            timeout=_SECONDS,
        )


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a server with an empty database of the user `schulnetz`."""
    folder = Path(tempfile.mkdtemp(prefix="schulnetz-postgres-"))
    server = PostgresServer(folder, free_port())
    try:
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            for place in (folder, folder / "password"):
                os.chown(place, owner.pw_uid, owner.pw_gid)
        server.create()
        server.start()
        server.sql(f"CREATE USER {USER} PASSWORD '{PASSWORD}'", "postgres")
        server.sql(f"CREATE DATABASE {USER} OWNER {USER}", "postgres")
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _binaries() -> Path:
    """Return where Debian puts the newest version's programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )
    return found[-1]


def _as_postgres(*command: str) -> list[str]:
    return (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        if (os.geteuid() == 0)
        else [*command]
    )
