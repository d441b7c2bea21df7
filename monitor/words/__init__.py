"""All German and English texts for people: on pages, in the report, on the dashboards.

`terms` has the words for the daemon's results (stages, states, causes, reasons, findings,
forecast status), `pages` and `report` the sentences around them. One value has one word.

Must not know: the rest of the program, HTML, or Grafana.
"""
