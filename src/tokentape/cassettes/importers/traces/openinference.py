"""OpenInference: `llm.input_messages.0.message.role` and its kin, as Phoenix and Arize have them.

Instrumentations of SDKs also keep the request and the reply as they were (`input.value`, `output.value`):
where these are bodies of a dialect they say more than the attributes, and are read instead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.notes import LeftOut
from tokentape.cassettes.importers.traces.attributes import CUT, json_in, whole_json
from tokentape.cassettes.importers.traces.counts import usage_of
from tokentape.cassettes.importers.traces.failures import failure_of
from tokentape.cassettes.importers.traces.replies import completed, native_reply, reply_of
from tokentape.cassettes.importers.traces.requests import NO_REPLY, asked_of, sent_body, streamed
from tokentape.cassettes.importers.traces.traced import Traced, When
from tokentape.protocols.reading import at, fields, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tokentape.cassettes.importers.notes import Notes
    from tokentape.cassettes.importers.traces.spans import Event, Span
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

NAME = "openinference"
_HIDDEN = "__REDACTED__"
_JSON = "application/json"


def is_call(span: Span) -> bool:
    """True for a call of a model that answers."""
    kind = span.said("openinference", "span", "kind")
    if kind:
        return kind.upper() == "LLM"
    return bool(at(span.about, "llm", "input_messages") or at(span.about, "llm", "output_messages"))


def tells(span: Span) -> bool:
    """True if the span holds what was asked, and what came of it."""
    asked = (("llm", "input_messages"), ("llm", "prompts"), ("input", "value"))
    said = (("llm", "output_messages"), ("llm", "choices"), ("output", "value"))
    return _has(span, asked) and (span.failed or _has(span, said))


def _has(span: Span, places: tuple[tuple[str, str], ...]) -> bool:
    return any(at(span.about, *place) not in (None, "", [], _HIDDEN) for place in places)


def traced(span: Span, beside: Iterable[Event], notes: Notes) -> Traced:
    """The call. Raises `LeftOut`."""
    del beside  # the convention has none
    llm = fields(span.about.get("llm"))
    _check_length(span, llm)
    given = fields(whole_json(llm.get("invocation_parameters")))
    asked = _asked(span, llm, given, notes)
    first = next(
        (event.at for event in span.events if event.name == "First Token Stream Event" and event.at), None
    )
    first = first - span.start if first is not None and span.start is not None else None
    base = Traced(
        NAME,
        streamed(asked, True if first is not None else None),
        provider=_provider(llm),
        dialect=_dialect(span, asked),
        when=When(span.start, span.end, first),
        trace=span.trace,
        span=span.span,
        parent=span.parent,
        name=span.name,
        about=_about(span),
    )
    reply = _reply(span, llm, notes)
    if span.failed:
        if reply is not None:
            raise LeftOut("it failed after a part of its reply")
        return replace(base, failure=failure_of(*span.exception))
    if reply is None:
        raise LeftOut(NO_REPLY)
    usage = usage_of(_usage(llm))
    return replace(base, reply=completed(reply, model=_model(llm), usage=usage))


def _check_length(span: Span, llm: Fields) -> None:
    """Raises `LeftOut` for a text that ends where the body did that an exporter cut at its limit."""
    for name in ("input", "output"):
        body = json_in(at(span.about, name, "value"))
        is_cut = isinstance(body, str) and body[:1] in ("{", "[") and span.said(name, "mime_type") == _JSON
        if is_cut and any(len(said) == len(text(body)) for said in _leaves(llm)):
            raise LeftOut(CUT)


def _leaves(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value if isinstance(value, list) else fields(value).values():
        yield from _leaves(inner)


def _asked(span: Span, llm: Fields, given: Fields, notes: Notes) -> Conversation:
    body = json_in(at(span.about, "input", "value"))
    model = text(at(llm, "request", "model_name")) or _model(llm) or None
    sent = sent_body(body, _provider(llm), model)
    if sent is not None:
        return sent
    said = llm.get("input_messages") or _prompts(llm) or _plain(span, "input")
    if isinstance(body, dict) and not said:
        said = body.get("messages")
    tools = llm.get("tools") or given.get("tools")
    given = {name: value for name, value in given.items() if name != "tools"}
    return asked_of(said, {**given, "tools": tools}, notes, "openai.chat", model=model)


def _prompts(llm: Fields) -> Json:
    """Of a completion: `llm.prompts`, texts or `{"prompt": {"text": ...}}`."""
    listed = llm.get("prompts")
    entries = listed if isinstance(listed, list) else []
    said = [each if isinstance(each, str) else at(each, "prompt", "text") for each in entries]
    return [each for each in said if isinstance(each, str)]


def _plain(span: Span, name: str) -> Json:
    """The value of a span without messages, where it is a text."""
    value = whole_json(at(span.about, name, "value"), always=span.said(name, "mime_type") == _JSON)
    return value if isinstance(value, str) and value != _HIDDEN else None


def _reply(span: Span, llm: Fields, notes: Notes) -> Reply | None:
    body = json_in(at(span.about, "output", "value"))
    native = native_reply(body) if isinstance(body, dict) else None
    if native is not None:
        return native
    said = llm.get("output_messages") or llm.get("choices") or _plain(span, "output")
    return reply_of(said, notes, stop=llm.get("finish_reason"))


def _provider(llm: Fields) -> str:
    return text(llm.get("provider")) or text(llm.get("system"))


def _model(llm: Fields) -> str | None:
    return text(llm.get("model_name")) or text(at(llm, "response", "model_name")) or None


def _usage(llm: Fields) -> Json:
    """`llm.token_count`, whose details have names of their own."""
    counts = fields(llm.get("token_count"))
    inner = fields(counts.get("prompt_details"))
    return {
        **counts,
        "cache_read": inner.get("cache_read"),
        "cache_write": inner.get("cache_write"),
        "reasoning": at(counts, "completion_details", "reasoning"),
    }


def _dialect(span: Span, asked: Conversation) -> str | None:
    """The dialect of the body that was kept; else the name of the span tells Responses."""
    if asked.origin is not None:
        return asked.origin.protocol
    return "openai.responses" if span.name in ("Response", "AsyncResponses.create") else None


def _about(span: Span) -> Mapping[str, Json]:
    found = fields(json_in(span.about.get("metadata")))
    told: Fields = {
        name: value
        for name, value in found.items()
        if isinstance(value, str | int | float | bool) and not name.startswith(("ls_", "lc_"))
    }
    for name, path in (("session", ("session", "id")), ("user", ("user", "id"))):
        if isinstance(value := at(span.about, *path), str) and value:
            told[name] = value
    return told
