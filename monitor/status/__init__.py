"""The current status for pages and API: the city, a school, the goal, outages.

Must not know: HTTP, pages, how anything was measured.
"""
