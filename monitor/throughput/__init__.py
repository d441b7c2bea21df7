"""Speed tests: no checks, and so not among the probes."""
