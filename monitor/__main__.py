"""`python -m monitor` is `schulnetz`."""

from monitor.cli import start

if __name__ == "__main__":
    start()
