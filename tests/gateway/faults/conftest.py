"""A provider, and gateways before it."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent), str(HERE.parents[1] / "protocols" / "loops")]

if not all(map(find_spec, ("aiohttp", "uvicorn", "httpx"))):
    collect_ignore_glob = ["*"]


@pytest.fixture
def stand(provider, tmp_path):
    """Makes a gateway before the provider: `way` is one of `fault_kit.WAYS`."""
    from fault_kit import stood

    with ExitStack() as made:

        def make(way="same", **options):
            return made.enter_context(stood(way, provider, tmp_path / "tapes", **options))

        yield make


@pytest.fixture(autouse=True)
def _no_defect(caplog):
    """Nothing that a peer does is a defect of tokentape."""
    yield
    assert [text for text in caplog.messages if "defect" in text] == []
