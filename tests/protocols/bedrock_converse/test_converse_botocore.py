"""botocore is the judge: requests fit its service model, its parsers read replies, streams and errors."""

from __future__ import annotations

import base64
import copy
import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("botocore", minversion="1.44")

import botocore.loaders
import botocore.parsers
import botocore.session
from botocore.eventstream import EventStream
from botocore.exceptions import EventStreamError
from botocore.validate import ParamValidator
from converse_bodies import (
    ANSWERS,
    CACHED,
    CLAUDE,
    MEDIA,
    NAME,
    OPTIONS,
    TOOLS,
    read,
    written,
)

sys.path.insert(0, str(Path(__file__).parents[3]))

from matrix.protocols_stones import DIALECTS, FEATURES, stone

from tokentape.errors import UsageError
from tokentape.protocols.bedrock_converse.codec import CODEC
from tokentape.protocols.canonical.events import Ended, Failed
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of, translate_reply, translate_request
from tokentape.testing.contracts.codec import written as wire_of

MODEL = botocore.session.Session().get_service_model("bedrock-runtime")
BLOBS = frozenset({"bytes", "redactedContent"})


def decoded(value):
    """The body as boto3 is given it: blobs are bytes, not base64."""
    if isinstance(value, dict):
        return {
            name: base64.b64decode(entry) if name in BLOBS and isinstance(entry, str) else decoded(entry)
            for name, entry in value.items()
        }
    return [decoded(entry) for entry in value] if isinstance(value, list) else value


def problems(outgoing, model=CLAUDE):
    """What botocore finds wrong with a request; "" for nothing."""
    name = "ConverseStream" if outgoing.path.endswith("converse-stream") else "Converse"
    shape = MODEL.operation_model(name).input_shape
    return ParamValidator().validate({"modelId": model, **decoded(outgoing.body)}, shape).generate_report()


def others():
    found = []
    for name in DIALECTS:
        try:
            codec_of(name)
        except UsageError:
            continue
        if name != NAME and stone(name, "text") is not None:
            found.append(name)
    return found


@pytest.mark.parametrize("body", [MEDIA, CACHED, TOOLS, {**OPTIONS, "toolConfig": None}], ids=str)
def test_what_these_tests_call_the_api_is_the_api(body):
    known = {name: value for name, value in body.items() if value is not None}
    known = json.loads(
        json.dumps(known).replace(', "topK": 4', "").replace('{"type": "later"}', '{"type": "default"}')
    )
    outgoing, _ = written(read(known, model="a"))
    assert problems(outgoing) == ""


@pytest.mark.parametrize("source", others())
def test_requests_of_other_dialects_fit_the_service_model(source):
    for feature in FEATURES:
        mine = stone(source, feature)
        if mine is None or mine.request is None:
            continue
        for stream in (False, True):
            origin = Source(source, model=mine.model, stream=stream)
            to = Target(NAME, model=CLAUDE)
            found = translate_request(mine.request, origin, to, allow_losses=True)
            assert problems(found.result) == "", feature


def parsed(body, status=200, operation="Converse"):
    """What botocore's parser reads."""
    parser = botocore.parsers.create_parser("rest-json")
    reply = {"body": json.dumps(body).encode(), "headers": {}, "status_code": status}
    shape = MODEL.operation_model(operation).output_shape
    return parser.parse(reply, shape)


def test_a_reply_is_parsed_whole():
    body = CODEC.write_reply(CODEC.read_reply(ANSWERS, Source(NAME)), Target(NAME))
    found = parsed(body)
    assert found["output"]["message"]["content"][1]["reasoningContent"]["redactedContent"] == b"\x00\x01\x02"
    found.pop("ResponseMetadata")
    assert found == decoded({**copy.deepcopy(ANSWERS)})


@pytest.mark.parametrize("source", others())
def test_replies_of_other_dialects_are_parsed(source):
    for feature in FEATURES:
        mine = stone(source, feature)
        if mine is None or mine.reply is None:
            continue
        body = translate_reply(mine.reply, Source(source, model=mine.model), Target(NAME)).result
        found = parsed(body)
        found.pop("ResponseMetadata")
        assert found == body
        shape = MODEL.operation_model("Converse").output_shape
        assert ParamValidator().validate(decoded(found), shape).generate_report() == ""


def streamed(wire):
    """The events that botocore reads from a stream."""

    class Raw:
        def stream(self):
            return iter(wire)

        def close(self):
            pass

    shape = MODEL.operation_model("ConverseStream").output_shape.members["stream"]
    parser = botocore.parsers.create_parser("rest-json")._event_stream_parser
    return list(EventStream(Raw(), shape, parser, "ConverseStream"))


def test_a_stream_is_parsed_event_by_event():
    reply = CODEC.read_reply(ANSWERS, Source(NAME))
    found = streamed(wire_of(CODEC, unfold(reply)))
    names = [next(iter(event)) for event in found]
    assert names[0] == "messageStart"
    assert names[-2:] == ["messageStop", "metadata"]
    assert found[-1]["metadata"]["usage"] == ANSWERS["usage"]
    assert found[-1]["metadata"]["serviceTier"] == {"type": "flex"}
    blobs = [
        event["contentBlockDelta"]["delta"]["reasoningContent"]
        for event in found
        if "reasoningContent" in event.get("contentBlockDelta", {}).get("delta", {})
    ]
    assert blobs == [{"signature": "c2ln"}, {"redactedContent": b"\x00\x01\x02"}]


def test_the_events_of_a_stream_fit_the_service_model():
    reply = CODEC.read_reply(ANSWERS, Source(NAME))
    shape = MODEL.operation_model("ConverseStream").output_shape.members["stream"]
    for event in streamed(wire_of(CODEC, unfold(reply))):
        assert ParamValidator().validate(event, shape).generate_report() == ""


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FailureKind.RATE_LIMIT, "throttlingException"),
        (FailureKind.OVERLOADED, "serviceUnavailableException"),
        (FailureKind.SERVER, "internalServerException"),
        (FailureKind.INVALID_REQUEST, "validationException"),
        (FailureKind.INCOMPLETE, "modelStreamErrorException"),
    ],
)
def test_an_error_in_a_stream_is_raised(kind, code):
    events = (Failed(Failure(kind, "too busy")), Ended(False))
    with pytest.raises(EventStreamError) as caught:
        streamed(wire_of(CODEC, events))
    assert caught.value.response["Error"] == {"Code": code, "Message": "too busy"}


def test_a_cut_stream_is_raised_too():
    reply = CODEC.read_reply(ANSWERS, Source(NAME))
    events = [event for event in unfold(reply) if not isinstance(event, Ended)]
    with pytest.raises(EventStreamError, match="before the reply was whole"):
        streamed(wire_of(CODEC, (*events, Ended(False))))


@pytest.mark.parametrize("kind", FailureKind)
def test_an_error_is_parsed_with_its_code(kind):
    status, body = CODEC.write_failure(Failure(kind, "no"))
    found = parsed(body, status)
    assert found["Error"]["Message"] == "no"
    assert found["Error"]["Code"] == body["__type"]
    named = [shape.name for shape in MODEL.operation_model("Converse").error_shapes]
    assert body["__type"] in (*named, "UnrecognizedClientException", "ConflictException")
