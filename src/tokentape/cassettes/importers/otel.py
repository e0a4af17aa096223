"""Spans of calls of models: by OpenTelemetry's conventions, OpenInference's, or Langfuse's.

All stand in the same exports, often in one, so each span is read by the convention that it follows. Events
beside the spans are found by the span they belong to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tokentape.cassettes.importers.format import Format
from tokentape.cassettes.importers.notes import LeftOut, Notes
from tokentape.cassettes.importers.records import records
from tokentape.cassettes.importers.traces import genai, langfusespans, openinference
from tokentape.cassettes.importers.traces.building import interaction_of
from tokentape.cassettes.importers.traces.events import events
from tokentape.cassettes.importers.traces.spans import Span, logs_in, spans_in
from tokentape.cassettes.importers.traces.wrapping import Families, Kin
from tokentape.protocols.reading import at, fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tokentape.cassettes.importers.format import Given
    from tokentape.cassettes.importers.traces.events import Events
    from tokentape.cassettes.importers.traces.spans import Event
    from tokentape.cassettes.importers.traces.traced import Traced
    from tokentape.wire.interaction import Interaction, Json


def read(given: Given, notes: Notes) -> Iterator[Interaction]:
    """The calls of the spans; calls that are told by an event alone come where the event stands."""
    with events() as beside:
        families = Families(_kin(given.path, beside))
        for value in records(given.path, notes):
            for traced in _calls(value.json, families, beside, notes):
                try:
                    yield interaction_of(traced, notes)
                except LeftOut as reason:
                    notes.leave(str(reason))


def _kin(path: str, beside: Events) -> Iterator[Kin]:
    """A first reading."""
    for value in records(path, Notes()):
        for event in logs_in(value.json):
            if genai.is_content(event.name):
                beside.keep(event)
                yield Kin(event.trace, event.span, "", tells=True, is_span=False)
        for span in spans_in(value.json):
            tells, is_tool = _tells(span), _is_tool(span)
            yield Kin(span.trace, span.span, span.parent, tells, is_tool=is_tool, failed=span.failed)


class Convention(NamedTuple):
    """How spans tell calls: whether one is a call of a model, whether it holds what was said, and the call
    (raises `LeftOut`), given the events beside it.
    """

    is_call: Callable[[Span], bool]
    tells: Callable[[Span], bool]
    traced: Callable[[Span, Sequence[Event], Notes], Traced]


CONVENTIONS = (
    Convention(openinference.is_call, openinference.tells, openinference.traced),
    Convention(langfusespans.is_call, langfusespans.tells, langfusespans.traced),
    Convention(genai.is_call, genai.tells, genai.traced),
)
"""The first that knows a span has it."""


def _convention(span: Span) -> Convention | None:
    return next((one for one in CONVENTIONS if one.is_call(span)), None)


def _tells(span: Span) -> bool:
    found = _convention(span)
    return found is not None and found.tells(span)


_TOOLS = (("openinference", "span", "kind"), ("gen_ai", "operation", "name"), ("traceloop", "span", "kind"),
          ("langfuse", "observation", "type"))  # fmt: skip


def _is_tool(span: Span) -> bool:
    return any(span.said(*place).lower() in ("tool", "execute_tool") for place in _TOOLS)


def _calls(record: Json, families: Families, beside: Events, notes: Notes) -> Iterator[Traced]:
    spans = [*spans_in(record), *_alone(record, families)]
    if not spans and not any(True for _ in logs_in(record)):
        notes.pass_over()
    for span in spans:
        convention = _convention(span)
        if convention is None:
            notes.pass_over()
            continue
        try:
            families.check(span.trace, span.span)
            _check(span, notes)
            yield convention.traced(span, beside.of(span.trace, span.span), notes)
        except LeftOut as reason:
            notes.leave(str(reason))
        except RecursionError:
            notes.leave("it is nested too deeply")


def _check(span: Span, notes: Notes) -> None:
    """Raises `LeftOut` where a message may be among the attributes that were dropped."""
    if not span.dropped:
        return
    if any(isinstance(at(span.about, *place), list) for place in _NUMBERED):
        raise LeftOut("the SDK that traced it dropped attributes of it (there is a limit to their number)")
    notes.lose("attributes that the SDK which traced it dropped")


_NUMBERED = (
    ("llm", "input_messages"),
    ("llm", "output_messages"),
    ("gen_ai", "prompt"),
    ("gen_ai", "completion"),
)


def _alone(record: Json, families: Families) -> Iterator[Span]:
    """Calls that only an event tells: their span was exported elsewhere, or nowhere."""
    for event in logs_in(record):
        if event.name == genai.DETAILS and not families.has(event.trace, event.span):
            yield Span(event.trace, event.span, "", event.name, fields(event.about), end=event.at)


def _knows_openinference(record: Json) -> bool:
    return any(openinference.is_call(span) for span in spans_in(record))


def _knows_otel(record: Json) -> bool:
    if any(_convention(span) is not None for span in spans_in(record)):
        return True
    return any(event.name.startswith("gen_ai.") for event in logs_in(record))


_ENDINGS = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz")

OPENINFERENCE = Format(
    "openinference", "spans of OpenInference (Phoenix, Arize)", _ENDINGS, _knows_openinference, read
)
OTEL = Format("otel", "spans of OpenTelemetry GenAI (OTLP JSON)", _ENDINGS, _knows_otel, read)
