"""Replies translated from one dialect, read by the real SDK of another, plain and streamed."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from law_dialects import PRESENT
from sdk_readers import READERS

from installed import is_installed

sys.path.insert(0, str(Path(__file__).parents[3]))

from matrix.protocols_cells import MODELS
from matrix.protocols_stones import FEATURES, errors, stone

from tokentape.protocols.canonical.items import Message, Reasoning, ToolCall
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.framing import MEDIA_TYPES
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.translation import codec_of, translate_failure, translate_reply
from tokentape.testing.contracts.codec import written
from tokentape.testing.provider import Framing, Provider, reply
from tokentape.wire.jsontext import dump

pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The model 'claude:DeprecationWarning"),
]


PAIRS = [
    pytest.param(*pair, id=f"{pair[0]}-to-{pair[1]}")
    for pair in permutations(PRESENT, 2)
    if is_installed(READERS[pair[1]][1])
]


@pytest.fixture(scope="module")
def started():
    with Provider() as found:
        yield found


@pytest.fixture
def provider(started):
    started.forget()
    return started


def expected(body, target):
    """What the SDK should say, by the target's own reader."""
    found = codec_of(target).read_reply(body, Source(target, model=MODELS[target]))
    items = found.items
    parts = [part for item in items if isinstance(item, Message) for part in item.parts]
    return {
        "text": "".join(part.text for part in parts if isinstance(part, Text | Refusal)),
        "reasoning": "".join(
            text for item in items if isinstance(item, Reasoning) for text in (*item.summary, item.text)
        ),
        "output tokens": found.usage.output if found.usage else None,
        "calls": [item.name for item in items if isinstance(item, ToolCall)],
        "arguments": [item.arguments.replace(" ", "") for item in items if isinstance(item, ToolCall)],
    }


def told(read):
    return {
        "text": read.text,
        "reasoning": read.reasoning,
        "output tokens": read.used[1],
        "calls": [name for name, _ in read.calls],
        "arguments": [arguments.replace(" ", "") for _, arguments in read.calls],
    }


def stones(source):
    return [found for feature in FEATURES if (found := stone(source, feature)) and found.reply is not None]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_whole_reply(provider, source, target):
    for found in stones(source):
        body = translate_reply(
            found.reply, Source(source, model=found.model), Target(target, model=MODELS[target])
        ).result
        provider.play(reply(dump(body), content_type="application/json"))
        read = READERS[target][0](provider.url, MODELS[target], False)
        assert told(read) == expected(body, target), found.feature
        assert read.ended, found.feature


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_streamed_reply(provider, source, target):
    for found in stones(source):
        origin = Source(source, model=found.model)
        body = translate_reply(found.reply, origin, Target(target, model=MODELS[target])).result
        asked = codec_of(source).read_request(stone(source, "text").request, origin)
        asked = replace(asked, counts_usage=True)
        wire = b"".join(
            written(
                codec_of(source),
                unfold(codec_of(source).read_reply(found.reply, origin)),
                Target(source, asked=asked),
            )
        )
        translator = StreamTranslator(origin, Target(target, model=MODELS[target], asked=asked))
        pieces = [translator.feed(wire[at : at + 11]) for at in range(0, len(wire), 11)] + [translator.end()]
        media = MEDIA_TYPES[codec_of(target).framing]
        provider.play(
            reply([piece for piece in pieces if piece], content_type=media, framing=Framing.CHUNKED)
        )
        read = READERS[target][0](provider.url, MODELS[target], True)
        assert told(read) == expected(body, target), found.feature
        assert read.ended, found.feature


def status_of(error):
    """The status that an SDK's exception tells."""
    response = getattr(error, "response", None)
    told = response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(response, dict) else None
    return told or getattr(error, "status_code", None) or getattr(error, "code", None)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_an_error_is_the_exception_of_the_sdk(provider, source, target):
    for status in (400, 404):
        told, body = translate_failure(status, errors(source)[status], source, target)
        provider.play(reply(dump(body), told, content_type="application/json", headers=ERROR_HEADERS))
        with pytest.raises(Exception, match="no") as caught:
            READERS[target][0](provider.url, MODELS[target], False)
        assert status_of(caught.value) == status


ERROR_HEADERS = (("x-amzn-errortype", "ValidationException"),)
"""botocore takes the name of an error from there."""


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_stream_that_is_cut_is_no_success(provider, source, target):
    found = stone(source, "text")
    origin = Source(source, model=found.model)
    wire = written(codec_of(source), unfold(codec_of(source).read_reply(found.reply, origin), 2))
    for at in (1, len(wire) // 2):
        translator = StreamTranslator(origin, Target(target, model=MODELS[target]))
        pieces = [*map(translator.feed, wire[:at]), translator.end()]
        media = MEDIA_TYPES[codec_of(target).framing]
        provider.play(
            reply([piece for piece in pieces if piece], content_type=media, framing=Framing.CHUNKED)
        )
        if target in TELLS:
            assert READERS[target][0](provider.url, MODELS[target], True).ended == TELLS[target]
        else:
            with pytest.raises(Exception, match="ended before"):
                READERS[target][0](provider.url, MODELS[target], True)


TELLS = {"openai.responses": "incomplete", "cohere": "ERROR"}
"""Dialects that have a word of their own for such an end; the SDKs of the others raise."""
