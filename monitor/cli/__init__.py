"""The command line: parse, call, print; no decisions.

Exit codes: 0 success; 1 the configuration or an argument is wrong; 2 wrong usage;
3 the daemon could not start (address, state directory, permission to ping), or crashed; 4 a probed
check failed.

Must not know: how anything is measured or stored.
"""

from monitor.cli.main import main, start

__all__ = ["main", "start"]
