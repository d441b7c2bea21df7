"""What a device's own objects mean by its profile."""

from __future__ import annotations

import pytest

from monitor.inventory.device_profile import ProfileReading, Quantity


@pytest.mark.parametrize(
    ("raw", "celsius"), [(b"45.5 C", 45.5), (b"no sensor", None), (b"9" * 400, None)]
)
def test_a_text_is_read_as_its_first_number_if_that_is_finite(
    raw: bytes, celsius: float | None
) -> None:
    reading = ProfileReading(Quantity.TEMPERATURE_CELSIUS, "inlet", "1.3.6.1.4.1.9.0", text=True)
    assert reading.value_of(raw) == celsius
