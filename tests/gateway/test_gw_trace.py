"""A trace: every form of one call, redacted, bounded, and nothing that the call has to wait for."""

from __future__ import annotations

import gc
import json

import pytest

from tokentape.cassettes.format.body import restore
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.trace.trace import NO_TRACE
from tokentape.gateway.trace.traces import Traces
from tokentape.protocols.canonical.losses import Losses
from tokentape.protocols.translate import conversation_of
from tokentape.wire.message import Request, Response

TAIL = "9fK2mQ7xLw4RtZ8vB1nC"  # twenty characters of a key
KEY = f"sk-proj-{TAIL}{TAIL}"
JSON = (("content-type", "application/json"),)
SSE = (("content-type", "text/event-stream"),)
ASKED = b'{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}'


class Clock:
    """Time that passes when told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def traces(clock):
    made = Traces(TraceOptions(directory=None, share=1.0), clock=clock)
    yield made
    made.close()


def document(traces, fill, **options):
    """The document of a trace that `fill` wrote into."""
    trace = traces.begin("call-1", 1_763_720_000.25)
    fill(trace)
    trace.finish(200)
    assert traces.flush()
    found = traces.get("call-1")
    assert found is not None
    json.dumps(found)
    return found


def form_of(found, name):
    return next(form for form in found["forms"] if form["name"] == name)


def test_every_form_is_there_in_order_with_its_time(traces, clock):
    def fill(trace):
        trace.form("client_request", Request("POST", "/v1/chat/completions", JSON, ASKED))
        clock.now += 0.002
        trace.form("canonical_request", lambda: conversation_of(json.loads(ASKED), source="chat"))
        trace.form("upstream_request#1", ASKED, method="POST", url="https://h/v1/messages", headers=JSON)
        clock.now += 0.5
        trace.form("upstream_reply#1", None, status=200, headers=JSON)
        trace.chunk("upstream_reply#1", b'{"id":')
        trace.chunk("upstream_reply#1", b'"x"}')
        trace.form("client_reply", Response(200, "OK", JSON, b'{"id":"y"}', (10,)))
        trace.note("attempt", upstream="anthropic", status=200)

    found = document(traces, fill)
    assert (found["id"], found["at"], found["status"]) == ("call-1", "2025-11-21T10:13:20.250Z", 200)
    assert [(form["name"], form["at_ms"]) for form in found["forms"]] == [
        ("client_request", 0.0),
        ("canonical_request", 2.0),
        ("upstream_request#1", 2.0),
        ("upstream_reply#1", 502.0),
        ("client_reply", 502.0),
    ]
    assert found["ms"] == 502.0
    assert restore(form_of(found, "client_request")["body"]) == ASKED
    assert form_of(found, "upstream_request#1")["url"] == "https://h/v1/messages"
    assert restore(form_of(found, "upstream_reply#1")["body"]) == b'{"id":"x"}'
    assert form_of(found, "upstream_reply#1")["chunks"] == [[502.0, 6], [502.0, 4]]
    canonical = form_of(found, "canonical_request")["body"]["json"]
    assert canonical["is"] == "Conversation"
    assert canonical["items"][0]["parts"] == [{"is": "Text", "text": "hello"}]
    assert found["notes"] == [{"note": "attempt", "at_ms": 502.0, "upstream": "anthropic", "status": 200}]


def test_the_final_trace_has_the_usage_that_was_settled_last(traces):
    """systems.md: "final trace before usage normalisation"."""

    def fill(trace):
        trace.tell(usage={"input": 1})
        trace.tell(usage={"input": 9, "output": 2}, model="m")

    found = document(traces, fill)
    assert found["about"] == {"usage": {"input": 9, "output": 2}, "model": "m"}
    assert traces.recent()[0]["tokens"] == [9, 2]


def test_a_stream_is_logged_as_its_data(traces):
    """systems.md: "iterator object logged instead of data"."""

    def fill(trace):
        trace.form("upstream_reply#1", None, status=200, headers=SSE)
        for piece in (b'data: {"a":', b"1}\n\ndata: [DO", b"NE]\n\n"):
            trace.chunk("upstream_reply#1", piece)
        trace.form("odd", iter([1, 2]))

    found = document(traces, fill)
    reply = form_of(found, "upstream_reply#1")
    assert reply["body"]["sse"][0] == [{"a": 1}]
    assert restore(reply["body"]) == b'data: {"a":1}\n\ndata: [DONE]\n\n'
    assert [size for _, size in reply["chunks"]] == [11, 13, 5]
    assert form_of(found, "odd")["body"] == {"json": "(list_iterator)", "style": "compact"}


def test_losses_and_errors_can_be_noted_as_they_are(traces):
    losses = Losses()
    losses.meaning(("messages", 0), "audio", "nobody hears it")

    def fill(trace):
        trace.note("loss", report=losses.report)
        trace.note("error", kind="timeout", error=TimeoutError("too late"))

    loss, error = document(traces, fill)["notes"]
    assert loss["report"]["losses"][0]["what"] == "audio"
    assert (error["note"], error["kind"], error["error"]) == ("error", "timeout", "TimeoutError: too late")


def test_what_cannot_be_made_costs_its_form_alone(traces):
    def fill(trace):
        trace.form("canonical_request", lambda: 1 // 0)
        trace.note("route", by=lambda: {}["none"])
        trace.form("client_reply", b"fine", status=200)

    found = document(traces, fill)
    shown = form_of(found, "canonical_request")["body"]["json"]
    assert shown == {"cannot_be_shown": "ZeroDivisionError: integer division or modulo by zero"}
    assert restore(form_of(found, "client_reply")["body"]) == b"fine"


def test_a_running_call_can_be_looked_at(traces):
    trace = traces.begin("running", 0.0)
    trace.form("client_request", b"{}", headers=JSON)
    assert traces.get("running")["is_running"] is True
    trace.finish(200)
    assert traces.flush()
    assert traces.get("running")["is_running"] is False


def test_finishing_twice_is_finishing_once(traces):
    trace = traces.begin("a", 0.0)
    trace.finish(200)
    trace.finish(500)
    assert traces.flush()
    assert [line["status"] for line in traces.recent()] == [200]


def test_an_unknown_id_is_no_trace(traces):
    assert traces.get("nobody") is None


def test_switched_off_there_is_one_object_that_keeps_nothing():
    traces = Traces(TraceOptions(enabled=False))
    trace = traces.begin("x", 0.0)
    assert trace is NO_TRACE
    assert not trace.is_on
    trace.form("client_request", b"x" * 100)
    trace.chunk("client_reply", b"x")
    trace.note("attempt", a=1)
    trace.tell(model="m")
    trace.finish(200)
    assert (trace.forms, trace.notes, trace.about, trace.kept) == ([], [], {}, 0)
    assert traces.get("x") is None


# Bounds


def test_bodies_over_the_bound_are_left_out_and_counted(clock):
    traces = Traces(TraceOptions(directory=None, max_trace_bytes=1_000, share=1.0), clock=clock)

    def fill(trace):
        trace.form("client_request", b"a" * 600, headers=JSON)
        trace.form("upstream_reply#1", None, status=200)
        for _ in range(5):
            trace.chunk("upstream_reply#1", b"b" * 100)
        trace.form("client_reply", Response(200, "", JSON, b"c" * 600))
        trace.form("value", lambda: ["d" * 2_000])

    found = document(traces, fill)
    assert restore(form_of(found, "client_request")["body"]) == b"a" * 600
    reply = form_of(found, "upstream_reply#1")
    assert (reply["bytes"], reply["left_out"]) == (500, 300)
    assert restore(reply["body"]) == b"b" * 200
    assert (form_of(found, "client_reply")["bytes"], form_of(found, "client_reply")["body"]) == (600, None)
    assert form_of(found, "client_reply")["headers"] == [["content-type", "application/json"]]
    assert form_of(found, "value")["left_out"] == 2_004
    assert found["left_out"]["bytes"] == 300 + 600 + 2_004
    traces.close()


def test_many_small_pieces_and_notes_are_bounded_too(clock):
    traces = Traces(TraceOptions(directory=None, max_trace_bytes=6_500, share=1.0), clock=clock)

    def fill(trace):
        for _ in range(10_000):
            trace.chunk("client_reply", b"x")
            trace.note("loss", what="x")
        assert len(trace.forms[0].pieces) == 100

    found = document(traces, fill)
    assert found["left_out"] == {"bytes": 9_900, "notes": 9_000}
    traces.close()


def test_without_bodies_heads_and_sizes_stay(clock):
    traces = Traces(TraceOptions(directory=None, bodies=False, share=1.0), clock=clock)

    def fill(trace):
        trace.form("client_request", Request("POST", "/v1/x", JSON, ASKED))
        trace.form("client_reply", None, status=200, headers=SSE)
        trace.chunk("client_reply", b"data: secret\n\n")

    found = document(traces, fill)
    asked, replied = found["forms"]
    assert (asked["url"], asked["bytes"], asked["body"]) == ("/v1/x", len(ASKED), None)
    assert (replied["status"], replied["bytes"]) == (200, 14)
    assert "hello" not in json.dumps(found)
    assert "secret" not in json.dumps(found)
    traces.close()


def test_all_running_calls_together_are_bounded(clock):
    traces = Traces(TraceOptions(directory=None, max_running_bytes=10_000, share=1.0), clock=clock)
    running = [traces.begin(f"id{number}", 0.0) for number in range(10)]
    for trace in running:
        trace.form("client_request", b"x" * 4_000)
    assert [trace.kept > 0 for trace in running] == [True] * 2 + [False] * 8
    running[0].finish(200)
    running[9].chunk("client_reply", b"y" * 4_000)
    assert running[9].kept > 0
    for trace in running:
        trace.finish(200)
    assert traces._room.left == 10_000
    traces.close()


def test_a_call_that_was_never_finished_gives_its_room_back(clock):
    traces = Traces(TraceOptions(directory=None, max_running_bytes=10_000, share=1.0), clock=clock)
    traces.begin("lost", 0.0).form("client_request", b"x" * 9_000)
    gc.collect()
    assert traces._room.left < 1_000
    for number in range(1_024):
        traces.begin(f"id{number}", 0.0).finish(200)
    assert traces._room.left == 10_000
    traces.close()


def test_a_long_body_is_kept_as_it_is(traces):
    body = json.dumps({"said": "x" * 300_000}).encode()
    found = document(traces, lambda trace: trace.form("client_reply", body, status=200, headers=JSON))
    assert form_of(found, "client_reply")["body"] == {"text": body.decode()}


# Secrets

CLIENT = "client-key-of-nobody-77"
OWN = "own-upstream-key-4711-xyz"
SECRETS = (KEY, CLIENT, OWN, "hunter2hunter2", f"AIzaSyD{TAIL}{TAIL[:12]}")


def _fill_with_secrets(trace):
    body = {
        "apiKey": "hunter2hunter2",
        "nested": {"clientSecret": "hunter2hunter2"},
        "text": f"my key is {KEY}",
    }
    head = (("Authorization", f"Bearer {CLIENT}"), *JSON)
    trace.form("client_request", Request("POST", f"/v1/x?key={SECRETS[-1]}", head, json.dumps(body).encode()))
    trace.form("canonical_request", lambda: {"apiKey": "hunter2hunter2", "said": f"I am {CLIENT}"})
    trace.form("upstream_request#1", ASKED, url=f"https://u:{OWN}@h/v1", headers=(("x-api-key", OWN), *JSON))
    trace.form("upstream_reply#1", None, status=401, headers=(*JSON, ("x-echo", OWN)))
    trace.chunk("upstream_reply#1", f'{{"error": "Incorrect API key: {OWN}"}}'.encode())
    trace.form("client_reply", None, status=200, headers=SSE)
    for part in ("sk-proj-9fK2mQ7xLw4RtZ8v", "B1nC9fK2mQ7xLw4RtZ8vB1nC"):
        trace.chunk(
            "client_reply", b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % part.encode()
        )
    trace.note("error", message=f"sent {OWN} to them", apiKey="hunter2hunter2", error=ValueError(f"no {KEY}"))
    trace.tell(model=f"odd-{OWN}", error=f"{CLIENT} was refused")


def test_no_secret_is_in_any_form_note_or_list(traces):
    """Headers, URL, JSON keys, key shapes, and what was seen in a credential position, wherever it turns up.

    systems.md: "camelCase secrets missed".
    """
    found = document(traces, _fill_with_secrets)
    text = json.dumps(found) + json.dumps(traces.recent())
    for secret in SECRETS:
        assert secret not in text, secret
    assert "B1nC9fK2mQ7xLw4RtZ8vB1nC" not in text
    assert "sent [redacted" in text
    assert restore(form_of(found, "upstream_reply#1")["body"]).startswith(
        b'{"error": "Incorrect API key: [redacted'
    )


def test_a_running_trace_hides_the_same(traces):
    trace = traces.begin("now", 0.0)
    _fill_with_secrets(trace)
    text = json.dumps(traces.get("now"))
    assert [secret for secret in SECRETS if secret in text] == []


def test_keys_of_the_configuration_are_hidden_wherever_they_stand(traces):
    traces.learn(["plain-words-key-1234"])
    found = document(
        traces,
        lambda trace: trace.form("upstream_request#1", b"x", headers=(("X-Odd", "plain-words-key-1234"),)),
    )
    assert "plain-words-key-1234" not in json.dumps(found)


def test_texts_for_others_have_their_secrets_hidden(traces):
    assert KEY not in traces.hide(json.dumps([{"said": f"it is {KEY}", "apiKey": "hunter2hunter2"}]))
    assert "hunter2" not in traces.hide('{"apiKey": "hunter2hunter2"}')
    assert traces.hide('["nothing"]') == '["nothing"]'


def test_memory_does_not_grow_with_requests():
    """The writer takes a thousandth of the processor here, so nearly all of them are dropped."""
    traces = Traces(TraceOptions(directory=None, share=0.001, max_waiting=50, in_memory=5))

    def one(number):
        trace = traces.begin(f"id{number}", 0.0)
        trace.form("client_request", Request("POST", "/v1/x", JSON, ASKED))
        trace.chunk("client_reply", b"data: x")
        trace.note("attempt", status=200)
        trace.finish(200)

    for number in range(1_000):
        one(number)
    gc.collect()
    before = len(gc.get_objects())
    for number in range(100_000):
        one(number)
    gc.collect()
    assert len(gc.get_objects()) - before < 2_000
    assert len(traces._writer._waiting) <= 50
    assert len(traces._running) <= 52
    assert traces.dropped > 90_000
    traces.close()
    assert len(traces.recent(100)) <= 5
