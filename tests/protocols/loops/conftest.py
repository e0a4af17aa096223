"""The provider, the gateway before it, and agents."""

from __future__ import annotations

import pytest
from loop_all import making
from loop_gateway import Gateway

from tokentape.testing.provider import Provider


@pytest.fixture(scope="session")
def running():
    with Provider(gap=0) as provider, Gateway(provider.port).running() as gateway:
        yield provider, gateway


@pytest.fixture
def provider(running):
    running[0].forget()
    return running[0]


@pytest.fixture
def gateway(provider, running):
    running[1].forget()
    yield running[1]
    assert running[1].crashes == []


@pytest.fixture
def agent(gateway):
    """Makes an agent on the SDK of `source`, whose provider speaks `target`."""
    with making(gateway) as make:
        yield make
