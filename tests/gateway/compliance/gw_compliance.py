"""A client of the Responses API that checks every answer against the published schema of Open Responses.

Written for these tests; what the public compliance suite demands is told in `test_gw_compliance.py`.
"""

from __future__ import annotations

import json
from contextlib import contextmanager

import httpx
import openresponses_types as types
from pydantic import TypeAdapter, ValidationError
from websockets.sync.client import connect

EVENTS = {
    "response.created": types.ResponseCreatedStreamingEvent,
    "response.queued": types.ResponseQueuedStreamingEvent,
    "response.in_progress": types.ResponseInProgressStreamingEvent,
    "response.completed": types.ResponseCompletedStreamingEvent,
    "response.failed": types.ResponseFailedStreamingEvent,
    "response.incomplete": types.ResponseIncompleteStreamingEvent,
    "response.output_item.added": types.ResponseOutputItemAddedStreamingEvent,
    "response.output_item.done": types.ResponseOutputItemDoneStreamingEvent,
    "response.content_part.added": types.ResponseContentPartAddedStreamingEvent,
    "response.content_part.done": types.ResponseContentPartDoneStreamingEvent,
    "response.output_text.delta": types.ResponseOutputTextDeltaStreamingEvent,
    "response.output_text.done": types.ResponseOutputTextDoneStreamingEvent,
    "response.function_call_arguments.delta": types.ResponseFunctionCallArgumentsDeltaStreamingEvent,
    "response.function_call_arguments.done": types.ResponseFunctionCallArgumentsDoneStreamingEvent,
}
ENDS = ("response.completed", "response.failed", "response.incomplete")


class Broken(AssertionError):
    """An answer that is not what the schema says."""


def checked(kind, value):
    """`value`, if it is a `kind` by the schema."""
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise Broken(f"no {kind.__name__}: {error}") from error
    return value


def checked_response(value):
    """A response that is whole: completed, with output."""
    checked(types.ResponseResource, value)
    assert value["status"] == "completed", value["status"]
    assert value["output"], "no output"
    return value


def checked_event(value):
    """An event of a stream."""
    kind = EVENTS.get(value.get("type"))
    if kind is None:
        raise Broken(f"an event that the schema does not know: {value.get('type')}")
    return checked(kind, value)


def checked_stream(events):
    """The response at the end of a stream; every event, and their numbers, are checked."""
    for event in events:
        checked_event(event)
    numbers = [event["sequence_number"] for event in events]
    assert numbers == list(range(len(events)))
    assert events[-1]["type"] in ENDS
    return checked_response(events[-1]["response"])


class ApiClient:
    """Asks over HTTP."""

    def __init__(self, url, model):
        self.url, self.model = url, model
        self._http = httpx.Client(base_url=url, headers={"authorization": "Bearer sk-test"}, timeout=30)

    def post(self, path="/v1/responses", **body):
        """Status and body."""
        reply = self._http.post(path, json=body)
        return reply.status_code, reply.json()

    def create(self, given, **body):
        """A whole response, checked."""
        status, found = self.post(model=self.model, input=given, **body)
        assert status == 200, found
        return checked_response(found)

    def stream(self, given, **body):
        """The events of a stream."""
        body = {"model": self.model, "input": given, "stream": True, **body}
        with self._http.stream("POST", "/v1/responses", json=body) as reply:
            assert reply.status_code == 200
            lines = [line.removeprefix("data: ") for line in reply.iter_lines() if line.startswith("data: ")]
        return [json.loads(line) for line in lines if line != "[DONE]"]

    def close(self):
        """No more questions."""
        self._http.close()

    @contextmanager
    def socket(self):
        """A WebSocket."""
        url = self.url.replace("http", "ws", 1) + "/v1/responses"
        with connect(url, additional_headers={"authorization": "Bearer sk-test"}) as connection:
            yield Socket(connection, self.model)


class Socket:
    """Asks over a WebSocket."""

    def __init__(self, connection, model):
        self._connection, self._model = connection, model

    def turn(self, given, **body):
        """The frames of one turn."""
        asked = {"type": "response.create", "model": self._model, "input": given, **body}
        self._connection.send(json.dumps(asked))
        frames = []
        while not frames or frames[-1]["type"] not in (*ENDS, "error"):
            frames.append(json.loads(self._connection.recv(timeout=30)))
        return frames

    def create(self, given, **body):
        """The response of one turn, checked."""
        return checked_stream(self.turn(given, **body))

    def refused(self, given, **body):
        """The error of a turn that fails before its first event, checked."""
        frames = self.turn(given, **body)
        assert [frame["type"] for frame in frames] == ["error"]
        (frame,) = frames
        assert isinstance(frame["status"], int)
        assert isinstance(frame["error"]["code"], str)
        assert isinstance(frame["error"]["message"], str)
        return frame["error"]
