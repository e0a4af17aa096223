"""From items to Ollama's messages."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Reasoning, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.canonical.parts import Unknown
from tokentape.protocols.canonical.turns import grouped, paired
from tokentape.protocols.ollama.content import Content
from tokentape.protocols.ollama.form import NAME
from tokentape.protocols.ollama.tools import written_call
from tokentape.protocols.tool_ids import identified

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Turn
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_SIDES = {"developer": "system"}


def write_messages(items: Iterable[Item], losses: Losses, *, own: bool) -> list[Json]:
    """The messages. A conversation of this dialect keeps its order, and calls that had no ids get none;
    in others results follow their calls (cases 5, 8).
    """
    given = items if own else paired(identified(items), losses)
    written: list[Json] = []
    for group in grouped(given, NAME, sides=_SIDES):
        for unknown, run in groupby(group.items, lambda item: isinstance(item, Unknown)):
            if unknown:
                written += [item.json for item in run if isinstance(item, Unknown)]
            elif group.side == "tool":
                written += [_result(item, losses) for item in run if isinstance(item, ToolResult)]
            elif group.side == "assistant":
                written.append(assistant_message(tuple(run), group.turn, losses))
            else:
                written.append(_said(group.side, tuple(run), group.turn, losses))
    return written


def _said(role: str, items: Sequence[Item], turn: Turn | None, losses: Losses) -> Fields:
    content = Content(losses, "\n\n")
    for item in (item for item in items if isinstance(item, Message)):
        content.add(item.parts, item.origin)
        _note_name(item, losses)
    return _message(role, content, turn)


def _note_name(item: Message, losses: Losses) -> None:
    if item.name is not None:
        losses.tuning(item.origin, "name", "speakers have no names", "name")


def _message(role: str, content: Content, turn: Turn | None, *, silent: bool = False) -> Fields:
    """A message with its text, which is left out where nothing is said in a turn that may be `silent`."""
    spelling = turn.spelling if turn else NOTHING
    written: Fields = {**(turn.rest if turn else NOTHING), "role": role}
    for name, empty in spelling.items():
        if name != "content":
            written[name] = empty
    text = content.text
    if text or spelling.get("content", not silent) is not False:
        written["content"] = text
    if content.images:
        written["images"] = content.images
    return written


def _result(item: ToolResult, losses: Losses) -> Fields:
    """The result of a tool; an error is one by what it says."""
    content = Content(losses, "\n\n")
    content.add(item.parts, item.origin)
    origin = item.origin
    own = origin is not None and origin.protocol == NAME
    written = _message("tool", content, origin.turn if origin and own else None)
    if item.name is not None:
        written["tool_name"] = item.name
    if item.call_id or (origin is not None and own and origin.spelling.get("tool_call_id") == ""):
        written["tool_call_id"] = item.call_id
    if item.is_error:
        losses.tuning(origin, "is_error", "only the text can say that it is an error")
    if item.cache is not None:
        losses.tuning(origin, "cache mark", "there is no place for it")
    return written


def assistant_message(
    items: Sequence[Item], turn: Turn | None, losses: Losses, *, reply: bool = False
) -> Fields:
    """What the model thought, said and called, in this order whatever order it came in. A turn of the
    history with nothing but calls has no text (case 25); a reply always has one, as the server's.
    """
    content = Content(losses, "")
    thoughts: list[str] = []
    calls: list[Json] = []
    for item in items:
        match item:
            case Message():
                content.add(item.parts, item.origin)
                _note_name(item, losses)
                _note_order(item, bool(calls), losses)
            case Reasoning():
                _note_order(item, bool(calls or content.text or thoughts), losses)
                thoughts += thought_of(item, losses)
            case ToolCall():
                calls.append(written_call(item, losses, len(calls) if reply else None))
            case _:
                pass
    written = _message("assistant", content, turn, silent=bool(calls) and not reply)
    if thoughts:
        written["thinking"] = "\n\n".join(thoughts)
    if calls:
        written["tool_calls"] = calls
    return written


def _note_order(item: Item, late: bool, losses: Losses) -> None:
    if late:
        losses.tuning(item.origin, "order", "a turn is one thought, then text, then calls")


def thought_of(item: Reasoning, losses: Losses) -> list[str]:
    """The thought as text; a summary where there is only that."""
    origin = item.origin
    for blob in item.opaque:
        losses.tuning(origin, blob.kind.replace("_", " "), "there is no place for it")
    if item.text:
        return [item.text]
    return list(item.summary)
