"""Grafana dashboards as code: six questions, one board each, in German and English.

`python -m dashboards` (`make dashboards`) writes `dashboards/en` and `dashboards/de`; a test proves
that the committed JSON is what the code builds. Needs only what `make test` installs.

Must not know: the daemon. Names of metrics are those of `docs/metrics.md`; a test compares.
"""
