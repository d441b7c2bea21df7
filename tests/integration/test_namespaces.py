from __future__ import annotations

import pytest

from tests.integration.namespace import namespace

pytestmark = [pytest.mark.integration, pytest.mark.root]


def test_two_namespaces_of_the_same_purpose_may_be_open_at_once() -> None:
    with namespace("twin") as one, namespace("twin") as other:
        assert one.name != other.name
