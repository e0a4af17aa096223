"""The real recordings, served again: what a client that counts bytes gets is what was recorded."""

from __future__ import annotations

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response

yaml = pytest.importorskip("yaml")

SAMPLES = Path(__file__).parents[2] / "samples"
FRAMING = {"content-length", "transfer-encoding", "connection"}


def as_bytes(value):
    return value.encode("utf-8") if isinstance(value, str) else value


def pairs(headers):
    for name, values in (headers or {}).items():
        for value in values if isinstance(values, list) else [values]:
            yield name, str(value)


def body_of(raw):
    body = raw.get("body", raw.get("content"))
    return as_bytes(body.get("string") if isinstance(body, dict) else body)


def response_of(raw):
    status = raw.get("status", raw.get("status_code"))
    code, reason = (status["code"], status["message"]) if isinstance(status, dict) else (status, "")
    body = body_of(raw) or b""
    return Response(code, reason or "", tuple(pairs(raw["headers"])), body, (len(body),))


def interactions():
    for path in sorted(SAMPLES.glob("*.yaml")):
        for raw in yaml.load(path.read_bytes(), yaml.CSafeLoader)["interactions"]:
            asked = raw["request"]
            request = Request(asked["method"], asked["uri"], (), as_bytes(asked["body"]))
            yield Interaction(
                "i", request, response_of(raw["response"]), Ended(How.EOF), Timing("2026-01-01T00:00:00Z")
            )


def asked(port, request):
    parts = urlsplit(request.url)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(request.method, parts.path + (f"?{parts.query}" if parts.query else ""), request.body)
    got = connection.getresponse()
    body = got.read()
    connection.close()
    return got, body


def kept(headers):
    """The fields that say nothing about framing, which a recording of a decoded body cannot keep."""
    return [(name, value) for name, value in headers if name.lower() not in FRAMING]


def test_all_200_recordings_are_served_as_they_are(provider):
    recordings = list(interactions())
    provider.serve_recorded(recordings)
    for recording in recordings:
        got, body = asked(provider.port, recording.request)
        assert (got.status, got.reason) == (recording.response.status, recording.response.reason)
        assert body == recording.response.body
        assert kept(got.getheaders()) == kept(recording.response.headers)
    assert len(recordings) == provider.count == 200
    assert provider.unserved == []
