"""The garbage collector is tuned while the daemon runs and restored afterwards."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from monitor.daemon.garbage import YOUNG_OBJECTS, keep_what_is_there, rare_collections

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Reset the collector to the settings of a new process, whatever other tests changed."""
    before = gc.get_threshold()
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_garbage_collection_is_rare_until_the_context_ends() -> None:
    before = gc.get_threshold()
    assert before[0] < YOUNG_OBJECTS
    with rare_collections(1000):
        assert gc.get_threshold() == (YOUNG_OBJECTS + 4000, *before[1:])
        keep_what_is_there()
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_the_collector_is_restored_after_a_failure_too() -> None:
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), rare_collections(0):
        raise ZeroDivisionError
    assert gc.get_threshold() == before
