"""Writing a response (API reference, "The Response object")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.failure import FailureKind
from tokentape.protocols.canonical.items import Message
from tokentape.protocols.canonical.reply import StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.minting import created_of, minted, seed_of
from tokentape.protocols.openai_responses.failures import cut, write_error
from tokentape.protocols.openai_responses.names import ECHOED, NAME
from tokentape.protocols.openai_responses.stops import RUNNING, write_stop
from tokentape.protocols.openai_responses.write_items import Items
from tokentape.protocols.openai_responses.write_request import settings
from tokentape.protocols.openai_responses.write_usage import write_usage

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

CUT_SHORT = frozenset(
    {StopReason.LENGTH, StopReason.CONTEXT_WINDOW, StopReason.CONTENT_FILTER, StopReason.REFUSAL}
)


def write_reply(reply: Reply, target: Target) -> Fields:
    """The response; what it cannot say is noted in the target's losses."""
    head = write_head(reply, target)
    known = is_own(reply)
    if len(reply.choices) > 1:
        target.losses.meaning((), "other choices", "a response is one answer")
    body: Fields = {**head, "output": list(_output(reply, target))}
    body.update(_ending(reply, target, own=known))
    if reply.usage is not None:
        body["usage"] = write_usage(reply.usage, own=known)
    elif not known:
        body["usage"] = None
    return body


def is_own(reply: Reply) -> bool:
    """True for a reply of this dialect, which says itself all that it has to."""
    return reply.origin is not None and reply.origin.protocol == NAME


def write_head(reply: Reply, target: Target) -> Fields:
    """What a response says from its beginning on."""
    known = is_own(reply)
    written: Fields = {}
    if not known:
        written = {"object": "response", "error": None, "incomplete_details": None}
        written |= echo(target.asked)
    found = response_id(reply, target)
    if found is not None:
        written["id"] = found
    if reply.created is not None or not known:
        written["created_at"] = reply.created if known else created_of(reply)
    model = reply.model or target.model or (target.asked.model if target.asked is not None else None)
    if model is not None or not known:
        written["model"] = model or ""
    return {**reply.origin.rest, **written} if known and reply.origin is not None else written


def response_id(reply: Reply, target: Target) -> str | None:
    """Its id: that of another dialect becomes one of this, always the same (case 40)."""
    if is_own(reply):
        return reply.id
    if reply.id is not None and reply.id.startswith("resp_"):
        return reply.id
    made = created_of(reply) if not reply.id else ""
    return minted("resp_", seed_of(reply, target), reply.model or target.model or "", made)


def echo(asked: Conversation | None) -> Fields:
    """What a response repeats of its request, as the schema requires it."""
    usual = _usual()
    if asked is None:
        return usual
    said = settings(asked, Target(NAME))
    found = {name: value for name, value in said.items() if name in ECHOED and value is not None}
    found["tools"] = (
        [_tool(tool) for tool in asked_tools] if isinstance(asked_tools := said.get("tools"), list) else []
    )
    text = found.get("text")
    if isinstance(text, dict) and "format" not in text:
        found["text"] = {"format": {"type": "text"}, **text}
    first = asked.items[0] if asked.items else None
    if isinstance(first, Message) and first.origin is not None and first.origin.path == ("instructions",):
        texts = [getattr(part, "text", "") for part in first.parts]
        found["instructions"] = "\n\n".join(texts)
    kept = asked.continuation
    if kept is not None and kept.protocol == NAME and kept.previous_response_id is not None:
        found["previous_response_id"] = kept.previous_response_id
    return {**usual, **found}


def _tool(tool: Json) -> Json:
    """A tool as a response repeats it: a function tells all of itself, and is strict unless it said no."""
    if isinstance(tool, dict) and tool.get("type") == "function":
        return {"description": None, "parameters": None, "strict": True, **tool}
    return tool


def _usual() -> Fields:
    """What a response says of a request that says nothing."""
    return {
        "background": False,
        "completed_at": None,
        "frequency_penalty": 0,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "presence_penalty": 0,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": None,
        "safety_identifier": None,
        "service_tier": "default",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
    }


def items_of(reply: Reply, target: Target) -> Items:
    """How its items are written."""
    seed = response_id(reply, target) or ""
    return Items(target, target.model or reply.model, is_own(reply), output=True, seed=seed)


def _output(reply: Reply, target: Target) -> list[Fields]:
    writer = items_of(reply, target)
    said: tuple[Item, ...] = reply.items
    last = "incomplete" if is_cut_short(reply) else "completed"
    found: list[Fields] = []
    for place, item in enumerate(said):
        status = last if place == len(said) - 1 else "completed"
        written = writer.write(item, len(found), status)
        if written is not None:
            found.append(written)
    return found


def is_cut_short(reply: Reply) -> bool:
    """True if its last item is not whole."""
    stop = reply.stop
    return not reply.complete or (stop is not None and stop.reason in CUT_SHORT)


def _ending(reply: Reply, target: Target, *, own: bool) -> Fields:
    """Status, details and error."""
    failure = reply.failure
    if failure is None and not reply.complete:
        rest = reply.origin.rest if reply.origin is not None else {}
        if own and rest.get("status") in tuple(RUNNING):
            return {}
        failure = cut()
    if failure is None:
        return write_stop(reply.stop, own=own, target=target)
    status = "incomplete" if failure.kind is FailureKind.INCOMPLETE else "failed"
    stop = reply.stop
    if own and stop is not None and stop.raw is not None:
        return {**write_stop(stop, own=True, target=target), "error": write_error(failure)}
    return {"status": status, "error": write_error(failure), "incomplete_details": None}
