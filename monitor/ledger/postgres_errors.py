"""SQLAlchemy's and PostgreSQL's errors as the ledger's own.

Must not know: the statements that failed.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from monitor.ledger.chain import LedgerError, LedgerStorageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def postgres_errors(place: str) -> Iterator[None]:
    """Convert errors into ours: temporary (no connection, full disk), or for the operator.

    The message is PostgreSQL's first line; it names host and user, never a password.
    """
    try:
        yield
    except OperationalError as error:
        raise LedgerStorageError(f"{place}: {_said(error)}") from error
    except DBAPIError as error:
        kind = LedgerStorageError if error.connection_invalidated else LedgerError
        raise kind(f"{place}: {_said(error)}") from error
    except SQLAlchemyError as error:
        raise LedgerStorageError(f"{place}: {error}") from error
    except LedgerError as error:
        if str(error).startswith(place):
            raise
        raise type(error)(f"{place}: {error}") from error


def _said(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else type(error.orig).__name__
