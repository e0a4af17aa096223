"""A provider, and gateways before it (`before`)."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent)]

if not all(map(find_spec, ("aiohttp", "uvicorn", "httpx"))):
    collect_ignore_glob = ["*"]


@pytest.fixture
def before(provider):
    """Makes a gateway before the provider, which speaks `dialect`."""
    from defect_kit import stood

    with ExitStack() as made:

        def make(dialect="openai.chat", **options):
            return made.enter_context(stood(provider.url, dialect, **options))

        yield make
