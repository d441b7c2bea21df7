"""A site's name: its two parts, its written form, and what is refused."""

from __future__ import annotations

import pytest

from monitor.inventory.site_key import SiteKey


def test_a_site_key_is_written_as_school_and_site() -> None:
    assert str(SiteKey("goethe", "annex")) == "goethe/annex"
    assert f"{SiteKey('goethe', 'annex')} is up" == "goethe/annex is up"


def test_a_written_site_key_is_read_back() -> None:
    key = SiteKey("goethe", "annex")
    assert SiteKey.parse(str(key)) == key


@pytest.mark.parametrize("text", ["", "goethe", "goethe/", "/annex", "/", "goethe/annex/sw-1"])
def test_text_that_names_no_site_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not name a site; write school/site"):
        SiteKey.parse(text)
