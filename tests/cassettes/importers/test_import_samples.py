"""The real exports: every call of a model is there once, and what the corpus reads of it is what was asked."""

from __future__ import annotations

import pytest
from imp_reading import SAMPLES, imported, rows, texts

from tokentape.cassettes.importers.registry import FORMATS, format_of
from tokentape.cassettes.importers.traces.building import HEADER, MADE
from tokentape.protocols.canonical.items import ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Image

CHAT, RESPONSES, MESSAGES = "openai.chat", "openai.responses", "anthropic.messages"
SDKS = [CHAT] * 5 + [RESPONSES] + [MESSAGES] * 3 + [CHAT]
EXPECTED = {
    "openinference-sdks.jsonl": ("openinference", SDKS, 3),
    "openinference-console.json": ("openinference", [CHAT] * 3, 0),
    "openinference-langchain.jsonl": ("openinference", [CHAT] * 2, 0),
    "otel-openllmetry-0.62.jsonl": ("otel", [CHAT] * 4 + SDKS[5:], 4),
    "otel-openllmetry-0.47.jsonl": ("otel", [CHAT] * 4 + SDKS[5:], 4),
    "otel-openai-v2-events.jsonl": ("otel", [CHAT] * 6, 0),
    "langsmith-runs.jsonl": (
        "langsmith",
        [CHAT] * 5 + [RESPONSES, CHAT] + [MESSAGES] * 3 + [CHAT] * 4 + [MESSAGES] * 2 + [RESPONSES, CHAT],
        0,
    ),
    "langfuse-otlp.jsonl": ("langfuse", [CHAT] * 4 + [RESPONSES] + [CHAT] * 2, 2),
    "langfuse-observations.jsonl": ("langfuse", [CHAT] * 4 + [RESPONSES] + [CHAT] * 2, 2),
}
"""By file: its format, the dialects of its calls, and how many spans are left out."""


def test_every_sample_is_in_the_table():
    assert {path.name for path in SAMPLES.glob("*.json*")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_holds_these_calls(name):
    form, dialects, left = EXPECTED[name]
    found, notes = rows(SAMPLES / name)
    assert format_of(str(SAMPLES / name)).name == ("otel" if "otlp" in name else form)
    assert [row.dialect for row in found] == dialects
    assert notes.left_out == left
    assert MADE in notes.lines()
    assert not notes.broken


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_imported_says_so_and_is_a_row_like_any_other(name):
    form = EXPECTED[name][0]
    for row in rows(SAMPLES / name)[0]:
        told = row.interaction
        assert told.origin == row.metadata["imported"]["format"] == form
        assert row.metadata["imported"]["trace"]
        assert row.metadata["imported"]["span"]
        assert HEADER in told.response.headers
        assert told.timing.at.startswith("2026-11-22T0")
        assert row.seconds is not None
        assert told.key
        assert row.conversation is not None
        assert row.model in ("gpt-5-mini", "claude-haiku-4-5")
        assert told.ended.whole
        assert (row.failure is None) == (told.response.status == 200)
        if row.failure is None:
            assert not row.why_not
            assert "Answer 1 to" in told.reads_as or "weather(" in told.reads_as


def by_answer(name):
    found = rows(SAMPLES / name)[0]
    return {row.interaction.asks: row for row in found if row.failure is None}


NAMES = [name for name in EXPECTED if "langchain" not in name and "console" not in name]


@pytest.mark.parametrize("name", NAMES)
def test_usage_is_that_of_the_trace(name):
    row = next(row for row in rows(SAMPLES / name)[0] if row.interaction.asks == "Capital of Peru?")
    assert (row.usage.input, row.usage.output) == (12, 8)
    assert texts(row.conversation.items)[:2] == ["Answer in one word.", "Capital of Peru?"]
    assert row.conversation.options.temperature == 0.2
    assert texts(row.reply.items) == ["Answer 1 to: Capital of Peru?"]


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_is_a_stream_with_its_time_to_the_first_piece(name):
    row = next(row for row in rows(SAMPLES / name)[0] if row.interaction.asks == "Count to three.")
    assert texts(row.reply.items) == ["Answer 1 to: Count to three."]
    if "events" in name:  # its spans do not tell
        assert not row.found.operation.stream
        return
    assert row.found.operation.stream
    assert len(row.interaction.response.chunks) == 2
    assert row.first <= row.seconds


@pytest.mark.parametrize("name", NAMES)
def test_calls_of_tools_have_their_ids_in_the_turn_that_follows(name):
    found = [row for row in rows(SAMPLES / name)[0] if row.failure is None]
    answers = [row for row in found if any(isinstance(one, ToolResult) for one in row.conversation.items)]
    assert answers
    for row in answers:
        call = next(one for one in row.conversation.items if isinstance(one, ToolCall))
        result = next(one for one in row.conversation.items if isinstance(one, ToolResult))
        assert call.id == result.call_id
        assert (call.name, call.arguments.replace(" ", "")) == ("weather", '{"city":"Oslo"}')
        assert texts([result]) in (['{"sky": "clear"}'], ["clear"])
        if "events" not in name:  # that instrumentation does not tell the tools
            assert [tool.name for tool in row.conversation.tools] == ["weather"]
            assert row.conversation.tools[0].schema["required"] == ["city"]


@pytest.mark.parametrize(
    "name", ["openinference-sdks.jsonl", "otel-openai-v2-events.jsonl", "langsmith-runs.jsonl"]
)
def test_an_image_is_kept_where_the_trace_holds_it(name):
    row = next(row for row in rows(SAMPLES / name)[0] if row.interaction.asks.startswith("What is this?"))
    image = next(part for item in row.conversation.items for part in item.parts if isinstance(part, Image))
    assert image.source.media_type == "image/png"
    assert image.source.data.startswith("iVBORw0KGgo")


def test_a_call_whose_image_is_kept_elsewhere_is_left_out():
    notes = rows(SAMPLES / "langfuse-observations.jsonl")[1]
    assert "left out: 1 time: it holds an image whose bytes the trace does not hold" in notes.lines()


def test_an_error_that_the_provider_told_is_an_error_reply():
    for name in NAMES:
        [failed] = [row for row in rows(SAMPLES / name)[0] if row.failure is not None]
        assert (failed.interaction.asks, failed.failure.status, str(failed.failure.kind)) == (
            "Too much?",
            429,
            "rate_limit",
        )


def test_a_wrapper_and_what_it_wraps_are_one_call():
    notes = rows(SAMPLES / "langfuse-observations.jsonl")[1]
    assert any("wraps another call" in line for line in notes.lines())
    notes = rows(SAMPLES / "openinference-sdks.jsonl")[1]
    assert "left out: 3 times: it is told by the span above it, which is imported" in notes.lines()


def test_metadata_that_people_gave_is_kept_and_that_of_frameworks_is_not():
    found = rows(SAMPLES / "langsmith-runs.jsonl")[0]
    [row] = [row for row in found if row.metadata.get("category") == "geo"]
    assert row.metadata["tags"] == ["night"]
    assert row.metadata["project"] == "shop"
    assert not any(name.startswith(("ls_", "lc_")) for name in row.metadata)


def test_an_import_gives_the_same_bytes_each_time():
    for name in EXPECTED:
        assert imported(SAMPLES / name)[0] == imported(SAMPLES / name)[0]


def test_formats_have_names_of_their_own():
    names = [one.name for one in FORMATS]
    assert len(set(names)) == len(names)
