"""Calls and recordings to count and to price."""

from __future__ import annotations

import json

from tokentape.cassettes.format.layout import assemble, render
from tokentape.metering.call import Call
from tokentape.protocols.dialect import Kind
from tokentape.protocols.usage import Usage
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response

OPENAI = "https://api.openai.com/v1/chat/completions"
ANTHROPIC = "https://api.anthropic.com/v1/messages"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent"
VERTEX = "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers/x/models/y"
BEDROCK = "https://bedrock-runtime.us-east-1.amazonaws.com/model/x/converse"
AZURE = "https://mine.openai.azure.com/openai/deployments/prod/chat/completions"
OPENROUTER = "https://openrouter.ai/api/v1/chat/completions"
GATEWAY = "https://llm.example.net/v1/chat/completions"


def call(model=None, usage=None, *, url=OPENAI, dialect="openai.chat", **more):
    """A call that asked for `model` and used `usage`."""
    return Call(site=url, dialect=dialect, kind=Kind.GENERATE, asked=model, usage=usage, **more)


def chat(
    text="Hi", *, model="gpt-4o", answered="gpt-4o-2024-08-06", url=OPENAI, status=200, usage=None, ms=40
):
    """A recorded Chat call that took `ms` milliseconds."""
    asked = {"model": model, "messages": [{"role": "user", "content": text}]}
    counts = {"prompt_tokens": 1000, "completion_tokens": 100} if usage is None else usage
    reply = {"model": answered, "choices": [{"message": {"content": "Hello."}}], "usage": counts}
    body = json.dumps(reply).encode()
    return Interaction(
        id=f"id-{text}",
        request=Request("POST", url, (("Content-Type", "application/json"),), json.dumps(asked).encode()),
        response=Response(status, "", (("Content-Type", "application/json"),), body, (len(body),)),
        ended=Ended(How.EOF),
        timing=Timing("2026-11-01T00:00:00.000000Z", ms - 10, (10,)),
    )


class Tape:
    """As much of a cassette as the counting needs, and how often it was read."""

    def __init__(self, interactions, path="tape.json"):
        self.path = path
        self.held = list(interactions)
        self.reads = 0

    @property
    def entries(self):
        from tokentape.cassettes.format.index import Entry

        size = 1000
        return [
            Entry(each.id, each.id, None, "", n * size, (n + 1) * size) for n, each in enumerate(self.held)
        ]

    def interaction(self, number):
        self.reads += 1
        return self.held[number]


__all__ = ["Call", "Tape", "Usage", "assemble", "call", "chat", "render"]
