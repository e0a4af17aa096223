"""Batches of OpenAI and of Anthropic: requests and results, joined."""

from __future__ import annotations

import json

import pytest
from imp_reading import imported, lines, rows, texts

from tokentape.cassettes.importers.format import Given
from tokentape.cassettes.importers.notes import Notes
from tokentape.cassettes.importers.registry import format_of
from tokentape.errors import UsageError

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi?"}]}
REPLY = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1767225601,
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}


def asked(name, **more):
    return {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": BODY, **more}


def answered(name, status=200, body=None):
    response = {"status_code": status, "request_id": "r", "body": body or REPLY}
    return {"id": f"batch_req_{name}", "custom_id": name, "response": response, "error": None}


def test_bodies_are_those_of_the_api(tmp_path):
    requests = lines(tmp_path, asked("a"), asked("b"), asked("c"), asked("d"), asked("d"), name="in.jsonl")
    error = {"error": {"message": "no", "type": "invalid_request_error", "code": None, "param": None}}
    expired = {
        "id": "x",
        "custom_id": "c",
        "response": None,
        "error": {"code": "batch_expired", "message": "."},
    }
    results = lines(
        tmp_path,
        answered("b", 400, error),
        answered("a"),
        answered("a"),
        expired,
        answered("z"),
        name="out.jsonl",
    )
    found, notes = rows(results, requests)
    assert [row.metadata["imported"]["custom_id"] for row in found] == ["b", "a"]
    assert found[0].failure.status == 400
    row = found[1]
    assert json.loads(row.interaction.request.body) == BODY
    assert json.loads(row.interaction.response.body) == REPLY
    assert row.interaction.origin == "openai-batch"
    assert (row.usage.input, row.usage.output) == (9, 2)
    assert row.seconds is None
    assert sorted(notes.lines()[1:]) == [
        "left out: 1 time: its custom_id was there before",
        "left out: 1 time: its request has a result already",
        "left out: 1 time: its request has no result",
        "left out: 1 time: its request is not in the file of requests",
        "left out: 1 time: its request was not answered (batch_expired)",
    ]


def test_responses_and_embeddings(tmp_path):
    said = {"model": "text-embedding-3-small", "input": "Hi"}
    vectors = {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
        "model": "m",
    }
    requests = lines(tmp_path, asked("a", url="/v1/embeddings", body=said), name="in.jsonl")
    [one], _ = imported(lines(tmp_path, answered("a", body=vectors), name="out.jsonl"), requests)
    assert (one.protocol, one.request.url) == ("openai.embeddings", "https://api.openai.com/v1/embeddings")


@pytest.mark.parametrize("wrong", [{"url": "elsewhere"}, {"url": "/v1/\nx"}, {"body": {}}, {"body": []}])
def test_requests_that_are_none_are_left_out(tmp_path, wrong):
    requests = lines(tmp_path, asked("a", **wrong), name="in.jsonl")
    found, notes = rows(lines(tmp_path, answered("a"), name="out.jsonl"), requests)
    assert found == []
    assert notes.left_out >= 1


def test_results_of_anthropic(tmp_path):
    params = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi?"}]}
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5",
        "content": [{"type": "text", "text": "Hello."}], "stop_reason": "end_turn", "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 2},
    }  # fmt: skip
    requests = lines(tmp_path, *({"custom_id": name, "params": params} for name in "abc"), name="in.jsonl")
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "."}}
    results = lines(
        tmp_path,
        {"custom_id": "a", "result": {"type": "succeeded", "message": message}},
        {"custom_id": "b", "result": {"type": "errored", "error": overloaded}},
        {"custom_id": "c", "result": {"type": "expired"}},
        name="out.jsonl",
    )
    (first, second), notes = rows(results, requests)
    assert first.dialect == "anthropic.messages"
    assert texts([*first.conversation.items, *first.reply.items]) == ["Hi?", "Hello."]
    assert second.failure.status == 529
    assert notes.left_out == 1


def test_without_the_requests_it_says_what_is_missing(tmp_path):
    results = lines(tmp_path, answered("a"))
    with pytest.raises(UsageError, match="--requests"):
        list(format_of(str(results)).read(Given(str(results)), Notes()))
