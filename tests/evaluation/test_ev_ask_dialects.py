"""Every dialect as the source of what is asked, every dialect as the target."""

from __future__ import annotations

import pytest

pytest.importorskip("aiohttp")

from ev_asking import MODELS, Asked, Migration, target, text_of

from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.evaluation.asking.question import Changes
from tokentape.protocols.canonical.conversation import Conversation, OutputFormat, Tool
from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Image, Inline, Text
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import read_request, write_request
from tokentape.testing.provider import Provider

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def user(*parts):
    return Message(Role.USER, tuple(Text(part) if isinstance(part, str) else part for part in parts))


TOOL = Tool("weather", "The weather.", SCHEMA)
CORPUS = {
    "text": Conversation((Message(Role.SYSTEM, (Text("Be brief."),)), user("Capital of France?"))),
    "turns": Conversation((user("Hi"), Message(Role.ASSISTANT, (Text("Hello."),)), user("Who are you?"))),
    "calls": Conversation((user("Weather in Paris?"),), tools=(TOOL,)),
    "results": Conversation(
        (
            user("Weather in Paris?"),
            ToolCall("call_8Fj2", "weather", '{"city":"Paris"}'),
            ToolResult("call_8Fj2", (Text("Sunny."),), name="weather"),
        ),
        tools=(TOOL,),
    ),
    "image": Conversation((user("What is this?", Image(Inline("image/png", PIXEL))),)),
    "json": Conversation((user("A city."),), output=OutputFormat("schema", SCHEMA, name="city")),
}


def recorded(dialect):
    """The corpus as it would be recorded of `dialect`."""
    model = MODELS[dialect]
    for name, conversation in CORPUS.items():
        written = write_request(conversation, Target(dialect, model), allow_losses=True).result
        yield Asked(name, read_request(dict(written.body), Source(dialect, model, False)))


@pytest.fixture(scope="module")
def provider():
    with Provider() as found:
        yield found


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("to", MODELS)
@pytest.mark.parametrize("source", MODELS)
def test_every_dialect_is_asked_what_was_recorded_of_every_other(provider, source, to, stream):
    provider.forget()
    store, changes = MemoryStore(), Changes(stream=stream)
    rows = list(recorded(source))
    ran = Migration(store, target(provider, to), changes=changes)(rows)
    assert len(ran.answers) == len(rows), [one.result for one in ran.outcomes]
    for answer in ran.answers:
        assert answer.reply.complete
        assert answer.reply.usage is not None
        assert answer.reply.usage.output
    calls = next(one.result for one in ran.outcomes if one.question.id == "calls")
    assert [item.name for item in calls.reply.items if isinstance(item, ToolCall)] == ["weather"]
    results = next(one.result for one in ran.outcomes if one.question.id == "results")
    assert "Sunny." in text_of(results.reply)
    assert any(PIXEL.encode() in (seen.body or b"") for seen in provider.requests)
    count = provider.count
    assert count == len(ran.answers)
    again = Migration(store, target(provider, to), changes=changes)(rows)
    assert provider.count == count
    assert len(again.answers) == count
    assert not any(answer.is_new for answer in again.answers)
