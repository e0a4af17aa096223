"""The same with the OpenTelemetry API. The only file that imports it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from tokentape import __version__
from tokentape.gateway.telemetry.content import asked_as_text, said_as_text
from tokentape.gateway.telemetry.instruments import Instruments, Known
from tokentape.gateway.telemetry.naming import address_of, operation_of, provider_of
from tokentape.gateway.telemetry.spans import OK, Answered, AttemptSpan, CallSpan, Telemetry
from tokentape.wire.message import header, without

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import Span, Tracer

    from tokentape.gateway.telemetry.spans import TelemetryOptions
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.dialect import Operation
    from tokentape.protocols.usage import Usage
    from tokentape.upstreams.upstream import Candidate
    from tokentape.wire.message import Headers

    Value = str | int | float | bool

_NAME = "tokentape.gateway"
_CONTEXT = ("traceparent", "tracestate")
_propagator = TraceContextTextMapPropagator()


class OpenTelemetry(Telemetry):
    """Spans and metrics of whatever providers are set up in the process; the API's own do nothing."""

    is_on = True

    def __init__(
        self,
        options: TelemetryOptions,
        hide: Callable[[str], str] | None = None,
        *,
        tracers: trace.TracerProvider | None = None,
        meters: metrics.MeterProvider | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.clock = clock
        self.hide = (hide or _nothing) if options.content else None
        self.tracer: Tracer = trace.get_tracer(_NAME, __version__, tracers)
        self.instruments = Instruments(metrics.get_meter(_NAME, __version__, meters))
        self.models = Known()

    def call(self, method: str, path: str, headers: Headers) -> CallSpan:
        """A server span; its parent is the client's `traceparent`, and never anything else."""
        carrier = {name: value for name in _CONTEXT if (value := header(headers, name)) is not None}
        context = _propagator.extract(carrier, Context())
        about: dict[str, Value] = {"http.request.method": method, "url.path": path}
        span = self.tracer.start_span(method, context, SpanKind.SERVER, about)
        return _Call(self, span, method)


class _Call(CallSpan):
    __slots__ = ("_about", "_first", "_is_over", "_is_stream", "_method", "_span", "_start", "_telemetry")

    def __init__(self, telemetry: OpenTelemetry, span: Span, method: str) -> None:
        self._telemetry, self._span, self._method = telemetry, span, method
        self._start = telemetry.clock()
        self._first: float | None = None
        self._is_stream = self._is_over = False
        self._about: dict[str, Value] = {"gen_ai.provider.name": "tokentape"}

    def recognised(
        self, operation: Operation, *, model: str | None = None, session: str | None = None
    ) -> None:
        self._is_stream = operation.stream
        self._span.update_name(f"{self._method} {operation.full_name}")  # paths hold ids: too many names
        self._about["gen_ai.operation.name"] = operation_of(operation)
        self._span.set_attribute("gen_ai.operation.name", operation_of(operation))
        self._span.set_attribute("gen_ai.request.stream", operation.stream)
        if model is not None:
            self._about["gen_ai.request.model"] = self._telemetry.models.bounded(model)
            self._span.set_attribute("gen_ai.request.model", model)
        if session is not None:
            self._span.set_attribute("gen_ai.conversation.id", session)

    def attempt(self, candidate: Candidate) -> AttemptSpan:
        name = str(self._about.get("gen_ai.operation.name", "chat"))
        self._about["gen_ai.provider.name"] = provider_of(candidate.upstream)
        return _Attempt(self._telemetry, self._span, name, candidate, is_stream=self._is_stream)

    def first_chunk(self) -> None:
        if self._first is None:
            self._first = self._telemetry.clock() - self._start

    def end(self, answered: Answered = OK) -> None:
        if self._is_over:
            return
        self._is_over = True
        took = self._telemetry.clock() - self._start
        self._span.set_attribute("gen_ai.provider.name", self._about["gen_ai.provider.name"])
        about = {**self._about, **_describe(self._span, answered)}
        self._span.end()
        self._telemetry.instruments.served(about, took, self._first, _output(answered.usage))


class _Attempt(AttemptSpan):
    __slots__ = ("_about", "_context", "_first", "_is_over", "_is_stream", "_span", "_start", "_telemetry")

    def __init__(
        self, telemetry: OpenTelemetry, parent: Span, operation: str, candidate: Candidate, *, is_stream: bool
    ) -> None:
        self._telemetry, self._is_stream, self._is_over = telemetry, is_stream, False
        self._start = telemetry.clock()
        self._first: float | None = None
        host, port = address_of(candidate.upstream.base_url)
        about: dict[str, Value] = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": provider_of(candidate.upstream),
            "server.address": host,
        }
        if port is not None:
            about["server.port"] = port
        context = trace.set_span_in_context(parent, Context())
        self._span = telemetry.tracer.start_span(
            f"{operation} {candidate.model}",
            context,
            SpanKind.CLIENT,
            {**about, "gen_ai.request.model": candidate.model, "gen_ai.request.stream": is_stream,
             "tokentape.upstream": candidate.upstream.name},
        )  # fmt: skip
        self._context = trace.set_span_in_context(self._span, Context())
        self._about = {**about, "gen_ai.request.model": telemetry.models.bounded(candidate.model)}

    def passed_on(self, headers: Headers) -> Headers:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier, self._context)
        return (*without(headers, *_CONTEXT), *carrier.items()) if carrier else headers

    def first_chunk(self) -> None:
        if self._first is None:
            self._first = self._telemetry.clock() - self._start

    @property
    def wants_content(self) -> bool:
        return self._telemetry.hide is not None and self._span.is_recording()

    def content(self, asked: Conversation | None, reply: Reply | None = None) -> None:
        hide = self._telemetry.hide
        if hide is None or not self._span.is_recording():
            return
        if asked is not None:
            self._span.set_attribute("gen_ai.input.messages", hide(asked_as_text(asked)))
        if reply is not None:
            self._span.set_attribute("gen_ai.output.messages", hide(said_as_text(reply)))

    def end(self, answered: Answered = OK) -> None:
        if self._is_over:
            return
        self._is_over = True
        took = self._telemetry.clock() - self._start
        if self._first is not None:
            self._span.set_attribute("gen_ai.response.time_to_first_chunk", self._first)
        about = {**self._about, **_describe(self._span, answered)}
        self._span.end()
        if answered.model is not None:
            about["gen_ai.response.model"] = self._telemetry.models.bounded(answered.model)
        first = self._first if self._is_stream else None
        self._telemetry.instruments.asked(about, took, first, answered.usage)


def _nothing(_: str) -> str:
    """Content that nobody hides the secrets of is not shown."""
    return "[]"


def _describe(span: Span, answered: Answered) -> dict[str, Value]:
    """Put the end onto the span; what metrics say of it, too: the error alone."""
    told: dict[str, Value] = {}
    if answered.status is not None:
        span.set_attribute("http.response.status_code", answered.status)
    if answered.model is not None:
        span.set_attribute("gen_ai.response.model", answered.model)
    if answered.id is not None:
        span.set_attribute("gen_ai.response.id", answered.id)
    if answered.finish_reasons:
        span.set_attribute("gen_ai.response.finish_reasons", list(answered.finish_reasons))
    if answered.usage is not None:
        span.set_attributes(_counts(answered.usage))
    error = answered.error or _error_of(answered.status)
    if error is not None:
        told["error.type"] = error
        span.set_attribute("error.type", error)
        span.set_status(Status(StatusCode.ERROR))
    return told


def _error_of(status: int | None) -> str | None:
    if status is None:
        return "no_reply"
    return str(status) if status >= 400 else None


def _counts(usage: Usage) -> dict[str, Value]:
    found = {
        "gen_ai.usage.input_tokens": usage.input,
        "gen_ai.usage.output_tokens": usage.output,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
    }
    return {name: count for name, count in found.items() if count is not None}


def _output(usage: Usage | None) -> int | None:
    return usage.output if usage is not None else None
