"""Ends the process with its exit code, whatever its daemon threads still do.

Before Python 3.14 the interpreter ends a daemon thread by unwinding its stack as soon as the thread
wants to run on. Frames of compiled libraries (pydantic, cryptography) do not permit that and abort
the whole process: SIGABRT, perhaps a core dump, instead of the exit code. So while such threads
live, the process ends without the interpreter's own clean-up.

Must not know: any command, nor what the threads do.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End the process with an exit code; all output is written before."""
    if not any(thread.daemon for thread in threading.enumerate()):
        sys.exit(code)
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # A reader that has gone away does not change the exit code.
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
