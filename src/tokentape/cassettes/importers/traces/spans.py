"""Spans in the forms in which they are exported: one record in, spans and events out.

{"resourceSpans": [{"scopeSpans": [{"spans": [...]}]}]}     OTLP JSON (collectors, file exporters)
{"resourceLogs": [{"scopeLogs": [{"logRecords": [...]}]}]}  its events
{"name": ..., "context": {"trace_id": ...}, ...}            what ConsoleSpanExporter prints, Phoenix' API
{"name": ..., "context.trace_id": ..., "attributes.llm.model_name": ...}        a row of Phoenix' data frame
{"name": {"0": ...}, "context.trace_id": {"0": ...}}                            that data frame by columns
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.traces.attributes import tree_of
from tokentape.cassettes.importers.traces.counts import count_of
from tokentape.cassettes.importers.traces.traced import moment
from tokentape.protocols.reading import at, fields, objects, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Event:
    """Something inside a span, or beside it as a log record. `about` are its attributes, `body` its value."""

    name: str
    at: float | None = None
    about: Json = None
    body: Json = None
    trace: str = ""
    span: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """One span. `about` are its attributes as a tree; `error` is the message of a failed one, "" without."""

    trace: str
    span: str
    parent: str
    name: str
    about: Fields
    start: float | None = None
    end: float | None = None
    failed: bool = False
    error: str = ""
    events: tuple[Event, ...] = field(default=())
    dropped: bool = False
    """True where the SDK dropped attributes: there is a limit to their number, and the oldest go."""

    def said(self, *path: str) -> str:
        """The text at a path of the attributes, or ""."""
        found = at(self.about, *path)
        return text(fields(found).get("")) if isinstance(found, dict) else text(found)

    @property
    def exception(self) -> tuple[str, str]:
        """The name and the message of the exception that ended it, as far as they are told."""
        found = [fields(fields(event.about).get("exception")) for event in self.events]
        told = next((each for each in found if each), {})
        kind = self.said("error", "type") or text(told.get("type"))
        return kind.rpartition(".")[2], self.error or text(told.get("message"))


def spans_in(record: Json) -> Iterator[Span]:
    """The spans of a record."""
    told = fields(record)
    if "resourceSpans" in told or "resource_spans" in told:
        for resource in objects(told.get("resourceSpans", told.get("resource_spans"))):
            for scope in objects(_scopes(resource)):
                for span in objects(scope.get("spans")):
                    yield _otlp(span)
    elif isinstance(told.get("context.span_id"), dict):
        for row in _rows(told):
            yield _span(row)
    elif _is_span(told):
        yield _span(told)


def _scopes(resource: Fields) -> Json:
    names = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans")
    return next((resource[name] for name in names if name in resource), None)


def _is_span(told: Fields) -> bool:
    return "context.span_id" in told or isinstance(fields(told.get("context")).get("span_id"), str)


def _rows(columns: Fields) -> Iterator[Fields]:
    for number in fields(columns["context.span_id"]):
        yield {name: fields(column).get(number) for name, column in columns.items()}


def _otlp(span: Fields) -> Span:
    status = fields(span.get("status"))
    events = [
        Event(text(each.get("name")), moment(each.get("timeUnixNano")), _tree(each), None)
        for each in objects(span.get("events"))
    ]
    return Span(
        text(span.get("traceId")),
        text(span.get("spanId")),
        text(span.get("parentSpanId")),
        text(span.get("name")),
        _tree(span),
        moment(span.get("startTimeUnixNano")),
        moment(span.get("endTimeUnixNano")),
        status.get("code") in (2, "2", "STATUS_CODE_ERROR"),
        text(status.get("message")),
        tuple(events),
        dropped=bool(count_of(span.get("droppedAttributesCount"))),
    )


def _tree(holder: Fields) -> Fields:
    return fields(tree_of(attributes_of(holder.get("attributes"))))


def attributes_of(listed: Json) -> Fields:
    """OTLP's list of pairs, with their values, as an object."""
    if isinstance(listed, dict):
        return listed
    return {text(pair.get("key")): value_of(pair.get("value")) for pair in objects(listed)}


def value_of(value: Json, depth: int = 0) -> Json:
    """OTLP's `AnyValue` as what it says."""
    told = fields(value)
    if depth > 24 or not told:
        return None
    for name, inner in told.items():
        match name:
            case "intValue" if isinstance(inner, str):
                return int(inner) if inner.lstrip("-").isdecimal() and len(inner) < 20 else None
            case "arrayValue":
                listed = fields(inner).get("values")
                return [value_of(each, depth + 1) for each in listed] if isinstance(listed, list) else []
            case "kvlistValue":
                pairs = objects(fields(inner).get("values") or [])
                return {text(pair.get("key")): value_of(pair.get("value"), depth + 1) for pair in pairs}
            case "stringValue" | "boolValue" | "doubleValue" | "intValue" | "bytesValue":
                return inner
    return None


def _span(record: Fields) -> Span:
    """Of the console exporter, of Phoenix' API, and a row of its data frame."""
    told = fields(tree_of({name: value for name, value in record.items() if value is not None}))
    about = fields(tree_of(fields(told.get("attributes"))))
    context, status = fields(told.get("context")), told.get("status")
    code = text(fields(status).get("status_code")) or text(told.get("status_code"))
    message = text(fields(status).get("description")) or text(told.get("status_message"))
    events = [
        Event(text(each.get("name")), moment(each.get("timestamp")), tree_of(fields(each.get("attributes"))))
        for each in objects(told.get("events") or [])
    ]
    return Span(
        text(context.get("trace_id")).removeprefix("0x"),
        text(context.get("span_id")).removeprefix("0x"),
        text(told.get("parent_id")).removeprefix("0x"),
        text(told.get("name")),
        about,
        moment(told.get("start_time")),
        moment(told.get("end_time")),
        code.upper().endswith("ERROR"),
        message,
        tuple(events),
    )


def logs_in(record: Json) -> Iterator[Event]:
    """The log records of a record that are events."""
    for resource in objects(fields(record).get("resourceLogs") or []):
        for scope in objects(resource.get("scopeLogs") or []):
            for log in objects(scope.get("logRecords") or []):
                about = _tree(log)
                name = text(log.get("eventName")) or text(at(about, "event", "name"))
                yield Event(
                    name,
                    moment(log.get("timeUnixNano") or log.get("observedTimeUnixNano")),
                    about,
                    tree_of(value_of(log.get("body"))),
                    text(log.get("traceId")),
                    text(log.get("spanId")),
                )
