from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.shape import units

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "bits_per_second"),
    [
        ("1 Gbit/s", 10**9),
        ("1.1 Gbit/s", 1_100_000_000),
        ("100Mbit/s", 10**8),
        ("512 kbit/s", 512_000),
        ("64 bit/s", 64),
        ("0.5 Mbit/s", 500_000),
    ],
)
def test_rate_is_exact(text: str, bits_per_second: int) -> None:
    assert units.parse_rate(text) == bits_per_second


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1 GB/s", "multiply by 8"),
        ("1 Gb", "did you mean 1 Gbit/s?"),
        ("100", "did you mean 100 Mbit/s?"),
        ("16 mbit/s", "did you mean 16 Mbit/s?"),
        ("50 Mbps", "did you mean 50 Mbit/s?"),
        ("1 Tbit/s", "allowed: 1 Gbit/s"),
        ("0 Gbit/s", "allowed: 1 Gbit/s"),
    ],
)
def test_invalid_rate_gets_a_cure(text: str, hint: str) -> None:
    with pytest.raises(units.UnitError, match=re.escape(hint)):
        units.parse_rate(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("20 GB", 20 * 10**9), ("1.1TB", 1_100_000_000_000), ("0.001 kB", 1), ("500 MB", 5 * 10**8)],
)
def test_amount_of_data_is_exact(text: str, amount: int) -> None:
    assert units.parse_volume(text) == amount


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("20 GiB", "did you mean 20 GB?"),
        ("20 Gb", "did you mean 20 GB?"),
        ("20", "allowed: 20 GB"),
        ("0 GB", "allowed: 20 GB"),
        ("1 GB/s", "allowed: 20 GB"),
    ],
)
def test_invalid_amount_of_data_gets_a_cure(text: str, hint: str) -> None:
    with pytest.raises(units.UnitError, match=re.escape(hint)):
        units.parse_volume(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("30s", 30.0), ("5 m", 300.0), ("2h", 7200.0)]
)
def test_duration_is_in_seconds(text: str, seconds: float) -> None:
    assert units.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["99.5 %", "99.5%", "99.50 %"])
def test_percent_is_a_ratio(text: str) -> None:
    assert units.parse_percent(text) == 0.995


def test_percent_is_rounded_in_decimals() -> None:
    assert units.parse_percent("99.9 %") == 0.999


@given(st.text(max_size=20))
def test_any_text_gives_a_quantity_or_a_unit_error(text: str) -> None:
    for parse in (
        units.parse_rate,
        units.parse_duration,
        units.parse_percent,
        units.parse_day,
        units.parse_hours,
        units.parse_instant,
    ):
        try:
            parse(text)
        except units.UnitError as error:
            assert "allowed:" in str(error)  # noqa: PT017  # the message is what is promised


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "23.11.2026",
            (
                "“23.11.2026” is not a day; allowed: a day such as 2026-10-01; did you mean "
                "2026-11-23?"
            ),
        ),
        ("3.1.26", "did you mean 2026-01-03?"),
        ("3. 1. 2026", "did you mean 2026-01-03?"),
        ("2026-1-3", "did you mean 2026-01-03?"),
        ("2026/01/03", "did you mean 2026-01-03?"),
        ("1925-02-10", "1925-02-10 is out of range; allowed: a day from 2000-01-01 to 2099-12-31"),
        ("10.02.1925", "10.02.1925 is out of range; allowed: a day from 2000-01-01 to 2099-12-31"),
        ("2026-13-01", "there is no day 2026-13-01; allowed: a day such as 2026-10-01"),
        ("30.02.2026", "there is no day 30.02.2026; allowed: a day such as 2026-10-01"),
    ],
)
def test_an_invalid_day_gets_a_cure(text: str, said: str) -> None:
    with pytest.raises(units.UnitError) as caught:
        units.parse_day(text)
    assert str(caught.value).endswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("23.11.2026 18:00", "; did you mean 2026-11-23 18:00?"),
        (
            "23.11.2026",
            (
                "“23.11.2026” is not an instant; allowed: 2026-10-01 18:00, or with its "
                "zone 2026-10-01T18:00+02:00"
            ),
        ),
        (
            "1925-02-10 18:00",
            "1925-02-10 is out of range; allowed: a day from 2000-01-01 to 2099-12-31",
        ),
        (
            "30.02.2026 18:00",
            (
                "there is no day 30.02.2026; allowed: 2026-10-01 18:00, or with its "
                "zone 2026-10-01T18:00+02:00"
            ),
        ),
    ],
)
def test_an_invalid_instant_gets_a_cure(text: str, said: str) -> None:
    with pytest.raises(units.UnitError) as caught:
        units.parse_instant(text)
    assert str(caught.value).endswith(said)


@pytest.mark.parametrize(
    "pattern",
    [
        units.RATE_PATTERN,
        units.DURATION_PATTERN,
        units.PERCENT_PATTERN,
        units.INSTANT_PATTERN,
        units.HOURS_PATTERN,
    ],
)
def test_no_text_of_the_pattern_breaks_the_parser(pattern: str) -> None:
    parse = {
        units.RATE_PATTERN: units.parse_rate,
        units.DURATION_PATTERN: units.parse_duration,
        units.PERCENT_PATTERN: units.parse_percent,
        units.INSTANT_PATTERN: units.parse_instant,
        units.HOURS_PATTERN: units.parse_hours,
    }[pattern]

    @given(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    def parses(text: str) -> None:
        try:
            parse(text)
        except units.UnitError as error:
            # The pattern cannot know how long a month is, or compare hours.
            assert re.search("there is no day|ends before|$^", str(error))  # noqa: PT017

    parses()
