"""A site's name in the city: the id of its school and its own id, written `school/site`.

The written form is the subject of the ledger's rows, and is used in the API, in files of requests
and on the command line. Everywhere else the two parts are separate.

Must not know: which schools and sites exist.
"""

from __future__ import annotations

from typing import NamedTuple


class SiteKey(NamedTuple):
    """A school's id and the id of one of its sites; `str()` gives the written form.

    A named tuple, because the key is looked up for every observation and must be hashed without
    Python code.
    """

    school: str
    site: str

    def __str__(self) -> str:
        return f"{self.school}/{self.site}"

    @classmethod
    def parse(cls, text: str) -> SiteKey:
        """Return the key of a written name.

        Raises:
            ValueError: if it is not two ids with a slash in between.
        """
        school, _, site = text.partition("/")
        if not school or not site or "/" in site:
            raise ValueError(f"{text!r} does not name a site; write school/site")
        return cls(school, site)
