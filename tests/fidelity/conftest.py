"""The ways through which every case goes."""

from __future__ import annotations

import pytest
from fidelity_calls import WAYS, Rig


@pytest.fixture(params=WAYS, ids=str)
def way(request):
    return request.param


@pytest.fixture
def rig(way, outside):
    return Rig(way, outside / "tape.json")
