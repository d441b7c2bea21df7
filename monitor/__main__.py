"""`python -m monitor` is `schulnetz`."""

from monitor.cli import main

if __name__ == "__main__":
    main()
