"""OpenTelemetry's conventions of all generations, and the forms in which spans are exported."""

from __future__ import annotations

import json

import pytest
from imp_reading import attribute, lines, only, otlp, rows, texts

from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Document, Image, Url
from tokentape.protocols.canonical.reply import StopReason

MODEL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o-2024-08-06",
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 5,
    "gen_ai.usage.cache_read.input_tokens": 8,
    "gen_ai.usage.reasoning.output_tokens": 3,
}
ASKED = [{"role": "user", "parts": [{"type": "text", "content": "Capital of Peru?"}]}]
SAID = [{"role": "assistant", "parts": [{"type": "text", "content": "Lima."}], "finish_reason": "stop"}]
CONTENT = {"gen_ai.input.messages": json.dumps(ASKED), "gen_ai.output.messages": json.dumps(SAID)}


def test_messages_as_text(tmp_path):
    row = only(lines(tmp_path, otlp({**MODEL, **CONTENT, "gen_ai.request.temperature": 0.5})))
    assert texts(row.conversation.items) == ["Capital of Peru?"]
    assert texts(row.reply.items) == ["Lima."]
    assert row.conversation.options.temperature == 0.5
    assert (row.reply.id, row.reply.model) == ("chatcmpl-1", "gpt-4o-2024-08-06")
    assert row.reply.stop.reason is StopReason.END
    usage = row.usage
    assert (usage.input, usage.output, usage.cache_read, usage.reasoning) == (20, 5, 8, 3)
    assert row.interaction.timing.at == "2026-11-22T00:47:54.629921Z"
    assert row.seconds == 1.5
    assert row.metadata["imported"] == {
        "format": "otel",
        "trace": "4bf92f3577b34da6a3ce929d0e0e4736",
        "span": "00f067aa0ba902b7",
        "name": "chat m",
    }


def test_messages_as_values_with_system_instructions_and_tools(tmp_path):
    about = {
        **MODEL,
        "gen_ai.input.messages": ASKED,
        "gen_ai.output.messages": SAID,
        "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
        "gen_ai.tool.definitions": [{"type": "function", "name": "f", "parameters": {"type": "object"}}],
        "gen_ai.request.stop_sequences": ["END"],
        "gen_ai.conversation.id": "c1",
    }
    row = only(lines(tmp_path, otlp(about)))
    assert [item.role for item in row.conversation.items] == [Role.SYSTEM, Role.USER]
    assert [tool.name for tool in row.conversation.tools] == ["f"]
    assert row.conversation.options.stop == ("END",)
    assert row.metadata["session"] == "c1"


PARTS = [
    {
        "role": "user",
        "parts": [
            {"type": "text", "content": "Look."},
            {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "aGk="},
            {"type": "uri", "modality": "image", "uri": "https://x.example/a.png"},
            {"type": "blob", "mime_type": "application/pdf", "content": "aGk="},
        ],
    },
    {
        "role": "assistant",
        "parts": [
            {"type": "reasoning", "content": "hm"},
            {"type": "tool_call", "id": "call_1", "name": "f", "arguments": {"a": 1}},
        ],
    },
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_1", "response": {"sky": "clear"}}]},
]


def test_every_part_of_the_conventions(tmp_path):
    about = {**MODEL, **CONTENT, "gen_ai.input.messages": json.dumps(PARTS)}
    about |= {"gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-haiku-4-5"}
    row = only(lines(tmp_path, otlp(about)))
    assert row.dialect == "anthropic.messages"
    first, *_ = row.conversation.items
    assert [type(part) for part in first.parts][1:] == [Image, Image, Document]
    assert first.parts[2].source == Url("https://x.example/a.png")
    call = next(item for item in row.conversation.items if isinstance(item, ToolCall))
    result = next(item for item in row.conversation.items if isinstance(item, ToolResult))
    assert (call.id, call.arguments) == ("call_1", '{"a":1}')
    assert texts([result]) == ['{"sky": "clear"}']


def test_part_without_its_bytes_leaves_the_call_out(tmp_path):
    asked = [{"role": "user", "parts": [{"type": "image"}, {"type": "text", "content": "Look."}]}]
    found, notes = rows(
        lines(tmp_path, otlp({**MODEL, **CONTENT, "gen_ai.input.messages": json.dumps(asked)}))
    )
    assert found == []
    assert notes.lines() == ["left out: 1 time: it holds an image whose bytes the trace does not hold"]


def test_parts_that_nobody_knows_are_counted_as_lost(tmp_path):
    asked = [{"role": "user", "parts": [{"type": "hologram"}, {"type": "text", "content": "Look."}]}]
    found, notes = rows(
        lines(tmp_path, otlp({**MODEL, **CONTENT, "gen_ai.input.messages": json.dumps(asked)}))
    )
    assert texts(found[0].conversation.items) == ["Look."]
    assert "not kept: a part of type 'hologram' (1 time)" in notes.lines()


def log(name, body=None, about=None, span="00f067aa0ba902b7"):
    record = {
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "spanId": span,
        "timeUnixNano": "1795308476129921000",
        "eventName": name,
        "attributes": [attribute(*pair) for pair in (about or {}).items()],
        "body": attribute("", body or {})["value"],
    }
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}


DETAILS = "gen_ai.client.inference.operation.details"


@pytest.mark.parametrize("before", [True, False])
def test_the_event_with_all_of_a_call(tmp_path, before):
    span, event = otlp(MODEL), log(DETAILS, about=CONTENT)
    row = only(lines(tmp_path, *((event, span) if before else (span, event))))
    assert texts([*row.conversation.items, *row.reply.items]) == ["Capital of Peru?", "Lima."]
    assert row.usage.input == 20


def test_that_event_alone_is_a_call(tmp_path):
    row = only(lines(tmp_path, log(DETAILS, about={**MODEL, **CONTENT})))
    assert texts(row.reply.items) == ["Lima."]
    assert row.seconds is None


def test_that_event_inside_its_span(tmp_path):
    inside = {"name": DETAILS, "attributes": [attribute(*pair) for pair in CONTENT.items()]}
    assert texts(only(lines(tmp_path, otlp(MODEL, events=[inside]))).reply.items) == ["Lima."]


def test_an_event_for_each_message(tmp_path):
    choice = {"index": 0, "finish_reason": "length", "message": {"content": "Lim"}}
    found = only(
        lines(
            tmp_path,
            otlp({**MODEL, "gen_ai.system": "openai"}),
            log("gen_ai.system.message", {"content": "Be brief."}),
            log("gen_ai.user.message", {"content": "Capital of Peru?"}),
            log("gen_ai.choice", choice),
            log("gen_ai.user.message", {"content": "of another span"}, span="ffffffffffffffff"),
        )
    )
    assert texts(found.conversation.items) == ["Be brief.", "Capital of Peru?"]
    assert found.reply.stop.reason is StopReason.LENGTH


def test_the_two_events_of_the_oldest_conventions(tmp_path):
    events = [
        {"name": "gen_ai.content.prompt", "attributes": [attribute("gen_ai.prompt", json.dumps([{"role": "user", "content": "Hi?"}]))]},
        {"name": "gen_ai.content.completion", "attributes": [attribute("gen_ai.completion", json.dumps([{"role": "assistant", "content": "Hello."}]))]},
    ]  # fmt: skip
    row = only(lines(tmp_path, otlp(MODEL, events=events)))
    assert texts([*row.conversation.items, *row.reply.items]) == ["Hi?", "Hello."]


SERVERS = {
    "openai": ("gpt-4o", "https://api.openai.com/v1/chat/completions"),
    "azure.ai.openai": ("gpt-4o", "https://unknown.openai.azure.com/openai/v1/chat/completions"),
    "anthropic": ("claude-haiku-4-5", "https://api.anthropic.com/v1/messages"),
    "gcp.gemini": (
        "gemini-2.5-flash",
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
    ),
    "gcp.vertex_ai": (
        "gemini-2.5-flash",
        "https://aiplatform.googleapis.com/v1/projects/unknown/locations/global/publishers/google/models/"
        "gemini-2.5-flash:generateContent",
    ),
    "aws.bedrock": (
        "anthropic.claude-haiku-4-5-v1:0",
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-haiku-4-5-v1%3A0/converse",
    ),
    "cohere": ("command-a", "https://api.cohere.com/v2/chat"),
    "ollama": ("llama3", "http://localhost:11434/api/chat"),
    "groq": ("llama-3.3-70b", "https://api.groq.com/openai/v1/chat/completions"),
    "mistral_ai": ("mistral-small", "https://api.mistral.ai/v1/chat/completions"),
    "x_ai": ("grok-4", "https://api.x.ai/v1/chat/completions"),
    "deepseek": ("deepseek-chat", "https://api.deepseek.com/v1/chat/completions"),
    "perplexity": ("sonar", "https://api.perplexity.ai/chat/completions"),
    "": ("claude-haiku-4-5", "https://api.anthropic.com/v1/messages"),
    "acme": ("acme-1", "https://provider.invalid/v1/chat/completions"),
}


@pytest.mark.parametrize("provider", SERVERS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_call_is_written_in_the_dialect_of_its_provider(tmp_path, provider, stream):
    model, url = SERVERS[provider]
    about = {**MODEL, **CONTENT, "gen_ai.provider.name": provider, "gen_ai.request.model": model}
    about |= {"gen_ai.request.stream": stream, "gen_ai.response.time_to_first_chunk": 0.25}
    row = only(
        lines(tmp_path, otlp(about if stream else {**about, "gen_ai.response.time_to_first_chunk": ""}))
    )
    asked = row.interaction.request.url.partition("?")[0].replace(":0/", "%3A0/")
    if not stream:
        assert asked == url
    assert row.model == model
    assert texts(row.conversation.items) == ["Capital of Peru?"]
    assert texts(row.reply.items) == ["Lima."]
    assert (row.usage.input, row.usage.output) == (20, 5)
    assert row.interaction.timing.head_ms == (250 if stream else 1500)
    assert row.seconds == 1.5
    assert row.interaction.ended.whole


def test_a_host_of_a_provider_is_taken_from_the_trace_and_another_is_not(tmp_path):
    about = {**MODEL, **CONTENT, "gen_ai.provider.name": "azure.ai.openai"}
    for host, expected in (("shop.openai.azure.com", "shop"), ("10.0.0.7", "unknown")):
        row = only(lines(tmp_path, otlp({**about, "server.address": host})))
        assert row.interaction.request.url.startswith(f"https://{expected}.openai.azure.com/openai/v1/")


def test_of_a_wrapper_above_and_a_span_without_content_below_only_the_call_is_imported(tmp_path):
    wrapper = otlp({**MODEL, **CONTENT}, id="a" * 16, name="ChatOpenAI.chat")
    chain = otlp({"gen_ai.operation.name": "invoke_agent"}, id="b" * 16, parent="a" * 16)
    call = otlp({**MODEL, **CONTENT}, id="c" * 16, parent="b" * 16)
    bare = otlp(MODEL, id="d" * 16, parent="c" * 16)
    for order in ((wrapper, chain, call, bare, call), (call, bare, call, chain, wrapper)):
        [row], notes = rows(lines(tmp_path, *order))
        assert row.metadata["imported"]["span"] == "c" * 16
        assert sorted(line for line in notes.lines() if line.startswith("left out")) == [
            "left out: 1 time: it is the same span again",
            "left out: 1 time: it is told by the span above it, which is imported",
            "left out: 1 time: it wraps another call of the same trace, which is imported",
        ]


def test_spans_that_stand_in_a_circle_are_imported_all_the_same(tmp_path):
    one = otlp(MODEL, id="a" * 16, parent="b" * 16)
    other = otlp({**MODEL, **CONTENT}, id="b" * 16, parent="a" * 16)
    assert rows(lines(tmp_path, one, other))[1].left_out >= 1


FAILED = {"status": {"code": 2, "message": "boom"}}


@pytest.mark.parametrize(
    ("about", "status"),
    [
        ({"error.type": "429"}, 429),
        ({"error.type": "openai.RateLimitError"}, 429),
        ({"error.type": "InternalServerError", "http.response.status_code": 503}, 503),
        ({"error.type": "AuthenticationError"}, 401),
    ],
)
def test_errors_of_the_provider_are_error_replies(tmp_path, about, status):
    asked = {key: value for key, value in CONTENT.items() if "input" in key}
    [row], _ = rows(lines(tmp_path, otlp({**MODEL, **asked, **about}, **FAILED)))
    assert row.interaction.response.status == row.failure.status == status


def test_errors_of_nobody_knows_whom_are_left_out(tmp_path):
    asked = {key: value for key, value in CONTENT.items() if "input" in key}
    timeout = otlp({**MODEL, **asked, "error.type": "openai.APITimeoutError"}, **FAILED)
    part = otlp({**MODEL, **CONTENT, "error.type": "429"}, id="e" * 16, **FAILED)
    found, notes = rows(lines(tmp_path, timeout, part))
    assert found == []
    assert set(notes.lines()) == {
        "left out: 1 time: it failed without a reply (APITimeoutError)",
        "left out: 1 time: it failed after a part of its reply",
    }


def test_reasoning_and_several_choices(tmp_path):
    thought = {"role": "assistant", "parts": [{"type": "reasoning", "content": "hm"}, *SAID[0]["parts"]]}
    about = {**MODEL, **CONTENT, "gen_ai.request.choice.count": 2}
    about["gen_ai.output.messages"] = json.dumps([thought, {**SAID[0], "finish_reason": "length"}])
    about |= {"gen_ai.provider.name": "deepseek", "gen_ai.request.model": "deepseek-reasoner"}
    row = only(lines(tmp_path, otlp(about)))
    assert [choice.stop.reason for choice in row.reply.choices] == [StopReason.END, StopReason.LENGTH]
    assert isinstance(row.reply.items[0], Reasoning)
    assert isinstance(row.reply.items[1], Message)
    assert row.conversation.options.candidates == 2


def test_responses_is_told_by_the_type_of_the_api(tmp_path):
    row = only(lines(tmp_path, otlp({**MODEL, **CONTENT, "openai.api.type": "responses"})))
    assert row.dialect == "openai.responses"


def test_structured_output(tmp_path):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    about = {**MODEL, **CONTENT, "gen_ai.request.structured_output_schema": json.dumps(schema)}
    assert only(lines(tmp_path, otlp(about))).conversation.output.schema == schema
    assert only(lines(tmp_path, otlp({**MODEL, **CONTENT, "gen_ai.output.type": "json"}))).conversation.output


def test_a_pretty_printed_otlp_document(tmp_path):
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(otlp({**MODEL, **CONTENT}), indent=2))
    assert texts(only(path).reply.items) == ["Lima."]


def test_what_our_own_gateway_tells_is_imported_with_everything_it_says(tmp_path):
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from tokentape.gateway.telemetry.otel import OpenTelemetry
    from tokentape.gateway.telemetry.spans import Answered, TelemetryOptions
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.parts import Text
    from tokentape.protocols.canonical.reply import Choice, Reply, Stop
    from tokentape.protocols.dialect import Kind, Operation
    from tokentape.protocols.usage import Usage
    from tokentape.upstreams.upstream import Candidate, Upstream

    kept, tracers = InMemorySpanExporter(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(kept))
    telemetry = OpenTelemetry(TelemetryOptions(True, True), lambda text: text, tracers=tracers)
    call = telemetry.call("POST", "/v1/chat/completions", ())
    call.recognised(
        Operation("openai.chat", "create", Kind.GENERATE, model="fast"), model="fast", session="s1"
    )
    upstream = Upstream(
        "mine", "anthropic.messages", "https://api.anthropic.com", object(), provider="anthropic"
    )
    attempt = call.attempt(Candidate(upstream, "claude-haiku-4-5"))
    asked = (
        Message(Role.SYSTEM, (Text("Be brief."),)),
        Message(Role.USER, (Text("Weather in Lima?"),)),
        ToolCall("call_1", "weather", '{"city":"Lima"}'),
        ToolResult("call_1", (Text("clear"),)),
    )
    said = Reply(
        (Choice((Reasoning("hm"), Message(Role.ASSISTANT, (Text("Clear."),))), Stop(StopReason.END)),)
    )
    attempt.content(Conversation(asked), said)
    done = Answered(200, Usage(12, 3, cache_read=4), "claude-haiku-4-5-20251001", "msg_1", ("stop",))
    attempt.end(done)
    call.end(done)

    path = tmp_path / "spans.json"
    path.write_text("".join(span.to_json() + "\n" for span in kept.get_finished_spans()))
    row = only(path)
    assert row.conversation.items == asked
    assert texts(row.reply.items[1:]) == ["Clear."]
    assert (row.usage.input, row.usage.output, row.usage.cache_read) == (12, 3, 4)
    assert (row.dialect, row.model, row.reply.id) == ("anthropic.messages", "claude-haiku-4-5", "msg_1")
