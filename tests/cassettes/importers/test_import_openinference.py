"""OpenInference: its attributes, and the forms in which Phoenix exports its spans."""

from __future__ import annotations

import json

import pytest
from imp_reading import lines, only, otlp, rows, texts

from tokentape.protocols.canonical.items import ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Image

CALL = {
    "openinference.span.kind": "LLM",
    "llm.provider": "anthropic",
    "llm.model_name": "claude-haiku-4-5",
    "llm.invocation_parameters": '{"max_tokens": 100, "temperature": 0.5, "timeout": 3, "odd": 1}',
    "llm.input_messages.0.message.role": "system",
    "llm.input_messages.0.message.content": "Be brief.",
    "llm.input_messages.1.message.role": "user",
    "llm.input_messages.1.message.contents.0.message_content.type": "text",
    "llm.input_messages.1.message.contents.0.message_content.text": "Weather?",
    "llm.input_messages.1.message.contents.1.message_content.type": "image",
    "llm.input_messages.1.message.contents.1.message_content.image.image.url": "data:image/png;base64,aGk=",
    "llm.input_messages.2.message.role": "assistant",
    "llm.input_messages.2.message.tool_calls.0.tool_call.id": "toolu_1",
    "llm.input_messages.2.message.tool_calls.0.tool_call.function.name": "weather",
    "llm.input_messages.2.message.tool_calls.0.tool_call.function.arguments": '{"city": "Lima"}',
    "llm.input_messages.3.message.role": "tool",
    "llm.input_messages.3.message.tool_call_id": "toolu_1",
    "llm.input_messages.3.message.content": "clear",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.content": "Clear.",
    "llm.tools.0.tool.json_schema": '{"name": "weather", "input_schema": {"type": "object"}}',
    "llm.token_count.prompt": 20,
    "llm.token_count.completion": 5,
    "llm.token_count.prompt_details.cache_read": 8,
    "session.id": "s1",
    "metadata": '{"category": "geo", "ls_provider": "anthropic"}',
}


def check(row):
    assert (row.dialect, row.model) == ("anthropic.messages", "claude-haiku-4-5")
    items = row.conversation.items
    assert texts(items) == ["Be brief.", "Weather?", "clear"]
    assert isinstance(items[1].parts[1], Image)
    call, result = items[2], items[3]
    assert isinstance(call, ToolCall)
    assert isinstance(result, ToolResult)
    assert (call.id, call.name, json.loads(call.arguments)) == ("toolu_1", "weather", {"city": "Lima"})
    assert texts(row.reply.items) == ["Clear."]
    assert [tool.name for tool in row.conversation.tools] == ["weather"]
    assert (row.conversation.options.max_output_tokens, row.conversation.options.temperature) == (100, 0.5)
    assert (row.usage.input, row.usage.output, row.usage.cache_read) == (20, 5, 8)
    assert (row.metadata["category"], row.metadata["session"]) == ("geo", "s1")
    assert row.seconds == 1.5


def test_numbered_attributes(tmp_path):
    path = lines(tmp_path, otlp(CALL))
    check(only(path))
    assert "not kept: the parameter 'odd' (1 time)" in rows(path)[1].lines()


def nested(prefix):
    """What Phoenix makes of `llm.input_messages.0.message.role`: a list of objects with the rest of the name."""
    found: dict[int, dict] = {}
    for name, value in CALL.items():
        if name.startswith(prefix + "."):
            number, _, rest = name.removeprefix(prefix + ".").partition(".")
            found.setdefault(int(number), {})[rest] = value
    return list(found.values())


ROW = {
    "name": "ChatAnthropic",
    "span_kind": "LLM",
    "parent_id": None,
    "start_time": "2026-11-22T00:47:54.629921+00:00",
    "end_time": "2026-11-22T00:47:56.129921+00:00",
    "status_code": "OK",
    "status_message": "",
    "events": [],
    "context.span_id": "00f067aa0ba902b7",
    "context.trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    **{
        f"attributes.{name}": value
        for name, value in CALL.items()
        if not name.startswith(("llm.input_messages", "llm.output_messages", "llm.tools"))
    },
    "attributes.llm.input_messages": nested("llm.input_messages"),
    "attributes.llm.output_messages": nested("llm.output_messages"),
    "attributes.llm.tools": nested("llm.tools"),
}
SPAN = {
    "id": "U3BhbjoxMg==",
    "name": "ChatAnthropic",
    "context": {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7"},
    "span_kind": "LLM",
    "start_time": ROW["start_time"],
    "end_time": ROW["end_time"],
    "status_code": "OK",
    "attributes": CALL,
    "events": [],
}


def test_rows_of_a_data_frame(tmp_path):
    check(only(lines(tmp_path, ROW)))


def test_a_data_frame_by_columns_with_times_as_numbers(tmp_path):
    columns = {name: {"0": value, "1": None} for name, value in ROW.items()}
    columns["start_time"]["0"], columns["end_time"]["0"] = 1795308474629, 1795308476129
    path = tmp_path / "frame.json"
    path.write_text(json.dumps(columns))
    check(only(path))


@pytest.mark.parametrize("indent", [None, 2])
def test_a_page_of_the_api(tmp_path, indent):
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"data": [SPAN], "next_cursor": {"data": [1]}}, indent=indent))
    check(only(path))


def test_hidden_values_are_no_messages(tmp_path):
    about = {name: value for name, value in CALL.items() if "messages" not in name}
    about |= {"input.value": "__REDACTED__", "output.value": "__REDACTED__"}
    found, notes = rows(lines(tmp_path, otlp(about)))
    assert found == []
    assert "left out: 1 time: it holds no prompt (was the content of messages captured?)" in notes.lines()


def test_plain_values_are_a_prompt_and_an_answer(tmp_path):
    about = {"openinference.span.kind": "LLM", "llm.model_name": "llama3", "llm.system": "ollama"}
    row = only(lines(tmp_path, otlp({**about, "input.value": "Hi?", "output.value": "Hello."})))
    assert row.dialect == "ollama"
    assert texts([*row.conversation.items, *row.reply.items]) == ["Hi?", "Hello."]


def test_spans_of_other_kinds_are_not_calls(tmp_path):
    found, notes = rows(
        lines(tmp_path, otlp(CALL), otlp({**CALL, "openinference.span.kind": "CHAIN"}, id="1" * 16))
    )
    assert len(found) == 1
    assert notes.left_out == 0
