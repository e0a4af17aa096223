"""Observations as the SDKs of Langfuse export them: spans with attributes `langfuse.observation.*`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.importers.traces import observations
from tokentape.cassettes.importers.traces.attributes import json_in
from tokentape.cassettes.importers.traces.traced import written
from tokentape.protocols.reading import at, fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.cassettes.importers.notes import Notes
    from tokentape.cassettes.importers.traces.spans import Event, Span
    from tokentape.cassettes.importers.traces.traced import Traced
    from tokentape.wire.interaction import Json


def is_call(span: Span) -> bool:
    """True for a call of a model that answers."""
    return span.said("langfuse", "observation", "type").lower() == "generation"


def tells(span: Span) -> bool:
    """True if the span holds what was said."""
    return observations.tells(_observation(span))


def traced(span: Span, beside: Iterable[Event], notes: Notes) -> Traced:
    """The call. Raises `LeftOut`."""
    del beside
    return observations.traced(_observation(span), notes)


def _observation(span: Span) -> dict[str, Json]:
    """As the API would have it."""
    told = fields(at(span.about, "langfuse", "observation"))
    more = {name: json_in(value) for name, value in fields(told.get("metadata")).items()}
    metadata = {name: value.strip('"') if isinstance(value, str) else value for name, value in more.items()}
    return {
        "id": span.span,
        "traceId": span.trace,
        "parentObservationId": span.parent,
        "type": told.get("type"),
        "name": span.name,
        "startTime": written(span.start),
        "endTime": written(span.end),
        "completionStartTime": told.get("completion_start_time"),
        "model": at(told, "model", "name"),
        "modelParameters": at(told, "model", "parameters"),
        "input": told.get("input"),
        "output": told.get("output"),
        "usageDetails": told.get("usage_details"),
        "metadata": metadata,
        "level": told.get("level"),
        "statusMessage": told.get("status_message"),
        "sessionId": at(span.about, "session", "id"),
        "userId": at(span.about, "user", "id"),
    }
