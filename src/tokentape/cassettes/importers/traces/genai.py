"""OpenTelemetry's conventions for generative AI, of all generations.

Messages stand in attributes (`gen_ai.input.messages`), in an event with all of a call
(`gen_ai.client.inference.operation.details`), in an event each (`gen_ai.user.message`, `gen_ai.choice`), or
in numbered attributes (`gen_ai.prompt.0.content`, OpenLLMetry).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.notes import LeftOut
from tokentape.cassettes.importers.traces.attributes import json_in, whole_json
from tokentape.cassettes.importers.traces.counts import usage_of
from tokentape.cassettes.importers.traces.failures import failure_of
from tokentape.cassettes.importers.traces.replies import completed, reply_of
from tokentape.cassettes.importers.traces.requests import NO_REPLY, asked_of, streamed
from tokentape.cassettes.importers.traces.traced import Traced, When
from tokentape.protocols.reading import at, fields, number, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokentape.cassettes.importers.notes import Notes
    from tokentape.cassettes.importers.traces.spans import Event, Span
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

NAME = "otel"
_OPERATIONS = frozenset({"chat", "completion", "text_completion", "generate_content", "generate", "message"})
DETAILS = "gen_ai.client.inference.operation.details"
_ROLES = {f"gen_ai.{role}.message": role for role in ("system", "developer", "user", "assistant", "tool")}
_CHOICE = "gen_ai.choice"
_CHUNKS = ("llm.content.completion.chunk", "gen_ai.content.completion.chunk")
_WHOLE = {"gen_ai.content.prompt": "prompt", "gen_ai.content.completion": "completion"}


def is_content(event: str) -> bool:
    """True for the name of an event that holds what was said."""
    return event in (DETAILS, _CHOICE) or event in _ROLES or event in _WHOLE


def is_call(span: Span) -> bool:
    """True for a call of a model that answers."""
    genai = fields(span.about.get("gen_ai"))
    operation = span.said("gen_ai", "operation", "name") or span.said("llm", "request", "type")
    if operation:
        return operation in _OPERATIONS
    return any(genai.get(name) for name in ("prompt", "completion")) or (
        bool(genai.get("system")) and bool(at(genai, "request", "model"))
    )


def tells(span: Span) -> bool:
    """True if the span itself holds what was asked, and what came of it."""
    genai = fields(span.about.get("gen_ai"))
    names = {event.name for event in span.events}
    asked = genai.get("input") or genai.get("prompt") or names & {*_ROLES, "gen_ai.content.prompt"}
    said = genai.get("output") or genai.get("completion") or names & {_CHOICE, "gen_ai.content.completion"}
    return DETAILS in names or bool(asked and (said or span.failed))


def traced(span: Span, beside: Iterable[Event], notes: Notes) -> Traced:
    """The call. Raises `LeftOut`."""
    happened = [*span.events, *beside]
    genai = _gathered(fields(span.about.get("gen_ai")), happened)
    given = _parameters(genai, span)
    model = text(at(genai, "request", "model")) or None
    said = _messages(genai, happened)
    asked = asked_of(
        said, given, notes, "openai.chat", system=_parsed(genai, "system_instructions"), model=model
    )
    when = When(span.start, span.end, _first(genai, span))
    asked = streamed(asked, True if when.first is not None and asked.stream is not False else None)
    base = Traced(
        NAME,
        asked,
        provider=text(at(genai, "provider", "name")) or _system(genai),
        dialect=_dialect(span, genai),
        host=span.said("server", "address"),
        when=when,
        trace=span.trace,
        span=span.span,
        parent=span.parent,
        name=span.name,
        about=_about(genai),
    )
    return _answered(base, genai, span, happened, notes)


def _answered(base: Traced, genai: Fields, span: Span, happened: list[Event], notes: Notes) -> Traced:
    said = _said(genai, happened)
    reasons = at(genai, "response", "finish_reasons")
    reply = reply_of(said, notes, stop=reasons, choices=True)
    kind = span.said("error", "type")
    if span.failed or (reply is None and kind):
        if reply is not None:
            raise LeftOut("it failed after a part of its reply")
        status = number(at(span.about, "http", "response", "status_code"))
        return replace(base, failure=failure_of(*span.exception, status))
    if reply is None:
        raise LeftOut(NO_REPLY)
    response = fields(genai.get("response"))
    told = completed(
        reply,
        id=text(response.get("id")),
        model=text(response.get("model")) or None,
        usage=usage_of(_usage(genai, span)),
    )
    return replace(base, reply=told)


def _gathered(genai: Fields, happened: Iterable[Event]) -> Fields:
    """The attributes with those of the event that has all of the call."""
    for event in happened:
        if event.name == DETAILS:
            told = fields(fields(event.about).get("gen_ai"))
            body = fields(fields(event.body).get("gen_ai")) or fields(event.body)
            genai = _merged(genai, _merged(told, body))
    return genai


def _merged(one: Fields, other: Fields) -> Fields:
    """Both, two levels deep; the first wins."""
    found = {**other, **one}
    for name in one.keys() & other.keys():
        inner, more = one[name], other[name]
        if isinstance(inner, dict) and isinstance(more, dict):
            found[name] = {**more, **inner}
    return found


def _parsed(genai: Fields, *path: str) -> Json:
    return whole_json(at(genai, *path))


def _messages(genai: Fields, happened: Iterable[Event]) -> Json:
    if listed := _listed(genai, ("input", "messages"), ("prompt",)):
        return listed
    said: list[Json] = []
    for event in happened:
        if event.name in _ROLES:
            told = fields(event.body) or fields(event.about)
            said.append({**told, "role": text(told.get("role")) or _ROLES[event.name]})
        elif event.name == "gen_ai.content.prompt":
            return whole_json(at(event.about, "gen_ai", "prompt"), always=False)
    return said


def _listed(genai: Fields, always: tuple[str, ...], perhaps: tuple[str, ...]) -> Json:
    """The messages of the first place that has some: one is JSON, the other of old may be a text."""
    said = _parsed(genai, *always) or whole_json(at(genai, *perhaps), always=False)
    return [_with_json(whole_json(each, always=False)) for each in said] if isinstance(said, list) else said


def _with_json(message: Json) -> Json:
    """OpenLLMetry writes the blocks of a content as text."""
    if not isinstance(message, dict):
        return message
    told = message
    content = whole_json(told.get("content"), always=False)
    is_blocks = isinstance(content, list) and all("type" in fields(each) for each in content)
    return {**told, "content": content} if is_blocks and content else message


def _said(genai: Fields, happened: Iterable[Event]) -> Json:
    if listed := _listed(genai, ("output", "messages"), ("completion",)):
        return listed
    said: list[Json] = []
    for event in happened:
        if event.name == _CHOICE:
            told = fields(event.body) or fields(event.about)
            message = json_in(told.get("message"))
            inner = fields(message) or {
                "content": message if isinstance(message, str) else told.get("content")
            }
            said.append({"role": "assistant", **inner, "finish_reason": told.get("finish_reason")})
        elif event.name == "gen_ai.content.completion":
            return whole_json(at(event.about, "gen_ai", "completion"), always=False)
    return said


def _parameters(genai: Fields, span: Span) -> Fields:
    """`gen_ai.request.*` and its kin by the names that SDKs have."""
    request = fields(genai.get("request"))
    given: Fields = {name: value for name, value in request.items() if name not in _ASIDE}
    choices = at(request, "choice", "count")
    given["n"] = choices if choices not in (None, 1) else None
    given["stream"] = next(
        (flag for flag in (request.get("stream"), genai.get("is_streaming"), _old(span, "is_streaming"))
         if isinstance(flag, bool)),
        None,
    )  # fmt: skip
    tools = (
        _parsed(genai, "tool", "definitions")
        or _parsed(request, "tools")
        or _old(span, "request", "functions")
    )
    given["tools"] = tools
    given["reasoning_effort"] = text(request.get("reasoning_effort")) or _old(
        span, "request", "reasoning_effort"
    )
    if at(genai, "output", "type") == "json" or at(genai, "openai", "request", "response_format") in _JSON:
        given["response_format"] = {"type": "json_object"}
    schema = json_in(request.get("structured_output_schema"))
    if isinstance(schema, dict):
        given["response_format"] = {"type": "json_schema", "json_schema": {"schema": schema}}
    return given


_JSON = ("json_object", "json")
_ASIDE = frozenset(
    {"model", "choice", "tools", "encoding_formats", "structured_output_schema", "type", "is_stream"}
    | {"reasoning_summary", "reasoning_effort", "streaming"}
)


def _old(span: Span, *path: str) -> Json:
    """OpenLLMetry's names from before the conventions."""
    return at(span.about, "llm", *path) or None


def _system(genai: Fields) -> str:
    system = genai.get("system")
    return text(fields(system).get("")) if isinstance(system, dict) else text(system)


def _dialect(span: Span, genai: Fields) -> str | None:
    """Where the trace tells that it was Responses."""
    api = text(at(genai, "openai", "api", "type")) or span.said("openai", "api", "type")
    named = "response" in span.name.rpartition(".")[2] and span.name.startswith("openai.")
    is_one = text(at(genai, "response", "id")).startswith("resp_")
    return "openai.responses" if api == "responses" or named or is_one else None


def _usage(genai: Fields, span: Span) -> Json:
    """The counts with dots in their names put back (`cache_read.input_tokens`)."""
    counts: Fields = {}
    for whole in (fields(at(span.about, "llm", "usage")), fields(genai.get("usage"))):
        for name, value in whole.items():
            if isinstance(value, dict):
                counts.update({f"{name}.{inner}": count for inner, count in value.items()})
            else:
                counts[name] = value
    return counts


def _first(genai: Fields, span: Span) -> float | None:
    """Seconds to the first piece of a stream."""
    told = (at(genai, "response", "time_to_first_chunk"), at(genai, "server", "time_to_first_token"))
    for seconds in told:
        if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds < 1e6:
            return float(seconds)
    came = [event.at for event in span.events if event.name in _CHUNKS and event.at]
    return min(came) - span.start if came and span.start is not None and min(came) >= span.start else None


def _about(genai: Fields) -> Mapping[str, Json]:
    told = {"session": at(genai, "conversation", "id"), "agent": at(genai, "agent", "name")}
    return {name: value for name, value in told.items() if isinstance(value, str) and value}
