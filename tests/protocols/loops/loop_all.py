"""All the agents, by the dialect of their SDK."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager

import pytest
from loop_anthropic import Messages
from loop_aws import Converse
from loop_chat import Chat
from loop_cohere import Cohere
from loop_gateway import MODELS
from loop_google import Gemini
from loop_ollama import Ollama
from loop_responses import Responses

from installed import is_installed

AGENTS = {
    "openai.chat": Chat,
    "openai.responses": Responses,
    "anthropic.messages": Messages,
    "gemini": Gemini,
    "bedrock.converse": Converse,
    "ollama": Ollama,
    "cohere": Cohere,
}


@contextmanager
def making(gateway):
    """What makes agents whose SDK speaks `source`, and whose provider `target`; they are closed at the end."""
    with ExitStack() as made:

        def make(source, target, **options):
            kind = AGENTS[source]
            if not is_installed(kind.module):
                pytest.skip(f"{kind.module} is not installed")
            found = kind(gateway.url(target), MODELS[source], **options)
            made.callback(found.close)
            return found

        yield make
