"""One observation of Langfuse, as its API has it, as a call.

The SDKs of Langfuse write the usual values of parameters that were not given (`temperature: 1`,
`max_tokens: "Infinity"`): these are taken for not given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.notes import LeftOut
from tokentape.cassettes.importers.traces.attributes import json_in, whole_json
from tokentape.cassettes.importers.traces.counts import usage_of
from tokentape.cassettes.importers.traces.failures import failure_of
from tokentape.cassettes.importers.traces.replies import completed, reply_of
from tokentape.cassettes.importers.traces.requests import NO_REPLY, asked_of, sent_body, streamed
from tokentape.cassettes.importers.traces.traced import Traced, When, moment
from tokentape.protocols.reading import at, fields, text

if TYPE_CHECKING:
    from tokentape.cassettes.importers.notes import Notes
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

NAME = "langfuse"


def is_call(one: Fields) -> bool:
    """True for a call of a model."""
    return said(one, "type").upper() == "GENERATION"


def tells(one: Fields) -> bool:
    """True if it is a call, and holds what was asked, and what came of it."""
    has_reply = is_error(one) or _value(one, "output") not in (None, "", {}, [])
    return is_call(one) and has_reply and _value(one, "input") not in (None, "", [])


def is_error(one: Fields) -> bool:
    """True if it failed."""
    return said(one, "level").upper() == "ERROR"


def ids(one: Fields) -> tuple[str, str, str]:
    """The trace, the observation itself, and the one above it."""
    return said(one, "traceId"), said(one, "id"), said(one, "parentObservationId")


def _value(one: Fields, name: str) -> Json:
    """A field, by the name in the API or in exports (`traceId`, `trace_id`)."""
    value = one.get(name)
    if value is None:
        value = one.get("".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name))
    return value


def said(one: Fields, name: str) -> str:
    """The text in a field, or ""."""
    return text(_value(one, name))


def traced(one: Fields, notes: Notes) -> Traced:
    """The call. Raises `LeftOut`."""
    more = fields(json_in(_value(one, "metadata")))
    provider = text(more.get("ls_provider")) or text(at(more, "attributes", "gen_ai.system"))
    asked = _asked(one, provider, notes)
    start, end = moment(_value(one, "startTime")), moment(_value(one, "endTime"))
    begun = moment(_value(one, "completionStartTime"))
    first = begun - start if begun is not None and start is not None and begun >= start else None
    base = Traced(
        NAME,
        streamed(asked, True if first is not None else None),
        provider=provider,
        when=When(start, end, first),
        trace=said(one, "traceId"),
        span=said(one, "id"),
        parent=said(one, "parentObservationId"),
        name=said(one, "name"),
        about=_about(one, more),
    )
    answer = whole_json(_value(one, "output"), always=False)
    if is_error(one):
        if answer not in (None, "", {}):
            raise LeftOut("it failed after a part of its reply")
        return replace(base, failure=failure_of("", said(one, "statusMessage")))
    reply = reply_of(answer, notes, stop=more.get("finish_reason"))
    if reply is None:
        raise LeftOut(NO_REPLY)
    counts = json_in(_value(one, "usageDetails")) or json_in(_value(one, "usage"))
    dialect = "openai.responses" if _is_item(answer) else None
    reply = completed(reply, model=asked.model, usage=usage_of(counts))
    return replace(
        base, reply=reply, dialect=asked.origin.protocol if asked.origin and not dialect else dialect
    )


def _is_item(said: Json) -> bool:
    """True for an item of Responses."""
    entries = said if isinstance(said, list) else [said]
    return any("output_text" in str(at(one, "content", 0, "type")) for one in entries)


def _asked(one: Fields, provider: str, notes: Notes) -> Conversation:
    prompt = whole_json(_value(one, "input"), always=False)
    model = said(one, "model") or said(one, "providedModelName")
    given = _given(fields(whole_json(_value(one, "modelParameters"))))
    messages, tools = _parted(prompt)
    around = fields(prompt)
    if tools:
        around = {**around, "tools": tools}
    body = {**given, **around, "messages": messages, "model": model or None}
    if "messages" in around or "role" not in around:
        sent = sent_body(body, provider, model)
        if sent is not None:
            return sent
    extra = {name: around.get(name) for name in ("tools", "tool_choice", "functions", "response_format")}
    extra = {name: value for name, value in extra.items() if value}
    system = around.get("system") if isinstance(messages, list) else None
    return asked_of(messages, {**given, **extra}, notes, "openai.chat", system=system, model=model or None)


_MESSAGES = ("messages", "contents", "input", "prompt")


def _parted(said: Json) -> tuple[Json, list[Json]]:
    """The messages, and the definitions of tools that the callback of LangChain puts among them."""
    inner = next((found for name in _MESSAGES if (found := fields(said).get(name))), said)
    if not isinstance(inner, list):
        return inner, []
    tools = [fields(one)["content"] for one in inner if _is_tool(one)]
    return [one for one in inner if not _is_tool(one)], tools


def _is_tool(one: Json) -> bool:
    content = fields(fields(one).get("content"))
    return fields(one).get("role") == "tool" and ("function" in content or "input_schema" in content)


_USUAL = {"temperature": 1, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0}


def _given(parameters: Fields) -> Fields:
    """The parameters without those that the SDK of Langfuse filled in."""
    filled = all(name in parameters for name in ("top_p", "frequency_penalty", "presence_penalty"))
    return {
        name: value
        for name, value in parameters.items()
        if not (filled and name in _USUAL and value in (_USUAL[name], str(_USUAL[name])))
        and value not in ("Infinity", "inf", "None", None)
        and (name, value) != ("service_tier", "default")
    }


def _about(one: Fields, more: Fields) -> Fields:
    told = {
        "session": _value(one, "sessionId"),
        "user": _value(one, "userId"),
        "prompt": _value(one, "promptName"),
    }
    own = {
        name: value
        for name, value in more.items()
        if isinstance(value, str | int | float | bool)
        and not name.startswith(("ls_", "lc_", "is_langchain", "finish_reason"))
    }
    return {**own, **{name: value for name, value in told.items() if isinstance(value, str) and value}}
