"""Beside OpenTelemetry's instrumentations: one span per call, one recording, in either order."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager

import pytest
from both_active import both, call_of

import tokentape

pytest.importorskip("opentelemetry.sdk", reason="needs opentelemetry-sdk")

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

INSTRUMENTORS = {
    "httpx": ("httpx", "HTTPXClientInstrumentor"),
    "httpx-async": ("httpx", "HTTPXClientInstrumentor"),
    "httpx2": ("httpx", "HTTPX2ClientInstrumentor"),
    "httpx2-async": ("httpx", "HTTPX2ClientInstrumentor"),
    "requests": ("requests", "RequestsInstrumentor"),
    "urllib3": ("urllib3", "URLLib3Instrumentor"),
    "aiohttp": ("aiohttp_client", "AioHttpClientInstrumentor"),
    "boto3": ("botocore", "BotocoreInstrumentor"),
}


BELOW = {"httpx", "httpx-async", "httpx2", "httpx2-async"}
"""Their instrumentation measures the transport, which a replay does not use; the others measure the call."""


class Spans:
    """An instrumentation that can be switched on, and the spans it made."""

    def __init__(self, library):
        package, name = INSTRUMENTORS[library]
        module = pytest.importorskip(f"opentelemetry.instrumentation.{package}")
        if not hasattr(module, name):
            pytest.skip(f"this version has no {name}")
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.instrumentor = getattr(module, name)()

    @contextmanager
    def on(self):
        self.instrumentor.instrument(tracer_provider=self.provider, skip_dep_check=True)
        try:
            yield
        finally:
            self.instrumentor.uninstrument()

    def taken(self):
        found = self.exporter.get_finished_spans()
        self.exporter.clear()
        return found


@pytest.mark.parametrize("library", INSTRUMENTORS)
def test_one_span_and_one_recording_per_call(provider, url, file, order, library, originals):
    call, spans = call_of(library), Spans(library)

    def run():
        with both(tokentape.use_cassette(file), spans.on(), order) as deck:
            reply = call(url)
        (span,) = spans.taken()
        assert span.status.is_ok or span.status.is_unset
        assert (deck.tally.recorded, provider.count) == (1, 1)
        provider.stop()
        with both(tokentape.use_cassette(file, mode="none"), spans.on(), order) as deck:
            assert call(url) == reply
        assert len(spans.taken()) == (library not in BELOW)
        assert (deck.tally.replayed, deck.tally.missed) == (1, 0)

    originals(run)


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_one_instrumented_client(provider, url, file, library):
    """`instrument_client` wraps the client's own transport, before or inside the block."""
    module, spans = pytest.importorskip(library), Spans(library)
    with module.Client(trust_env=False) as client:
        type(spans.instrumentor).instrument_client(client, tracer_provider=spans.provider)
        with tokentape.use_cassette(file) as deck:
            client.post(url, json={"messages": []})
        type(spans.instrumentor).uninstrument_client(client)
    assert (len(spans.taken()), deck.tally.recorded) == (1, 1)


def test_a_trace_header_that_the_instrumentation_adds_does_not_change_the_call(provider, url, file):
    """It is sent and differs each time; matching leaves it out."""
    call, spans = call_of("requests"), Spans("requests")
    for mode in ("once", "none"):
        with tokentape.use_cassette(file, mode=mode) as deck, spans.on():
            call(url)
        (span,) = spans.taken()
        sent = provider.requests[-1].headers
        assert (f"{span.context.trace_id:032x}" in dict(sent).get("traceparent", "")) == (mode == "once")
    assert deck.tally.replayed == 1


def test_all_at_once(provider, url, file, nested):
    """Libraries that send through each other: still one recording each."""
    everything = [
        Spans(library) for library in ("httpx", "httpx2", "requests", "urllib3", "aiohttp", "boto3")
    ]
    calls = [call_of(library) for library in ("httpx", "httpx2", "requests", "urllib3", "aiohttp", "boto3")]

    @contextmanager
    def on():
        with ExitStack() as stack:
            for spans in everything:
                stack.enter_context(spans.on())
            yield

    with both(tokentape.use_cassette(file), on(), nested) as deck:
        replies = [call(url) for call in calls]
    assert deck.tally.recorded == len(calls) == provider.count
    provider.stop()
    with both(tokentape.use_cassette(file, mode="none"), on(), nested):
        assert [call(url) for call in calls] == replies
