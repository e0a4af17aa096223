"""What is written is read by the types of OpenAI's own SDK, strictly: items, responses and events."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from responses_bodies import EXCHANGES, FAILED, MODEL, NAME, REPLIES, read_reply, streamed, written_reply

from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of, translate_reply, translate_request
from tokentape.testing.contracts.sequences import SEQUENCES

sdk = pytest.importorskip("openai.types.responses")
TypeAdapter = pytest.importorskip("pydantic").TypeAdapter

RESPONSE = TypeAdapter(sdk.Response)
EVENT = TypeAdapter(sdk.ResponseStreamEvent)
INPUT = TypeAdapter(sdk.ResponseInputItem)
STONES = Path(__file__).parents[2] / "rosetta"
FOREIGN = [
    pytest.param(path.parent.name, path, id=f"{path.parent.name}-{path.stem}")
    for path in sorted(STONES.glob("*/*.json"))
    if path.stem != "errors" and path.parent.name != NAME
]


def own_kinds(reply):
    """Replies with a kind of item or part that the SDK does not know are no test of it."""
    return [found for found in reply if "x_new" not in json.dumps(found)]


def stone(path, half):
    found = json.loads(path.read_text(encoding="utf-8"))
    if half not in found:
        pytest.skip("the dialect has no such thing")
    return found[half], found.get("model")


def valid_stream(events):
    for event in events:
        assert json.loads(json.dumps(event)) == event
        EVENT.validate_python(event, strict=False)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"]
    ids = {event["response"]["id"] for event in events if "response" in event}
    assert len(ids) == 1, "the same id in all events (case 40)"
    return events[-1]["response"]


@pytest.mark.parametrize("reply", own_kinds(REPLIES), ids=range(len(own_kinds(REPLIES))))
def test_an_own_reply_and_its_stream(reply):
    RESPONSE.validate_python(written_reply(read_reply(reply))[0], strict=False)
    events = list(unfold(read_reply(reply)))
    last = valid_stream(streamed(events))
    assert last == reply == written_reply(fold(events))[0]


@pytest.mark.parametrize(("dialect", "path"), FOREIGN)
def test_requests_of_others(dialect, path):
    body, model = stone(path, "request")
    target = Target(NAME, model=MODEL)
    result = translate_request(body, Source(dialect, model=model), target, allow_losses=True).result
    assert result.path == "v1/responses"
    for item in result.body["input"]:
        INPUT.validate_python(item, strict=False)


@pytest.mark.parametrize(("dialect", "path"), FOREIGN)
def test_replies_of_others(dialect, path):
    body, model = stone(path, "reply")
    source = Source(dialect, model=model)
    RESPONSE.validate_python(translate_reply(body, source, Target(NAME)).result, strict=False)
    reply = codec_of(dialect).read_reply(body, source)
    events = list(unfold(replace(reply, created=reply.created or 1_700_000_000), 3))
    assert valid_stream(streamed(events)) == written_reply(fold(events))[0]


@pytest.mark.parametrize("name", [name for name in SEQUENCES if "never begun" not in name])
def test_any_sequence_of_events(name):
    events = SEQUENCES[name]
    last = valid_stream(streamed(events, model=MODEL))
    if name not in ("a name that comes late", "cut at once", "failed at once"):
        assert last == written_reply(fold(events), model=MODEL)[0]


def test_a_failed_response():
    RESPONSE.validate_python(written_reply(read_reply(FAILED))[0], strict=False)


def test_what_a_response_repeats_of_its_request():
    for exchange in EXCHANGES:
        if "x_new" in json.dumps(exchange.request) or "grammar" in json.dumps(exchange.request):
            continue
        asked = codec_of(NAME).read_request(exchange.request, Source(NAME))
        reply = codec_of("openai.chat").read_reply(
            json.loads((STONES / "openai.chat" / "text.json").read_text(encoding="utf-8"))["reply"],
            Source("openai.chat"),
        )
        body = written_reply(reply, asked=asked)[0]
        RESPONSE.validate_python(body, strict=False)
        for name in ("temperature", "top_p", "max_output_tokens", "metadata", "instructions", "truncation"):
            if exchange.request.get(name) is not None:
                assert body[name] == exchange.request[name]
