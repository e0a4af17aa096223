"""Answers in the ways that traces write them: a body, messages, LangChain's generations, a text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.notes import LeftOut
from tokentape.cassettes.importers.traces.messages import MISSING, is_message, items_of, unwrapped
from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Source
from tokentape.protocols.detection import dialect_of_reply
from tokentape.protocols.reading import at, fields, text
from tokentape.protocols.translation import codec_of

if TYPE_CHECKING:
    from tokentape.cassettes.importers.notes import Notes
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_STOPS = {
    "stop": StopReason.END, "end_turn": StopReason.END, "end": StopReason.END, "completed": StopReason.END,
    "complete": StopReason.END, "eos": StopReason.END, "finish_reason_stop": StopReason.END,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "length": StopReason.LENGTH, "max_tokens": StopReason.LENGTH, "max_output_tokens": StopReason.LENGTH,
    "finish_reason_max_tokens": StopReason.LENGTH, "incomplete": StopReason.LENGTH,
    "tool_calls": StopReason.TOOL_CALLS, "tool_call": StopReason.TOOL_CALLS,
    "tool_use": StopReason.TOOL_CALLS, "function_call": StopReason.TOOL_CALLS,
    "content_filter": StopReason.CONTENT_FILTER, "safety": StopReason.CONTENT_FILTER,
    "content_filtered": StopReason.CONTENT_FILTER, "refusal": StopReason.REFUSAL,
    "pause_turn": StopReason.PAUSE, "error": StopReason.ERROR,
}  # fmt: skip


def stop_of(word: Json, items: tuple[Item, ...]) -> Stop:
    """Why the model stopped: by the word for it, else by what it said."""
    reason = _STOPS.get(text(word).lower().rpartition(".")[2])
    calls = any(isinstance(item, ToolCall) for item in items)
    if reason is None or (reason is StopReason.END and calls):
        reason = StopReason.TOOL_CALLS if calls else StopReason.END
    return Stop(reason)


def reply_of(said: Json, notes: Notes, *, stop: Json = None, choices: bool = False) -> Reply | None:
    """The reply; None where nothing was said. `choices`: each message of a list is one. Raises `LeftOut`."""
    if isinstance(said, dict) and (native := native_reply(said)) is not None:
        return native
    listed = _answers(said)
    if None in listed:
        raise LeftOut(MISSING)
    if listed and not all(is_message(_cleaned(one)) for one in listed):
        notes.lose("the spelling of an answer that is stored as JSON")
        listed = [{"role": "assistant", "content": json.dumps(said, ensure_ascii=False)}]
    found = []
    groups = [[one] for one in listed] if choices else [listed]
    for nth, group in enumerate(groups):
        items = tuple(items_of(list(map(_cleaned, group)), notes, "assistant"))
        words = [word for one in group if (word := _word(one))]
        told = stop[nth] if isinstance(stop, list) and nth < len(stop) else stop
        if items:
            found.append(Choice(items, stop_of(words[-1] if words else told, items), nth))
    return Reply(tuple(found)) if found else None


def native_reply(body: Fields) -> Reply | None:
    """A body as its provider gave it, read by its dialect; None for any other object."""
    dialect = dialect_of_reply(body)
    if dialect is None or not any(isinstance(body.get(name), list) for name in _BODIES):
        return None
    if dialect == "anthropic.messages" and "output_text" in str(at(body, "content", 0, "type")):
        return None  # an item of Responses, of the same look
    try:
        reply = codec_of(dialect).read_reply(_without_nulls(body), Source(dialect))
    except ProtocolError:
        return None
    return reply if reply.items else None


_BODIES = ("choices", "content", "candidates", "output")


def _without_nulls(body: Fields) -> Fields:
    """SDKs print fields that did not come as null; LangSmith counts in words of its own."""
    return {name: value for name, value in body.items() if value is not None and name != "usage_metadata"}


def _answers(said: Json) -> list[Json]:
    """The messages of an answer, out of what stands around them."""
    if isinstance(said, dict):
        for name in _AROUND:
            if isinstance(said.get(name), list | dict | str) and not said.get("role"):
                return _answers(said[name])
    if isinstance(said, list):
        return [one for each in said for one in (_answers(each) if isinstance(each, list) else [each])]
    return [] if said is None or said == "" else [said]


_AROUND = ("generations", "choices", "messages", "output", "completion", "response")


def _cleaned(one: Json) -> Json:
    """A generation or a choice without what says how it ended."""
    if not isinstance(one, dict):
        return one
    if isinstance(one.get("message"), dict):
        return one["message"]
    return {"role": "assistant", "content": one["text"]} if "generation_info" in one else one


def _word(one: Json) -> str:
    """Why it ended, wherever it is said."""
    told = fields(one)
    message = unwrapped(told)
    places = (told, message, fields(told.get("generation_info")), fields(message.get("response_metadata")))
    names = ("finish_reason", "stop_reason", "finishReason", "stopReason")
    return next((word for place in places for name in names if (word := text(place.get(name)))), "")


def completed(reply: Reply, *, model: str | None, usage: Usage | None, id: str = "") -> Reply:
    """The reply with what the trace tells beside it, where the reply itself does not."""
    counted = reply.usage is not None and not reply.usage.counts_nothing
    return replace(
        reply,
        id=reply.id or id or None,
        model=reply.model or model,
        usage=reply.usage if counted else usage,
    )
