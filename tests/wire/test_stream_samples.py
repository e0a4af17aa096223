"""The decoders over every streamed reply among the real samples."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from fragments import check_laws

from tokentape.wire.body import decoded_body, decoder_for, events_of, media_type
from tokentape.wire.eventstream import EventStreamDecoder, decode_message, encode_message
from tokentape.wire.jsonarray import JsonArrayDecoder
from tokentape.wire.message import Response
from tokentape.wire.ndjson import NdjsonDecoder
from tokentape.wire.sse import SseDecoder

yaml = pytest.importorskip("yaml")
SAMPLES = Path(__file__).parent.parent / "samples"
with (SAMPLES / "index.csv").open(encoding="utf-8", newline="") as table:
    ROWS = [row for row in csv.DictReader(table) if row["stream_kind"]]
DECODERS = {
    "sse": SseDecoder,
    "aws-eventstream": EventStreamDecoder,
    "ndjson": NdjsonDecoder,
    "json-array": JsonArrayDecoder,
}


def response_of(row) -> Response:
    """The reply as it is in the file: header values are scalars or lists, bodies text or bytes."""
    text = (SAMPLES / Path(row["file"]).name).read_text(encoding="utf-8")
    recorded = yaml.load(text, Loader=yaml.CSafeLoader)["interactions"][int(row["interaction"])]["response"]
    headers = tuple(
        (name, value)
        for name, values in (recorded.get("headers") or {}).items()
        for value in (values if isinstance(values, list) else [values])
    )
    body = recorded["body"]["string"] if "body" in recorded else recorded["content"]
    return Response(200, headers=headers, body=body.encode() if isinstance(body, str) else body)


@pytest.fixture(params=ROWS, ids=lambda row: f"{Path(row['file']).stem}-{row['interaction']}")
def row(request):
    return request.param


def test_the_samples_hold_every_kind():
    kinds = Counter(row["stream_kind"] for row in ROWS)
    assert kinds == {"sse": 43, "aws-eventstream": 6, "ndjson": 5, "json-array": 4}


def test_a_streamed_reply_is_decoded_whatever_its_headers_say(row):
    response = response_of(row)
    body = decoded_body(response)
    events = events_of(response)
    assert body
    assert events == check_laws(DECODERS[row["stream_kind"]], body, [*range(0, 1000, 97)])
    assert events[0].data is not None or row["stream_kind"] == "sse"
    if row["stream_kind"] == "sse":
        assert sum(event.data is not None for event in events) == int(row["sse_data_lines"])


def test_the_payloads_are_json_but_for_done(row):
    payloads = [event.data for event in events_of(response_of(row)) if event.data is not None]
    assert payloads
    for payload in payloads:
        assert payload.strip() in (b"[DONE]", b"") or isinstance(json.loads(payload), dict)


AWS = [row for row in ROWS if row["stream_kind"] == "aws-eventstream"]


@pytest.mark.parametrize("row", AWS, ids=lambda row: Path(row["file"]).stem)
def test_an_event_stream_is_encoded_again_to_the_same_bytes(row):
    for event in events_of(response_of(row)):
        message = decode_message(event.raw)
        assert encode_message(message.headers, message.payload) == event.raw


def test_a_type_that_names_a_stream_is_right(row):
    named = decoder_for(media_type(response_of(row).headers))
    assert named is None or type(named) is DECODERS[row["stream_kind"]]
