"""OpenTelemetry: spans and metrics by the conventions for generative AI, and nothing at all without it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tokentape.errors import UsageError
from tokentape.gateway.telemetry.spans import (
    NO_ATTEMPT,
    NO_CALL,
    NO_TELEMETRY,
    Answered,
    TelemetryOptions,
    telemetry_of,
)
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.dialect import Kind, Operation
from tokentape.protocols.usage import Usage
from tokentape.upstreams.upstream import Candidate, Upstream

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CHAT = Operation("openai.chat", "create", Kind.GENERATE, stream=True, model="fast")
CONTENT_OF_NOBODY = "a very private prompt"


class Keys:
    """Auth that is never asked here."""

    async def signed(self, request, secret):
        return request


def candidate(provider="openai", dialect="openai.chat", url="https://api.openai.com/v1", model="gpt-4o"):
    return Candidate(Upstream("mine", dialect, url, Keys(), provider=provider), model)


def test_switched_off_it_is_objects_that_do_nothing():
    telemetry = telemetry_of(TelemetryOptions())
    assert telemetry is NO_TELEMETRY
    assert not telemetry.is_on
    call = telemetry.call("POST", "/v1/chat/completions", (("traceparent", PARENT),))
    assert call is NO_CALL
    call.recognised(CHAT, model="m", session="s")
    attempt = call.attempt(candidate())
    assert attempt is NO_ATTEMPT
    headers = (("traceparent", PARENT),)
    assert attempt.passed_on(headers) is headers
    assert not attempt.wants_content
    attempt.first_chunk()
    attempt.content(Conversation(()))
    attempt.end()
    call.first_chunk()
    call.end()


def test_without_the_package_asking_for_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "tokentape.gateway.telemetry.otel", raising=False)
    with pytest.raises(UsageError, match=r"pip install 'tokentape\[telemetry\]'"):
        telemetry_of(TelemetryOptions(enabled=True))


def test_it_is_not_imported_unless_it_is_asked_for():
    code = (
        "import sys; from tokentape.gateway.telemetry.spans import telemetry_of, TelemetryOptions;"
        "telemetry_of(TelemetryOptions()); print('opentelemetry' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class Watched:
    """Telemetry whose spans and metrics stay here."""

    def __init__(self, hide=None, content=False):
        pytest.importorskip("opentelemetry.sdk")
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        from tokentape.gateway.telemetry.otel import OpenTelemetry

        self.exporter, self.reader, self.clock = InMemorySpanExporter(), InMemoryMetricReader(), Clock()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader])
        self.telemetry = OpenTelemetry(
            TelemetryOptions(enabled=True, content=content),
            hide,
            tracers=self.tracers,
            meters=self.meters,
            clock=self.clock,
        )

    def spans(self):
        return {span.name: span for span in self.exporter.get_finished_spans()}

    def points(self):
        """Sum, count and attributes of each histogram, by its name."""
        found = {}
        for resource in self.reader.get_metrics_data().resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    found[metric.name] = list(metric.data.data_points)
        return found

    def close(self):
        self.tracers.shutdown()
        self.meters.shutdown()


@pytest.fixture
def watched():
    made = Watched()
    yield made
    made.close()


USED = Usage(input=10, output=5, cache_read=4, cache_write=2, reasoning=3)


def one_call(watched, answered=None, headers=(("TraceParent", PARENT), ("tracestate", "a=b"))):
    """A streamed call with a failing and a good attempt; what the good one sent on."""
    answered = answered or Answered(200, USED, "gpt-4o-2024-08-06", "chatcmpl-1", ("stop",))
    call = watched.telemetry.call("POST", "/v1/chat/completions", headers)
    call.recognised(CHAT, model="fast", session="conv-1")
    first = call.attempt(candidate("azure", url="http://10.0.0.1:8000/openai"))
    watched.clock.now += 1
    first.end(Answered(429))
    second = call.attempt(candidate())
    sent = second.passed_on((("traceparent", "old"), ("accept", "*/*")))
    watched.clock.now += 0.5
    second.first_chunk()
    call.first_chunk()
    watched.clock.now += 2
    second.first_chunk()
    second.end(answered)
    second.end(Answered(500))
    call.end(answered)
    call.end(Answered(500))
    return sent


def test_a_server_span_below_the_clients_and_a_client_span_for_each_attempt(watched):
    sent = one_call(watched)
    spans = watched.exporter.get_finished_spans()
    failed, good, server = spans
    assert [span.name for span in spans] == ["chat gpt-4o", "chat gpt-4o", "POST openai.chat/create"]
    assert [span.kind.name for span in spans] == ["CLIENT", "CLIENT", "SERVER"]
    assert f"{server.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{server.parent.span_id:016x}" == "b7ad6b7169203331"
    assert [span.parent.span_id for span in (failed, good)] == [server.context.span_id] * 2
    assert dict(sent) == {
        "accept": "*/*",
        "traceparent": f"00-{good.context.trace_id:032x}-{good.context.span_id:016x}-01",
        "tracestate": "a=b",
    }


def test_the_attributes_of_the_conventions(watched):
    one_call(watched)
    failed, good, server = watched.exporter.get_finished_spans()
    assert dict(good.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.request.stream": True,
        "server.address": "api.openai.com",
        "server.port": 443,
        "tokentape.upstream": "mine",
        "http.response.status_code": 200,
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.time_to_first_chunk": 0.5,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.cache_creation.input_tokens": 2,
        "gen_ai.usage.reasoning.output_tokens": 3,
    }
    assert (failed.attributes["error.type"], failed.status.status_code.name) == ("429", "ERROR")
    assert failed.attributes["gen_ai.provider.name"] == "azure.ai.openai"
    assert (failed.attributes["server.address"], failed.attributes["server.port"]) == ("10.0.0.1", 8000)
    about = server.attributes
    assert (about["http.request.method"], about["url.path"]) == ("POST", "/v1/chat/completions")
    assert (about["gen_ai.request.model"], about["gen_ai.conversation.id"]) == ("fast", "conv-1")
    assert (about["gen_ai.usage.output_tokens"], about["gen_ai.provider.name"]) == (5, "openai")
    assert server.status.status_code.name == "UNSET"


def test_the_names_are_those_of_the_conventions(watched):
    pytest.importorskip("opentelemetry.semconv")
    from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
    from opentelemetry.semconv._incubating.metrics import gen_ai_metrics

    one_call(watched)
    known = {value for name, value in vars(gen_ai_attributes).items() if name.isupper()}
    used = {name for span in watched.exporter.get_finished_spans() for name in span.attributes}
    assert {name for name in used if name.startswith("gen_ai.")} - known == set()
    measured = {value for name, value in vars(gen_ai_metrics).items() if name.isupper()}
    assert set(watched.points()) - measured == set()


def test_metrics(watched):
    one_call(watched)
    points = watched.points()
    tokens = {
        point.attributes["gen_ai.token.type"]: point.sum for point in points["gen_ai.client.token.usage"]
    }
    assert tokens == {"input": 10, "output": 5}
    took = {
        point.attributes.get("error.type"): point.sum for point in points["gen_ai.client.operation.duration"]
    }
    assert took == {"429": 1.0, None: 2.5}
    [point] = points["gen_ai.client.operation.time_to_first_chunk"]
    assert (point.sum, point.attributes["gen_ai.response.model"]) == (0.5, "gpt-4o-2024-08-06")
    [point] = points["gen_ai.server.request.duration"]
    assert (point.sum, point.attributes["gen_ai.request.model"]) == (3.5, "fast")
    assert points["gen_ai.server.time_to_first_token"][0].sum == 1.5
    assert points["gen_ai.server.time_per_output_token"][0].sum == 0.5
    assert points["gen_ai.client.token.usage"][0].explicit_bounds[:3] == (1, 4, 16)


@pytest.mark.parametrize(
    ("answered", "error"),
    [(Answered(None), "no_reply"), (Answered(None, error="connect_error"), "connect_error"),
     (Answered(200, error="client_gone"), "client_gone"), (Answered(503), "503")],
    ids=["nothing", "connect", "gone", "status"],
)  # fmt: skip
def test_errors_are_words_and_never_messages(watched, answered, error):
    one_call(watched, answered)
    server = watched.spans()["POST openai.chat/create"]
    assert (server.attributes["error.type"], server.status.status_code.name) == (error, "ERROR")
    assert server.status.description is None


def test_a_call_that_nobody_recognised(watched):
    watched.telemetry.call("GET", "/v1/models", (("traceparent", "garbage"),)).end(Answered(404))
    server = watched.spans()["GET"]
    assert server.parent is None
    assert server.attributes["error.type"] == "404"


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (CHAT, "chat"),
        (Operation("gemini", "generateContent", Kind.GENERATE), "generate_content"),
        (Operation("openai.completions", "create", Kind.GENERATE), "text_completion"),
        (Operation("openai.embeddings", "create", Kind.EMBED), "embeddings"),
        (Operation("openai.media", "images", Kind.MEDIA), "images"),
    ],
    ids=["chat", "gemini", "completions", "embeddings", "media"],
)
def test_operations(watched, operation, name):
    call = watched.telemetry.call("POST", "/x", ())
    call.recognised(operation)
    call.attempt(candidate("", dialect="anthropic.messages", url="::", model="claude")).end()
    call.end()
    attempt = watched.spans()[f"{name} claude"]
    assert attempt.attributes["gen_ai.provider.name"] == "anthropic"
    assert attempt.attributes["server.address"] == ""


def test_models_that_clients_make_up_do_not_fill_the_metrics(watched):
    for number in range(600):
        call = watched.telemetry.call("POST", "/x", ())
        call.recognised(CHAT, model=f"made-up-{number}")
        call.end()
    names = {
        point.attributes["gen_ai.request.model"]
        for point in watched.points()["gen_ai.server.request.duration"]
    }
    assert len(names) == 501
    assert "_OTHER" in names


# Content

ASKED = Conversation(
    (
        Message(Role.USER, (Text(CONTENT_OF_NOBODY),)),
        ToolCall("c1", "look", '{"a":1}'),
        ToolResult("c1", (Text("found sk-secret"),)),
    )
)
SAID = Reply((Choice((Reasoning("hm"), Message(Role.ASSISTANT, (Text("fine"),))), Stop(StopReason.END)),))


def attributes_with_content(watched):
    call = watched.telemetry.call("POST", "/x", ())
    attempt = call.attempt(candidate())
    attempt.content(ASKED, SAID)
    attempt.end()
    call.end()
    return watched.spans()["chat gpt-4o"].attributes


def test_content_never_unless_it_is_opted_in(watched):
    assert CONTENT_OF_NOBODY not in str(dict(attributes_with_content(watched)))
    assert not watched.telemetry.call("POST", "/x", ()).attempt(candidate()).wants_content


def test_content_where_it_is_opted_in_has_its_secrets_hidden():
    watched = Watched(lambda text: text.replace("sk-secret", "[redacted]"), content=True)
    found = attributes_with_content(watched)
    assert found["gen_ai.input.messages"] == (
        '[{"role":"user","parts":[{"type":"text","content":"a very private prompt"}]},'
        '{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"look","arguments":"{\\"a\\":1}"}]},'
        '{"role":"tool","parts":[{"type":"tool_call_response","id":"c1",'
        '"response":[{"type":"text","content":"found [redacted]"}]}]}]'
    )
    assert found["gen_ai.output.messages"] == (
        '[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},'
        '{"type":"text","content":"fine"}],"finish_reason":"end"}]'
    )
    watched.close()


def test_content_that_nobody_hides_the_secrets_of_is_not_shown():
    watched = Watched(None, content=True)
    assert attributes_with_content(watched)["gen_ai.input.messages"] == "[]"
    watched.close()


def test_the_configuration_has_a_table_for_it():
    pytest.importorskip("pydantic")
    from tokentape.gateway.config.reading import read_text

    read = read_text("[telemetry]\nenabled = true\ncontent = true")
    assert read.problems == ()
    assert TelemetryOptions(**read.document.telemetry.model_dump()) == TelemetryOptions(
        enabled=True, content=True
    )
