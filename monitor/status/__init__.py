"""How things stand, as one reads it: the city, a school, the goal, outages.

Must not know: HTTP, pages, how anything was measured.
"""
