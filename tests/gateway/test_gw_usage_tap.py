"""Usage is read from replies as they pass: the same as from the whole reply, however it is cut."""

from __future__ import annotations

import csv
import gc
import gzip
import json
import random
from pathlib import Path

import pytest

from tokentape.gateway.usage.counting import marks
from tokentape.gateway.usage.tap import UsageTap
from tokentape.protocols.registry import recognise, usage_of
from tokentape.wire.message import Request, Response

yaml = pytest.importorskip("yaml")

SSE = (("content-type", "text/event-stream"),)
NDJSON = (("content-type", "application/x-ndjson"),)
JSON = (("content-type", "application/json"),)
SAMPLES = Path(__file__).parents[1] / "samples"


def _headers(given):
    found = []
    for name, value in (given or {}).items():
        found += [(name, each) for each in (value if isinstance(value, list) else [value])]
    return tuple(found)


def _bytes(body):
    return body.encode() if isinstance(body, str) else body


def samples():
    with (SAMPLES / "index.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name = Path(row["file"]).name
            document = yaml.load((SAMPLES / name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            entry = document["interactions"][int(row["interaction"])]
            asked, reply = entry["request"], entry["response"]
            status = reply.get("status", reply.get("status_code"))
            code = status["code"] if isinstance(status, dict) else status
            body = reply.get("body", reply.get("content"))
            data = _bytes(body.get("string") if isinstance(body, dict) else body) or b""
            request = Request(
                asked["method"], asked["uri"], _headers(asked.get("headers")), _bytes(asked.get("body"))
            )
            yield name, request, Response(int(code), "", _headers(reply.get("headers")), data, (len(data),))


def counted(dialect, headers, data, cuts=None, **more):
    tap = UsageTap(dialect, headers=headers, **more)
    start = 0
    for end in [*(cuts or ()), len(data)]:
        tap.feed(data[start:end])
        start = end
    return tap.end()


def told(usage):
    return usage and (usage, usage.model, usage.tier, usage.charged, usage.billed)


def test_real_replies_count_the_same_as_when_they_are_read_whole():
    chance = random.Random(5)
    streams = 0
    for name, request, reply in samples():
        found = recognise(request)
        whole = told(usage_of(found, reply))
        data = reply.body
        some = sorted(chance.randrange(len(data) + 1) for _ in range(12)) if data else []
        for cuts in ([], some, range(len(data)) if len(data) < 20_000 else []):
            more = {"status": reply.status, "streamed": found.operation.stream}
            assert told(counted(found.operation.dialect, reply.headers, data, cuts, **more).usage) == whole, (
                name
            )
        streams += whole is not None and found.operation.stream
    assert streams > 20


def sse(*events, end=b"\n\n"):
    return b"".join(b"data: " + json.dumps(event).encode() + end for event in events)


CHUNK = {"id": "c", "model": "m-1", "choices": [{"index": 0, "delta": {"content": "x"}}]}
USED = {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}
CHAT = sse(*[CHUNK] * 5, {**CHUNK, "choices": [], "usage": USED}) + b"data: [DONE]\n\n"


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 10_000])
def test_events_that_are_split_over_chunks(end, step):
    data = sse(*[CHUNK] * 5, {**CHUNK, "choices": [], "usage": USED}, "[DONE]", end=end)
    found = counted("openai.chat", SSE, data, range(step, len(data), step))
    assert (found.usage.input, found.usage.output, found.usage.model, found.by) == (10, 4, "m-1", "reply")


def test_a_stream_without_usage_counts_nothing():
    """A Chat stream that was asked for without `stream_options.include_usage`."""
    found = counted("openai.chat", SSE, sse(*[CHUNK] * 5) + b"data: [DONE]\n\n")
    assert (found.usage, found.by) == (None, "")


def test_events_that_cannot_count_are_not_looked_at(monkeypatch):
    chunk = {
        **CHUNK,
        "usage": None,
        "choices": [{"delta": {"content": "x"}, "logprobs": {"content": [{"token": "x"}]}}],
    }
    assert not marks(sse(chunk))
    tap = UsageTap("openai.chat", headers=SSE)
    monkeypatch.setattr(type(tap._counting), "add", None)
    for _ in range(100):
        tap.feed(sse(chunk))
    assert (tap.events, tap.said) == (100, 0)


def test_text_is_counted_where_nothing_else_will_be():
    tap = UsageTap("openai.chat", headers=SSE, says=True)
    tap.feed(sse({**CHUNK, "choices": [{"delta": {"content": "four"}}]}))
    tap.feed(sse({**CHUNK, "choices": [{"delta": {"reasoning_content": 'a "b"'}}]}))
    assert tap.said == 4 + 7


def test_a_reply_that_is_one_value():
    data = json.dumps({"model": "m", "usage": USED}).encode()
    assert counted("openai.chat", JSON, data).usage.input == 10
    assert counted("openai.chat", JSON, data, range(3, len(data), 3)).usage.output == 4
    assert counted("openai.chat", JSON, data, status=500).usage is None
    assert counted("openai.chat", JSON, b"not json").usage is None
    assert counted("nobody.knows", JSON, data).usage is None


def test_a_compressed_stream_is_read_at_its_end():
    found = counted(
        "openai.chat", (*SSE, ("content-encoding", "gzip")), gzip.compress(CHAT), [20, 40], streamed=True
    )
    assert found.usage.input == 10


def test_a_stream_of_lines():
    lines = [{"model": "llama", "message": {"content": "x"}, "done": False}] * 3
    last = {"model": "llama", "done": True, "prompt_eval_count": 26, "eval_count": 282}
    data = b"".join(json.dumps(line).encode() + b"\n" for line in [*lines, last])
    for cuts in ([], range(1, len(data)), range(50, len(data), 50)):
        found = counted("ollama", NDJSON, data, cuts)
        assert (found.usage.input, found.usage.output) == (26, 282)
    assert counted("ollama", NDJSON, data.removesuffix(b"\n")).usage.output == 282


# The traps that systems.md names for "usage/cost"


def test_thoughts_of_gemini_stand_beside_the_candidates():
    """candidates 31, thoughts 148: the output is 179, not 31, and not 31 - 148."""
    counts = {
        "promptTokenCount": 9,
        "candidatesTokenCount": 31,
        "thoughtsTokenCount": 148,
        "totalTokenCount": 188,
    }
    reply = {"modelVersion": "gemini-2.5-flash", "usageMetadata": counts}
    for data, headers in ((json.dumps(reply).encode(), JSON), (sse(reply), SSE)):
        usage = counted("gemini", headers, data).usage
        assert (usage.input, usage.output, usage.reasoning) == (9, 179, 148)


def test_the_last_count_of_gemini_wins_field_by_field():
    events = [{"usageMetadata": {"promptTokenCount": 9, "cachedContentTokenCount": 4, "totalTokenCount": 9}}]
    events += [
        {
            "candidates": [],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": n, "totalTokenCount": 9 + n},
        }
        for n in range(1, 200)
    ]
    data = sse(*events)
    usage = counted("gemini", SSE, data, range(70, len(data), 70)).usage
    assert (usage.input, usage.output, usage.cache_read) == (9, 199, 4)


def test_what_is_written_to_a_cache_counts_once():
    """OpenAI counts it in its prompt, Anthropic beside it."""
    openai = {**USED, "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 5}}
    usage = counted("openai.chat", JSON, json.dumps({"usage": openai}).encode()).usage
    assert (usage.input, usage.cache_read, usage.cache_write) == (10, 3, 5)
    started = {
        "type": "message_start",
        "message": {
            "model": "claude",
            "usage": {
                "input_tokens": 5,
                "cache_creation_input_tokens": 30,
                "cache_read_input_tokens": 100,
                "output_tokens": 1,
            },
        },
    }
    delta = {
        "type": "message_delta",
        "delta": {},
        "usage": {"output_tokens": 9, "cache_creation_input_tokens": 30},
    }
    data = b"".join(
        b"event: %s\ndata: %s\n\n" % (event["type"].encode(), json.dumps(event).encode())
        for event in (started, delta)
    )
    for cuts in ([], range(1, len(data))):
        usage = counted("anthropic.messages", SSE, data, cuts).usage
        assert (usage.input, usage.output, usage.cache_read, usage.cache_write) == (135, 9, 100, 30)


@pytest.mark.parametrize(
    "told",
    [
        b': cost {"total_cost_usd": 0.25}\n\n',
        b": cost 0.25\n\n",
        b'event: cost\ndata: {"total": 0.25}\n\n',
        b'data: {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.25}}\n\n',
        b'data: {"choices": [], "cost": 0.25}\n\n',
        b'data: {"choices": [], "usage": {"cost_in_usd_ticks": 2500000000}}\n\n',
    ],
    ids=["comment", "bare comment", "event", "usage", "top level", "ticks"],
)
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_cost_that_a_stream_tells_is_found_wherever_it_stands(told, place):
    """systems.md: "top-level cost dropped", SSE cost comments, `cost_in_usd_ticks`."""
    chunk = sse(CHUNK)
    data = told + chunk if place == "before" else chunk + told
    for cuts in ([], range(1, len(data)), range(9, len(data), 9)):
        assert counted("openai.chat", SSE, data, cuts).usage.charged == 0.25


def test_a_top_level_cost_of_a_whole_reply():
    data = json.dumps({"usage": USED, "cost": 0.5}).encode()
    assert counted("openai.chat", JSON, data).usage.charged == 0.5


def test_a_cut_stream_counts_what_was_told_until_then():
    started = {"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}}
    usage = counted(
        "anthropic.messages", SSE, b"event: message_start\n" + sse(started) + b"event: content_bl"
    ).usage
    assert (usage.input, usage.output) == (5, None)


# Bounds


def test_a_long_stream_that_counts_in_each_chunk_keeps_little():
    tap = UsageTap("gemini", headers=SSE)
    gc.collect()
    before = len(gc.get_objects())
    for n in range(20_000):
        event = {
            "usageMetadata": {
                "promptTokenCount": 9,
                "candidatesTokenCount": n,
                f"odd{n % 500}TokensDetails": [],
            }
        }
        tap.feed(sse(event))
    gc.collect()
    assert len(gc.get_objects()) - before < 2_000
    assert tap.end().usage.output == 19_999


def test_a_huge_event_is_counted_and_let_go():
    huge = {
        "type": "response.completed",
        "response": {"output": ["x" * 5_000_000], "usage": {"input_tokens": 3, "output_tokens": 4}},
    }
    data = sse(huge)
    tap = UsageTap("openai.responses", headers=SSE)
    for at in range(0, len(data), 65_536):
        tap.feed(data[at : at + 65_536])
    assert tap._held == []
    assert tap._counting._bytes == 0
    assert tap.end().usage.output == 4


def test_events_of_many_names_are_bounded():
    tap = UsageTap("openai.chat", headers=SSE)
    for n in range(5_000):
        tap.feed(b"event: e%d\n" % n + sse({"usage": USED, "type": f"t{n}"}))
    assert len(tap._counting._kinds) <= 32
    assert tap.end().usage.input == 10
