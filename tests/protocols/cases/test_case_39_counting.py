"""Case 39: an estimate counts tools, results and thoughts, is labelled, and is near what providers count."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from statistics import median

import pytest

from protocols.protocol_samples import samples
from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import Conversation, OutputFormat, Tool
from tokentape.protocols.canonical.estimate import estimate
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Audio, Data, Document, Image, Inline, Plain, Text, Unknown
from tokentape.protocols.registry import recognise, usage_of
from tokentape.protocols.translate import conversation_of

QUESTION = Conversation((Message(Role.USER, (Text("What is the weather like in Oslo today?"),)),))
LONG = "a tale of two cities " * 50


@pytest.mark.parametrize(
    "item",
    [
        ToolCall("1", "look", f'{{"q": "{LONG}"}}'),
        ToolResult("1", (Text(LONG),)),
        ToolResult("1", (Data({"told": LONG}),)),
        Reasoning(LONG),
        Reasoning(summary=(LONG,)),
        Message(Role.USER, (Document(Plain(LONG)),)),
        Message(Role.USER, (Document(Inline("application/pdf", "JVBERg==")),)),
        Message(Role.USER, (Image(Inline("image/png", "aGk=")),)),
        Message(Role.ASSISTANT, (Audio(transcript=LONG),)),
        ServerTool("mine", "search", {"told": LONG}),
        Unknown("mine", {"told": LONG}),
    ],
    ids=lambda item: type(item).__name__,
)
def test_everything_counts(item):
    more = replace(QUESTION, items=(*QUESTION.items, item))
    assert estimate(more).tokens > estimate(QUESTION).tokens + 200


def test_tools_and_the_output_schema_count():
    schema = {"type": "object", "description": LONG}
    assert estimate(replace(QUESTION, tools=(Tool("f", "g", schema),))).tokens > 200
    assert estimate(replace(QUESTION, output=OutputFormat("schema", schema))).tokens > 200


def test_it_says_that_it_is_an_estimate():
    assert estimate(QUESTION).how == "estimated"


def test_other_scripts_take_more_tokens():
    said = replace(QUESTION, items=(Message(Role.USER, (Text("今日のオスロの天気はどうですか" * 10),)),))
    assert estimate(said).tokens > 90


def test_it_is_near_what_providers_count():
    """Over the recorded calls that tell. Providers add prompts of their own, so the middle decides."""
    ratios = []
    for sample in samples():
        found = recognise(sample.request)
        if found.dialect is None or found.dialect.codec is None or not isinstance(found.body, dict):
            continue
        usage = usage_of(found, sample.response) if sample.response else None
        with suppress(ProtocolError):
            if usage is not None and usage.input:
                ratios.append(estimate(conversation_of(sample.request)).tokens / usage.input)
    assert len(ratios) > 50
    assert 0.8 < median(ratios) < 1.25
