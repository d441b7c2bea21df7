"""`schulnetz hash-password`: the bcrypt hash of a password, for `web.config.yml`.

Must not know: the file, or who logs in.
"""

from __future__ import annotations

import sys

import click

from monitor.cli.common import Exit, fail
from monitor.cli.output import ask_secret, say


@click.command("hash-password")
def hash_password() -> None:
    """Print the bcrypt hash of a password, for web.config.yml. Asks for it, or reads one line."""
    # The hashing and its limits belong to the daemon's libraries, which the help does not need.
    import bcrypt  # noqa: PLC0415

    from monitor.web.login import DEFAULT_COST, MAX_PASSWORD_BYTES  # noqa: PLC0415

    if sys.stdin.isatty():
        password = ask_secret("Password").encode()
    else:
        password = sys.stdin.buffer.readline().rstrip(b"\r\n")
    if not password:
        fail("the password is empty", Exit.WRONG)
    if len(password) > MAX_PASSWORD_BYTES:
        fail(f"the password has more than {MAX_PASSWORD_BYTES} bytes, bcrypt's limit", Exit.WRONG)
    say(bcrypt.hashpw(password, bcrypt.gensalt(DEFAULT_COST)).decode())
