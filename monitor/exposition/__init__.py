"""How what was found becomes Prometheus metrics.

One subject a file: each `Metric` is declared once, beside the function that writes its lines, and
`catalogue` gathers them. `text` writes a line; `render` turns an observation into text when its run
ends; `store` keeps the text, one block per family and check, and streams it at a scrape; `gate`
keeps scrapes from disturbing the probes. `own` counts what the daemon itself does.

Must not know: how anything was measured, or who asks over HTTP.
"""
