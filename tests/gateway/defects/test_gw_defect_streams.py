"""systems.md, the gateway's "canonical streaming" and "stream policy": what a client hears of a stream that
ends oddly, is told again, or comes in strange pieces.
"""

from __future__ import annotations

import json

import httpx
import pytest
from defect_kit import AGAIN, DIALECTS, TIRELESS, asks, chunk, events, post, said, sse, stream_of
from running import running, setup, upstream

from tokentape.testing.provider import Call, Turn, reply
from tokentape.testing.provider.faults import interrupted, joined, split, stall
from tokentape.testing.provider.script import Cut, Send
from tokentape.upstreams.pools.pools import Pools

EACH = pytest.mark.parametrize("client", DIALECTS)
CLIENTS = ("openai.responses", "anthropic.messages", "gemini", "ollama")
DONE = b"data: [DONE]\n\n"
WORDS = sse(chunk({"role": "assistant"}), chunk({"content": "Half"}))
ENDS = ("end_turn", '"STOP"', '"done": true', '"done":true', "response.completed")


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("end", [b"", DONE], ids=["EOF", "bare [DONE]"])
def test_eof_or_bare_done_never_invents_stop(before, provider, client, end):
    provider.play(stream_of(WORDS, end) if end else stream_of(WORDS))
    answer = post(before(), client, stream=True)
    assert said(client, answer, stream=True) == "Half"
    assert not any(end in answer.text for end in ENDS), answer.text
    assert "error" in answer.text or "response.incomplete" in answer.text or "response.failed" in answer.text


def test_eof_is_no_completed_response(before, provider):
    """Responses: `incomplete` or `failed`, and the stored response says so, too."""
    provider.play(stream_of(WORDS))
    gateway = before()
    last = events(post(gateway, "openai.responses", stream=True))[-1]
    kept = httpx.get(f"{gateway.url}/v1/responses/{last['response']['id']}").json()
    assert kept["status"] in ("incomplete", "failed")
    assert last["type"] == f"response.{kept['status']}"


@pytest.mark.parametrize("speaks", ["openai.chat", "anthropic.messages", "openai.responses"])
def test_gemini_arguments_are_one_whole_json_emitted_once(before, provider, speaks):
    """However they came in pieces ("duplicate Gemini calls")."""
    provider.answers(Turn("Look.", calls=(Call("look", {"at": "sea", "far": [1, 2]}), Call("stop", {}))))
    body = {**asks("gemini"), "tools": [{"functionDeclarations": [{"name": "look"}, {"name": "stop"}]}]}
    answer = post(before(speaks), "gemini", body, stream=True)
    parts = [part for event in events(answer) for part in event["candidates"][0]["content"].get("parts", ())]
    found = [part["functionCall"] for part in parts if "functionCall" in part]
    given = [(call["name"], call.get("args", {})) for call in found]
    assert given == [("look", {"at": "sea", "far": [1, 2]}), ("stop", {})]


@EACH
@pytest.mark.parametrize("speaks", DIALECTS)
def test_bytes_in_fragments(before, provider, client, speaks):
    """Events and lines in pieces of three bytes, which cut characters in two."""
    provider.answers("Ünïcödé ✓ one two.", change=split(3, 0.0))
    answer = post(before(speaks), client, stream=True)
    assert said(client, answer, stream=True) == "Ünïcödé ✓ one two."


@pytest.mark.parametrize("client", CLIENTS)
def test_multi_line_data(before, provider, client):
    """An event's data may stand in several lines (the rule of server-sent events)."""
    event = json.dumps(chunk({"content": "One."}), indent=1).replace("\n", "\ndata: ")
    end = sse(chunk(end="stop"))
    provider.play(stream_of(b"data: " + event.encode() + b"\n\n", end, DONE))
    assert said(client, post(before(), client, stream=True), stream=True) == "One."


STARTS = {"anthropic.messages": "event: message_start", "openai.responses": "event: response.created"}


@pytest.mark.parametrize("client", STARTS)
@pytest.mark.parametrize("speaks", ["openai.chat", "anthropic.messages", "openai.responses", "gemini"])
def test_duplicate_message_start_and_response_created_after_retry(before, provider, client, speaks):
    """One lifecycle, however many tries it took."""
    provider.fails_midway(after=0 if speaks == "gemini" else 1)
    provider.answers("Well.")
    gateway = before(speaks, policy=AGAIN)
    answer = post(gateway, client, stream=True)
    assert answer.text.count(STARTS[client]) == 1
    assert said(client, answer, stream=True) == "Well."
    assert provider.count == 2


ZERO = [
    chunk({"role": "assistant"}),
    chunk({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]}),
]  # fmt: skip


@pytest.mark.parametrize("client", ["openai.chat", "anthropic.messages", "openai.responses"])
def test_zero_arg_tool_call_visibility(before, provider, client):
    """A call whose arguments have not begun was shown: nobody else is asked after it."""
    provider.play(stream_of(sse(*ZERO)), times=1)
    provider.answers("Second.")
    answer = post(before(policy=AGAIN), client, stream=True)
    assert provider.count == 1
    assert "Second." not in answer.text
    if client != "openai.chat":
        assert "error" in answer.text or "response.failed" in answer.text or "incomplete" in answer.text


@EACH
def test_a_call_without_arguments_is_whole(before, provider, client):
    provider.play(stream_of(sse(*ZERO, chunk(end="tool_calls")), DONE))
    answer = post(before(), client, stream=True)
    assert answer.status_code == 200
    assert '"f"' in answer.text
    assert "error" not in {key for event in events(answer) for key in event if event[key]}


@pytest.mark.parametrize("client", ["openai.chat", "anthropic.messages", "gemini", "ollama"])
@pytest.mark.parametrize("first", [False, True], ids=["amid", "at once"])
def test_failed_responses_conversion(before, provider, client, first):
    """`response.failed` is a failure in every dialect: a status before output, an error event after it."""
    head = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "output": []}
    failed = {**head, "status": "failed", "error": {"code": "server_error", "message": "Broke."}}
    told = [
        {"type": "response.created", "sequence_number": 0, "response": {**head, "status": "in_progress"}},
        {"type": "response.output_item.added", "sequence_number": 1, "output_index": 0,
         "item": {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "status": "in_progress"}},
        {"type": "response.output_text.delta", "sequence_number": 2, "item_id": "msg_1", "output_index": 0,
         "content_index": 0, "delta": "Half"},
        {"type": "response.failed", "sequence_number": 3, "response": failed},
    ]  # fmt: skip
    provider.play(stream_of(sse(*(told[:1] + told[3:] if first else told))))
    answer = post(before("openai.responses"), client, stream=True)
    assert answer.status_code == (500 if first else 200)
    assert "Broke." in answer.text
    assert not any(end in answer.text for end in ENDS)


@pytest.mark.parametrize("client", ["openai.chat", "anthropic.messages", "gemini", "ollama"])
@pytest.mark.parametrize("again", [True, False], ids=["then it works", "for good"])
def test_failed_responses_conversion_of_a_whole_reply(before, provider, client, again):
    """A failure with a good status is one: another try may do, and else it is told with the status of one."""
    failed = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "output": [],
              "status": "failed", "error": {"code": "server_error", "message": "Broke."}}  # fmt: skip
    provider.play(
        reply(json.dumps(failed).encode(), content_type="application/json"), times=1 if again else None
    )
    provider.answers("Well.")
    answer = post(before("openai.responses", policy=AGAIN), client)
    if again:
        assert (answer.status_code, said(client, answer), provider.count) == (200, "Well.", 2)
    else:
        assert (answer.status_code, provider.count) == (500, 3)
        assert "Broke." in answer.text


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("speaks", ["openai.chat", "anthropic.messages"])
def test_errors_after_output_close_the_lifecycle(before, provider, client, speaks):
    """One error, as the last event, and nothing that looks like success."""
    provider.fails_midway(after=4, message="Broke.")
    answer = post(before(speaks, policy=AGAIN), client, stream=True)
    assert (answer.status_code, provider.count) == (200, 1)
    assert "Broke." in json.dumps(events(answer)[-1])
    assert sum("Broke." in json.dumps(event) for event in events(answer)) == 1
    assert not any(end in answer.text for end in ENDS)


COST = b'event: cost\ndata: {"cost": 0.001}\n\n: cost 0.001\n\n'


@pytest.mark.parametrize("client", ["openai.chat", "anthropic.messages"])
def test_event_cost_blocked_retry(before, provider, client):
    """What tells a cost shows nothing: another try may do."""
    provider.play(stream_of(COST, sse(chunk({"role": "assistant"})), sse({"error": {"message": "Busy."}})))
    provider.answers("Well.")
    answer = post(before(policy=AGAIN), client, stream=True)
    assert said(client, answer, stream=True) == "Well."
    assert provider.count == 2


def test_reasoning_only_is_visible(before, provider):
    """Thoughts were shown: the same call is not paid for twice behind the client's back."""
    provider.play(
        stream_of(
            sse(chunk({"role": "assistant"}), chunk({"reasoning_content": "Hm."})),
            sse({"error": {"message": "Busy."}}),
        )
    )
    answer = post(before(policy=AGAIN), "openai.chat", stream=True)
    assert provider.count == 1
    assert "Hm." in answer.text
    assert "Busy." in answer.text


def test_malformed_is_visible(before, provider):
    """The same dialect: an event that nobody can read was passed on, and nothing is asked again."""
    provider.play(stream_of(b"data: {nope\n\n", sse({"error": {"message": "Busy."}})))
    answer = post(before(policy=AGAIN), "openai.chat", stream=True)
    assert provider.count == 1
    assert "data: {nope" in answer.text


@pytest.mark.parametrize("client", ["openai.chat", "anthropic.messages", "openai.responses", "gemini"])
@pytest.mark.parametrize("speaks", ["openai.chat", "anthropic.messages"])
def test_heartbeats_between_two_events(provider, client, speaks):
    """They break no event, end no stream, and take nothing away."""
    provider.answers("One two three.", change=stall(0.4, after=4))
    made = setup(upstream(provider.url, speaks), heartbeat=0.05)
    with running(made) as gateway:
        answer = post(gateway, client, stream=True)
    assert said(client, answer, stream=True) == "One two three."


def test_heartbeat_overwriting_pending_task(provider):
    """There was one task for what comes next, and a heartbeat took its place; here every piece comes once,
    in order, and nothing is left running.
    """
    import asyncio

    made = setup(upstream(provider.url), heartbeat=0.01)
    words = "".join(f"w{n} " for n in range(30))

    def slow(script):
        return type(script)(Send(step.data, 0.03) if isinstance(step, Send) else step for step in script)

    async def names():
        return sorted(task.get_coro().__qualname__ for task in asyncio.all_tasks() if not task.done())

    with running(made) as gateway:
        idle = gateway.call(names())
        provider.answers(words, change=slow)
        answer = post(gateway, "anthropic.messages", stream=True)
        assert said("anthropic.messages", answer, stream=True) == words
        assert answer.text.count("event: ping") > 5
        assert [name for name in gateway.call(names()) if "_beat" in name] == []
        assert len([name for name in idle if "_beat" in name]) == 0


def test_a_start_that_is_cut_is_tried_again_in_one_piece(provider):
    """The beginning of the first try is not shown before the second."""
    made = setup(upstream(provider.url), policy=AGAIN, heartbeat=None)

    def tireless(services):
        services.pools = Pools(options=TIRELESS)

    with running(made, prepare=tireless) as gateway:
        provider.answers("Never.", change=interrupted(Cut(), after=1))
        provider.answers("Well.", change=joined())
        answer = post(gateway, "openai.chat", stream=True)
    assert said("openai.chat", answer, stream=True) == "Well."
    assert sum("role" in one["choices"][0]["delta"] for one in events(answer) if one.get("choices")) == 1
