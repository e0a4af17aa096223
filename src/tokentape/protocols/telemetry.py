"""Traffic of SDKs and frameworks that is no call of a model: telemetry, price lists, warm-up.

Recorded as any other call where all traffic is; what a replay does not know of it is refused, and no miss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation

if TYPE_CHECKING:
    from tokentape.protocols.call import Call

_HOSTS = frozenset(
    {
        "api.smith.langchain.com",
        "eu.api.smith.langchain.com",
        "app.posthog.com",
        "telemetry.crewai.com",
        "api.segment.io",
        "api2.amplitude.com",
        "api.mixpanel.com",
        "cloud.langfuse.com",
        "us.cloud.langfuse.com",
        "telemetry.vercel.com",
        "telemetry.traceloop.com",
        "api.traceloop.com",
        "otlp.arize.com",
        "app.phoenix.arize.com",
        "api.scarf.sh",
        "statsigapi.net",
    }
)
_BELOW = (
    ".posthog.com",
    ".sentry.io",
    ".smith.langchain.com",
    ".scarf.sh",
    ".datadoghq.com",
    ".datadoghq.eu",
)
_OTLP = frozenset({"traces", "metrics", "logs"})
_EVENTS = (["api", "telemetry"], ["api", "agent-harnesses"])
"""Hugging Face's: what it is told, and the list that huggingface_hub fetches once a day to name who asks."""

_PRICES = "model_prices_and_context_window"


def recognise(call: Call) -> Operation | None:
    """By path where it is distinctive (it also goes to a provider's own host), else by host."""
    if call.last == "tcp_warming":
        return Operation("telemetry", "warmup", Kind.WARMUP)
    if _is_traces(call):
        return Operation("telemetry", "traces", Kind.TELEMETRY)
    if call.last.startswith(_PRICES) and not call.is_post:
        return Operation("telemetry", "prices", Kind.TELEMETRY)
    host = call.host
    if host in _HOSTS or host.endswith(_BELOW) or call.segments[:2] in _EVENTS:
        return Operation("telemetry", "events", Kind.TELEMETRY)
    return None


def _is_traces(call: Call) -> bool:
    """openai-agents posts its spans to the provider; OTLP over HTTP is `v1/traces` and its kin."""
    if not call.is_post:
        return False
    return (call.parent, call.last) == ("traces", "ingest") or (call.parent == "v1" and call.last in _OTLP)


DIALECT = Dialect("telemetry", recognise)
