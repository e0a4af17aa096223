"""What tracing SDKs and exporters cut off, drop or hide never becomes a call that was not made."""

from __future__ import annotations

import json

import pytest
from imp_reading import lines, only, otlp, rows
from test_import_langfuse import CALL as GENERATION
from test_import_langsmith import RUN
from test_import_openinference import CALL
from test_import_otel import ASKED, CONTENT, MODEL

from tokentape.cassettes.importers.traces.attributes import CUT, tree_of
from tokentape.protocols.canonical.items import ToolCall

NUMBERED = {
    **MODEL,
    "gen_ai.prompt.0.role": "user",
    "gen_ai.prompt.0.content": "Capital of Peru?",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": "Lima.",
}


def left(folder, *records):
    """Why the only call was left out."""
    found, notes = rows(lines(folder, *records))
    assert found == []
    [line] = [line for line in notes.lines() if line.startswith("left out: 1 time: ")]
    return line.removeprefix("left out: 1 time: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gen_ai.input.messages", json.dumps(ASKED)[:-9]),
        ("gen_ai.output.messages", '[{"role": "assist'),
        ("gen_ai.system_instructions", '[{"type": "text", "content": "Be br'),
        ("gen_ai.tool.definitions", '[{"type": "function", "name": "f", "para'),
    ],
)
def test_attributes_that_break_off(tmp_path, name, value):
    assert left(tmp_path, otlp({**MODEL, **CONTENT, name: value})) == CUT


def test_old_attributes_that_break_off_and_prose_that_only_begins_like_json(tmp_path):
    asked = "gen_ai.prompt.0.content"
    assert left(tmp_path, otlp({**NUMBERED, asked: '[{"type": "text", "text": "Cap'})) == CUT
    for prose in ("[draft] Capital of Peru?", "{name}, what is the capital of Peru?", '{"city": '):
        assert only(lines(tmp_path, otlp({**NUMBERED, asked: prose}))).interaction.asks == prose.strip()


BARE = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "output.value": "Lima."}
SENT = '{"messages": [{"role": "user", "content": "Capital of Pe'


def test_bodies_of_openinference_that_break_off(tmp_path):
    assert left(tmp_path, otlp({**BARE, "input.value": SENT})) == CUT
    assert left(tmp_path, otlp({**BARE, "input.value": '{"q', "input.mime_type": "application/json"})) == CUT
    for name in ("llm.invocation_parameters", "llm.tools.0.tool.json_schema"):
        assert left(tmp_path, otlp({**CALL, name: '{"name": "x", "par'})) == CUT


def test_a_text_as_long_as_a_body_that_was_cut_was_cut_there_too(tmp_path):
    said = {"llm.input_messages.0.message.role": "user", "input.mime_type": "application/json"}
    name = "llm.input_messages.0.message.content"
    whole = otlp({**BARE, **said, "input.value": SENT, name: "Capital of Peru?"})
    assert only(lines(tmp_path, whole)).interaction.asks == "Capital of Peru?"
    assert left(tmp_path, otlp({**BARE, **said, "input.value": SENT, name: "x" * len(SENT)})) == CUT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("input", '[{"role": "user", "content": "Capi'),
        ("output", '{"role": "assistant", "content": "Li'),
        ("modelParameters", '{"temperature": 0.'),
    ],
)
def test_fields_of_langfuse_that_break_off(tmp_path, name, value):
    assert left(tmp_path, {**GENERATION, name: value}) == CUT


def test_json_that_the_model_itself_did_not_end_is_its_answer(tmp_path):
    row = only(lines(tmp_path, {**GENERATION, "output": '{"category": "geo", "wh'}))
    assert row.interaction.reads_as == '{"category": "geo", "wh'


@pytest.mark.parametrize("name", ["inputs", "outputs", "extra"])
def test_fields_of_langsmith_that_break_off(tmp_path, name):
    assert left(tmp_path, {**RUN, name: json.dumps(RUN[name])[:-3]}) == CUT


FORM = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}, "strict": True}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def test_parameters_that_are_stored_as_texts(tmp_path):
    """As the SDKs of Langfuse store them."""
    given = {"response_format": FORM, "tools": [TOOL], "tool_choice": FORCED, "stop": ["a", "b"]}
    told = {name: json.dumps(value) for name, value in given.items()}
    asked = only(lines(tmp_path, {**GENERATION, "modelParameters": {**told, "user": "[1]"}})).conversation
    assert (asked.output.kind, asked.output.schema) == ("schema", {"type": "object"})
    assert ([tool.name for tool in asked.tools], asked.tool_choice.names) == (["f"], ("f",))
    assert (asked.options.stop, asked.options.user) == (("a", "b"), "[1]")


FORCED = {"type": "function", "function": {"name": "f"}}


def test_parameters_that_are_not_understood(tmp_path):
    given = {"response_format": "<class 'app.Answer'>", "tools": [TOOL], "tool_choice": "sometimes"}
    _, notes = rows(lines(tmp_path, {**GENERATION, "modelParameters": given}))
    for name in ("response_format", "tool_choice"):
        assert f"not kept: the parameter {name!r}, whose value is not understood (1 time)" in notes.lines()
    for form in ("text", {"type": "text"}, None):
        _, notes = rows(lines(tmp_path, {**GENERATION, "modelParameters": {"response_format": form}}))
        assert not any("not kept" in line for line in notes.lines())


DROPPED = "the SDK that traced it dropped attributes of it (there is a limit to their number)"


def test_numbered_messages_of_which_attributes_were_dropped(tmp_path):
    assert left(tmp_path, otlp(CALL, droppedAttributesCount=2)) == DROPPED
    assert left(tmp_path, otlp(NUMBERED, droppedAttributesCount="2")) == DROPPED
    [_], notes = rows(lines(tmp_path, otlp({**MODEL, **CONTENT}, droppedAttributesCount=2)))
    assert "not kept: attributes that the SDK which traced it dropped (1 time)" in notes.lines()


def test_numbered_messages_of_which_one_is_missing(tmp_path):
    later = {name.replace("prompt.0", "prompt.2"): value for name, value in NUMBERED.items()}
    assert left(tmp_path, otlp(later)) == "one of its messages is missing"
    later = {name.replace("completion.0", "completion.1"): value for name, value in NUMBERED.items()}
    assert left(tmp_path, otlp(later)) == "one of its messages is missing"
    gap = {name.replace("contents.0", "contents.7"): value for name, value in CALL.items()}
    _, notes = rows(lines(tmp_path, otlp(gap)))
    assert "not kept: a part of a message, of which the trace holds only the place (6 times)" in notes.lines()


def test_what_openinference_hides(tmp_path):
    hidden = "what was said is hidden in the trace"
    for name in ("llm.input_messages.0.message.content", "llm.output_messages.0.message.content",
                 "llm.input_messages.1.message.contents.0.message_content.text"):  # fmt: skip
        assert left(tmp_path, otlp({**CALL, name: "__REDACTED__"})) == hidden


def test_values_keep_the_names_they_have(tmp_path):
    given = {"a.b": 1, "0": "x", "1": "y", "n": {"5": 2, "": 3}}
    said = [
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": given}]}
    ]
    row = only(lines(tmp_path, otlp({**MODEL, **CONTENT, "gen_ai.output.messages": said})))
    [call] = [item for item in row.reply.items if isinstance(item, ToolCall)]
    assert json.loads(call.arguments) == given


def test_numbers_in_names_without_end_make_no_list_without_end():
    assert tree_of({"a.999999999.b": 1, "a.0.b": 2}) == {"a": {"999999999": {"b": 1}, "0": {"b": 2}}}
    assert tree_of({"a.2": 1}) == {"a": [None, None, 1]}
    assert tree_of({"m": [{"message.tool_calls": [{"tool_call.id": "x"}], "q": {"a.b": 1}}]}) == {
        "m": [{"message": {"tool_calls": [{"tool_call": {"id": "x"}}]}, "q": {"a.b": 1}}]
    }


INNER = {**GENERATION, "id": "o2", "parentObservationId": "o1"}


def test_a_call_below_a_tool_of_another_is_a_call_of_its_own(tmp_path):
    tool = {"id": "t", "traceId": "t1", "type": "TOOL", "parentObservationId": "o1"}
    found, _ = rows(lines(tmp_path, GENERATION, tool, {**INNER, "parentObservationId": "t"}))
    assert [row.metadata["imported"]["span"] for row in found] == ["o1", "o2"]
    run = {**RUN, "id": "1", "parent_run_id": None}
    tool = {"id": "2", "run_type": "tool", "parent_run_id": "1", "inputs": {}, "outputs": {}}
    assert len(rows(lines(tmp_path, run, tool, {**run, "id": "3", "parent_run_id": "2"}))[0]) == 2
    for kind in ({"openinference.span.kind": "TOOL"}, {"gen_ai.operation.name": "execute_tool"},
                 {"traceloop.span.kind": "tool"}):  # fmt: skip
        calls = (otlp(NUMBERED, id="a"), otlp(kind, id="b", parent="a"), otlp(NUMBERED, id="c", parent="b"))
        assert len(rows(lines(tmp_path, *calls))[0]) == 2


def test_what_stands_above_a_call_without_a_reply_is_imported_instead(tmp_path):
    found, notes = rows(lines(tmp_path, GENERATION, {**INNER, "output": None}))
    assert [row.metadata["imported"]["span"] for row in found] == ["o1"]
    assert "left out: 1 time: it is told by the span above it, which is imported" in notes.lines()
    run = {**RUN, "id": "1", "parent_run_id": None}
    assert len(rows(lines(tmp_path, run, {**run, "id": "2", "parent_run_id": "1", "outputs": None}))[0]) == 1
    for about, without in ((NUMBERED, "gen_ai.completion"), (CALL, "llm.output")):
        bare = {name: value for name, value in about.items() if not name.startswith(without)}
        found, _ = rows(lines(tmp_path, otlp(about, id="a"), otlp(bare, id="b", parent="a")))
        assert [row.metadata["imported"]["span"] for row in found] == ["a"]


def test_what_stands_above_a_call_that_failed_has_its_answer_from_elsewhere(tmp_path):
    timeout = {**INNER, "output": None, "level": "ERROR", "statusMessage": "Request timed out."}
    found, notes = rows(lines(tmp_path, GENERATION, timeout))
    assert [row.metadata["imported"]["span"] for row in found] == ["o1"]
    assert "left out: 1 time: it failed without a reply (Request timed out.)" in notes.lines()
    outer = {**GENERATION, "output": None, "level": "ERROR", "statusMessage": "Error code: 429"}
    found, notes = rows(lines(tmp_path, outer, {**INNER, **timeout, "statusMessage": "Error code: 429"}))
    assert [row.metadata["imported"]["span"] for row in found] == ["o2"]
    run = {**RUN, "id": "1", "parent_run_id": None}
    failed = {**run, "id": "2", "parent_run_id": "1", "outputs": None, "error": "Error code: 500"}
    found, _ = rows(lines(tmp_path, run, failed, {**run, "id": "3", "parent_run_id": "1"}))
    assert [row.metadata["imported"]["span"] for row in found] == ["2", "3"]
    status = {"code": 2, "message": "Error code: 500"}
    bare = {name: value for name, value in NUMBERED.items() if "completion" not in name}
    found, _ = rows(lines(tmp_path, otlp(NUMBERED, id="a"), otlp(bare, id="b", parent="a", status=status)))
    assert [row.metadata["imported"]["span"] for row in found] == ["a", "b"]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"input": 900, "input_cached_tokens": 800, "output": 20, "output_reasoning_tokens": 10, "total": 1730},
         (1700, 30, 800, 10)),
        ({"input": 900, "input_cache_read": 800, "output": 20, "output_reasoning": 10}, (1700, 30, 800, 10)),
        ({"input": 900, "cache_read_input_tokens": 800, "output": 20, "total": 1720}, (1700, 20, 800, None)),
        ({"input": 900, "input_cached_tokens": 800, "output": 20, "total": 920}, (900, 20, 800, None)),
        ({"prompt_tokens": 900, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 800}},
         (900, 20, 800, None)),
        ({"prompt_token_count": 9, "candidates_token_count": 5, "thoughts_token_count": 7,
          "total_token_count": 21}, (9, 12, None, 7)),
        ({"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 90}, (100, 5, 90, None)),
    ],
)  # fmt: skip
def test_counts_that_leave_out_what_is_counted_beside_them(tmp_path, told, expected):
    usage = only(lines(tmp_path, {**GENERATION, "usageDetails": told})).usage
    assert (usage.input, usage.output, usage.cache_read, usage.reasoning) == expected
