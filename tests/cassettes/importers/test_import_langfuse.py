"""Langfuse: observations of the API, nested in traces, in tables, and what its SDKs fill in."""

from __future__ import annotations

import csv
import json

from imp_reading import lines, only, rows, texts

from tokentape.protocols.canonical.reply import StopReason

CALL = {
    "id": "o1",
    "traceId": "t1",
    "type": "GENERATION",
    "name": "answer",
    "startTime": "2026-11-22T00:47:54.629Z",
    "endTime": "2026-11-22T00:47:56.129Z",
    "completionStartTime": "2026-11-22T00:47:55.129Z",
    "model": "gpt-4o",
    "modelParameters": {
        "temperature": 1,
        "max_tokens": "Infinity",
        "top_p": 1,
        "frequency_penalty": 0,
        "presence_penalty": 0,
    },
    "input": [{"role": "user", "content": "Capital of Peru?"}],
    "output": {"role": "assistant", "content": "Lima."},
    "metadata": {"category": "geo"},
    "usageDetails": {"input": 20, "output": 5, "total": 25, "input_cached_tokens": 8},
    "level": "DEFAULT",
    "parentObservationId": None,
}


def check(row):
    assert (row.dialect, row.model) == ("openai.chat", "gpt-4o")
    assert texts([*row.conversation.items, *row.reply.items]) == ["Capital of Peru?", "Lima."]
    assert (row.usage.input, row.usage.output, row.usage.cache_read) == (20, 5, 8)
    assert (row.first, row.seconds) == (0.5, 1.5)
    assert row.metadata["category"] == "geo"
    assert row.metadata["imported"]["trace"] == "t1"
    assert row.conversation.options.max_output_tokens is None
    assert row.conversation.options.top_p is None
    assert row.conversation.options.temperature is None


def test_a_page_of_the_api(tmp_path):
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"data": [CALL, {**CALL, "id": "o2", "type": "SPAN"}], "meta": {"page": 1}}))
    check(only(path))


def test_traces_that_hold_their_observations(tmp_path):
    bare = {name: value for name, value in CALL.items() if name != "traceId"}
    trace = {"id": "t1", "name": "run", "sessionId": "s1", "userId": "u1", "observations": [bare]}
    row = only(lines(tmp_path, trace))
    check(row)
    assert (row.metadata["session"], row.metadata["user"]) == ("s1", "u1")


def test_a_table(tmp_path):
    told = {
        name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in CALL.items()
    }
    long = {**told, "id": "o2", "input": json.dumps([{"role": "user", "content": "x" * 200_000}])}
    path = tmp_path / "observations.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        table = csv.DictWriter(file, list(told))
        table.writeheader()
        table.writerows([told, long])
    first, second = rows(path)[0]
    check(first)
    assert len(texts(second.conversation.items)[0]) == 200_000


def test_an_export_with_names_of_the_database(tmp_path):
    names = {
        "traceId": "trace_id", "startTime": "start_time", "endTime": "end_time", "model": "provided_model_name",
        "completionStartTime": "completion_start_time", "modelParameters": "model_parameters",
        "usageDetails": "usage_details", "parentObservationId": "parent_observation_id",
    }  # fmt: skip
    check(only(lines(tmp_path, {names.get(name, name): value for name, value in CALL.items()})))


def test_parameters_that_somebody_gave_are_kept(tmp_path):
    given = {"temperature": "0.2", "max_tokens": "64", "top_p": 0.9, "stop": ["END"]}
    options = only(lines(tmp_path, {**CALL, "modelParameters": given})).conversation.options
    assert (options.temperature, options.max_output_tokens, options.top_p) == (0.2, 64, 0.9)
    assert options.stop == ("END",)


def test_input_with_tools_and_output_with_calls(tmp_path):
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    said = {"role": "assistant", "content": None, "tool_calls": [call]}
    row = only(
        lines(tmp_path, {**CALL, "input": {"messages": CALL["input"], "tools": [tool]}, "output": said})
    )
    assert [one.name for one in row.conversation.tools] == ["weather"]
    assert row.reply.stop.reason is StopReason.TOOL_CALLS
    assert row.reply.items[0].id == "call_1"
    in_messages = [*CALL["input"], {"role": "tool", "content": tool}]
    row = only(lines(tmp_path, {**CALL, "input": in_messages, "output": said}))
    assert [one.name for one in row.conversation.tools] == ["weather"]
    assert texts(row.conversation.items) == ["Capital of Peru?"]


def test_texts_are_a_prompt_and_an_answer(tmp_path):
    row = only(lines(tmp_path, {**CALL, "input": "Hi?", "output": "Hello.", "model": "claude-haiku-4-5"}))
    assert row.dialect == "anthropic.messages"
    assert texts([*row.conversation.items, *row.reply.items]) == ["Hi?", "Hello."]


def test_usage_of_the_older_api(tmp_path):
    told = {name: value for name, value in CALL.items() if name != "usageDetails"}
    row = only(lines(tmp_path, {**told, "usage": {"input": 3, "output": 4, "total": 7, "unit": "TOKENS"}}))
    assert (row.usage.input, row.usage.output) == (3, 4)


def test_errors(tmp_path):
    failed = {**CALL, "output": None, "level": "ERROR", "statusMessage": "Error code: 503 - overloaded"}
    gone = {**failed, "id": "o2", "statusMessage": "Request timed out."}
    found, notes = rows(lines(tmp_path, failed, gone))
    assert [row.failure.status for row in found] == [503]
    assert notes.left_out == 1


def test_a_generation_without_content_is_left_out(tmp_path):
    found, notes = rows(lines(tmp_path, {**CALL, "input": None}, {**CALL, "id": "o2", "output": None}))
    assert found == []
    assert notes.left_out == 2


def test_an_answer_that_is_stored_as_json_is_its_text(tmp_path):
    for said in ({"category": "x", "content": "y"}, [{"type": "bug", "level": 3}], '{"category": "x"}'):
        path = lines(tmp_path, {**CALL, "output": said})
        value = json.loads(said) if isinstance(said, str) else said
        assert json.loads(texts(only(path).reply.items)[0]) == value
        assert "not kept: the spelling of an answer that is stored as JSON (1 time)" in rows(path)[1].lines()


def test_a_prompt_that_is_some_other_json_is_none(tmp_path):
    found, notes = rows(lines(tmp_path, {**CALL, "input": {"question": "why?"}}))
    assert found == []
    assert notes.lines() == ["left out: 1 time: its messages cannot be read"]


def test_bodies_of_gemini_and_of_messages(tmp_path):
    asked = {"contents": [{"role": "user", "parts": [{"text": "Hi?"}]}]}
    said = {
        "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello."}]}, "finishReason": "STOP"}]
    }
    row = only(lines(tmp_path, {**CALL, "model": "gemini-2.5-flash", "input": asked, "output": said}))
    assert row.dialect == "gemini"
    assert texts([*row.conversation.items, *row.reply.items]) == ["Hi?", "Hello."]
    asked = {"system": "Be brief.", "messages": [{"role": "user", "content": "Hi?"}]}
    said = {"role": "assistant", "content": [{"type": "text", "text": "Hello."}], "stop_reason": "max_tokens"}
    row = only(lines(tmp_path, {**CALL, "model": "claude-haiku-4-5", "input": asked, "output": said}))
    assert texts([*row.conversation.items, *row.reply.items]) == ["Be brief.", "Hi?", "Hello."]
    assert row.reply.stop.reason is StopReason.LENGTH
