"""All German and English texts for people: on pages, in the report, on the dashboards.

`terms` has the words for what the daemon decides (stages, states, causes, reasons, findings,
forecast status), `pages` and `report` the sentences around them. One value has one word.

Must not know: anything else of the program, HTML, Grafana.
"""
