"""Turns observations into Prometheus metrics.

`catalogue` declares every metric once. `render` turns an observation into text when its
run ends; `store` keeps the text, one block per family and check, and streams it at a scrape;
`gate` keeps scrapes from disturbing the probes. `own` has the daemon's own metrics.

Must not know: how anything was measured, or HTTP.
"""
