"""Misses, with the provider running: a miss that went live would be counted."""

from __future__ import annotations

import pytest
from miss_blocks import Missing


@pytest.fixture(autouse=True)
def _outside(outside):
    """No setting from the machine that runs the tests."""


@pytest.fixture
def missing(provider, tmp_path):
    return Missing(provider, tmp_path)
