"""The provider, the gateway before it, and agents."""

from __future__ import annotations

from contextlib import ExitStack
from importlib.util import find_spec

import pytest
from loop_anthropic import Messages
from loop_aws import Converse
from loop_chat import Chat
from loop_cohere import Cohere
from loop_gateway import MODELS, Gateway
from loop_google import Gemini
from loop_ollama import Ollama
from loop_responses import Responses

from tokentape.testing.provider import Provider

AGENTS = {
    "openai.chat": Chat,
    "openai.responses": Responses,
    "anthropic.messages": Messages,
    "gemini": Gemini,
    "bedrock.converse": Converse,
    "ollama": Ollama,
    "cohere": Cohere,
}


def is_installed(name):
    try:
        found = find_spec(name)
        return found is not None and found.origin is not None  # without: a folder of tests of that name
    except ModuleNotFoundError:  # of google.genai, where nothing of Google's is there
        return False


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
    with ExitStack() as made:

        def make(source, target, **options):
            kind = AGENTS[source]
            if not is_installed(kind.module):
                pytest.skip(f"{kind.module} is not installed")
            found = kind(gateway.url(target), MODELS[source], **options)
            made.callback(found.close)
            return found

        yield make
