"""The provider, the gateway before it, and the agents of `tests/protocols/loops` on real SDKs."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tokentape.testing.provider import Provider

HERE = Path(__file__).parent
sys.path += [str(HERE.parent), str(HERE.parents[1] / "protocols" / "loops")]

if not all(map(find_spec, ("aiohttp", "uvicorn"))):
    collect_ignore_glob = ["*"]


@pytest.fixture(scope="session")
def standing():
    from gw_agents import Listened, seven
    from gw_hearing import heard_gateway
    from gw_tireless import tireless

    with Provider(gap=0) as running:
        with heard_gateway(seven(running.url), prepare=tireless) as (gateway, heard):
            yield running, Listened(gateway, heard)


@pytest.fixture
def provider(standing):
    standing[0].forget()
    return standing[0]


@pytest.fixture
def gateway(provider, standing, caplog):
    """The gateway; a defect of it fails the test."""
    standing[1].forget()
    yield standing[1]
    assert [text for text in caplog.messages if "defect" in text] == []


@pytest.fixture
def agent(gateway):
    """Makes an agent on the SDK of `source`, whose upstream speaks `target`."""
    from loop_all import making

    with making(gateway) as make:
        yield make
