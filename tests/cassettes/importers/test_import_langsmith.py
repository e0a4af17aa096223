"""LangSmith: runs that its API lists, with their children, and LangChain's messages in all their forms."""

from __future__ import annotations

import json

import pytest
from imp_reading import lines, only, rows, texts

from tokentape.protocols.canonical.items import ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Audio, Document, Image

RUN = {
    "id": "11111111-1111-1111-1111-111111111111",
    "trace_id": "22222222-2222-2222-2222-222222222222",
    "name": "ChatOpenAI",
    "run_type": "llm",
    "start_time": "2026-11-22T00:47:54.629921",
    "end_time": "2026-11-22T00:47:56.129921",
    "first_token_time": None,
    "error": None,
    "inputs": {"messages": [[{"type": "human", "content": "Capital of Peru?"}]]},
    "outputs": {
        "generations": [[{"text": "Lima.", "generation_info": {"finish_reason": "stop"}}]],
        "llm_output": {"token_usage": {"prompt_tokens": 20, "completion_tokens": 5}},
    },
    "extra": {
        "invocation_params": {"model": "gpt-4o", "_type": "openai-chat", "temperature": 0.5, "stop": None},
        "metadata": {"ls_provider": "openai", "ls_model_name": "gpt-4o", "category": "geo"},
    },
    "tags": ["night", "seq:step:2"],
}


def check(row):
    assert (row.dialect, row.model) == ("openai.chat", "gpt-4o")
    assert texts([*row.conversation.items, *row.reply.items]) == ["Capital of Peru?", "Lima."]
    assert (row.usage.input, row.usage.output) == (20, 5)
    assert row.conversation.options.temperature == 0.5
    assert row.seconds == 1.5
    assert (row.metadata["category"], row.metadata["tags"]) == ("geo", ["night"])


def test_json_lines(tmp_path):
    check(only(lines(tmp_path, RUN)))


def test_a_page_of_the_api(tmp_path):
    path = tmp_path / "runs.json"
    path.write_text(json.dumps({"runs": [RUN], "cursors": {"next": None}}, indent=1))
    check(only(path))


def test_a_list_and_a_run_that_holds_its_children(tmp_path):
    chain = {
        "id": "3",
        "run_type": "chain",
        "inputs": {"q": "?"},
        "child_runs": [{**RUN, "parent_run_id": "3"}],
    }
    path = tmp_path / "runs.json"
    path.write_text(json.dumps([chain]))
    check(only(path))


MESSAGES = {
    "stored": {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", "HumanMessage"],
        "kwargs": {"content": "Capital of Peru?", "type": "human"},
    },
    "as a dict": {"type": "human", "data": {"content": "Capital of Peru?", "type": "human"}},
    "dumped": {"type": "human", "content": "Capital of Peru?", "additional_kwargs": {}, "id": None},
    "of OpenAI": {"role": "user", "content": "Capital of Peru?"},
    "a pair": ["human", "Capital of Peru?"],
    "blocks": {"type": "human", "content": [{"type": "text", "text": "Capital of Peru?"}]},
}


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("batched", [True, False])
def test_messages(tmp_path, name, batched):
    inputs = {"messages": [[MESSAGES[name]]] if batched else [MESSAGES[name]]}
    check(only(lines(tmp_path, {**RUN, "inputs": inputs})))


TURNS = [
    {"type": "system", "content": "Be brief."},
    {
        "type": "human",
        "content": [
            {"type": "text", "text": "Look."},
            {"type": "image", "source_type": "base64", "mime_type": "image/png", "data": "aGk="},
            {"type": "image", "base64": "aGk=", "mime_type": "image/jpeg"},
            {"type": "image_url", "image_url": "https://x.example/a.png"},
            {"type": "file", "source_type": "base64", "mime_type": "application/pdf", "data": "aGk=", "filename": "a.pdf"},
            {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
        ],
    },
    {
        "type": "ai",
        "content": [{"type": "tool_use", "id": "call_1", "name": "f", "input": {"a": 1}}],
        "tool_calls": [{"name": "f", "args": {"a": 1}, "id": "call_1", "type": "tool_call"}],
    },
    {"type": "tool", "content": "done", "tool_call_id": "call_1", "name": "f", "status": "success"},
]  # fmt: skip


def test_parts_of_every_kind_and_a_call_that_is_told_twice(tmp_path):
    row = only(lines(tmp_path, {**RUN, "inputs": {"messages": [TURNS]}}))
    _, seen, *rest = row.conversation.items
    assert [type(part) for part in seen.parts][1:] == [Image, Image, Image, Document, Audio]
    assert [type(item) for item in rest] == [ToolCall, ToolResult]
    assert rest[0].arguments == '{"a":1}'
    assert rest[1].call_id == "call_1"


def test_wrapped_sdks_keep_the_body(tmp_path):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Capital of Peru?"}], "seed": 7}
    reply = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Lima."}, "finish_reason": "stop"}
        ],
        "usage_metadata": {"input_tokens": 20, "output_tokens": 5},
    }
    told = {**RUN, "inputs": body, "outputs": reply, "extra": {"metadata": {"ls_provider": "openai"}}}
    row = only(lines(tmp_path, told))
    assert json.loads(row.interaction.request.body) == body
    assert (row.usage.input, row.reply.id) == (20, "chatcmpl-1")


def test_a_stream_by_its_first_token(tmp_path):
    tokens = [
        {"name": "start", "time": RUN["start_time"]},
        {"name": "new_token", "time": "2026-11-22T00:47:55.129921"},
    ]
    row = only(lines(tmp_path, {**RUN, "events": tokens}))
    assert row.found.operation.stream
    assert (row.first, row.seconds) == (0.5, 1.5)
    assert row.usage.input == 20


def test_errors(tmp_path):
    refused = (
        "BadRequestError(\"Error code: 400 - {'error': ...}\")\n\nTraceback (most recent call last): ..."
    )
    failed = {**RUN, "outputs": None, "error": refused}
    gone = {**RUN, "id": "9", "outputs": {}, "error": "APIConnectionError('Connection error.')"}
    found, notes = rows(lines(tmp_path, failed, gone))
    assert [row.failure.status for row in found] == [400]
    assert notes.lines()[-1] == "left out: 1 time: it failed without a reply (APIConnectionError)"
