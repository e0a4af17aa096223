"""An answer as its snapshot shows it, and back: what it says, item by item, in JSON that people review.

    [{"text": S}, {"json": V, "style": ...}, {"refusal": S}, {"call": NAME, "arguments": V}, {"media": V}]

Texts that are JSON stand there as JSON, and long ones line by line (as in cassettes). Thoughts are left out,
and so is what the provider's own tools did: nobody asserts them. Both sides of a comparison go through this
form, so nothing is compared that a snapshot cannot hold.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.cassettes.format.folding import fold, fold_text, unfold
from tokentape.cassettes.format.jsonform import restore_json, show_json
from tokentape.cassettes.format.textform import restore_text
from tokentape.evaluation.comparing.comparator import Side
from tokentape.evaluation.comparing.plain import arguments_of
from tokentape.protocols.canonical.items import Message, Role, ToolCall
from tokentape.protocols.canonical.parts import Refusal, Text, Unknown
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.canonical.semantic import part_said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part
    from tokentape.wire.interaction import Json

    Form = dict[str, Json]
    Redact = Callable[[Form], Form]

VERSION = 1


def form_of(side: Side, redact: Redact) -> Form:
    """What a snapshot keeps of an answer; `redact` hides secrets in a JSON object."""
    reply = side.reply
    form: Form = {"tokentape_snapshot": VERSION}
    if reply.model:
        form["model"] = reply.model
    if reply.stop is not None:
        form["stop"] = reply.stop.reason.value
    form["reply"] = [*_items(reply.items, redact)]
    return form


def side_from(form: Form) -> Side:
    """The answer again. Raises `ValueError` for what is no snapshot of ours."""
    if form.get("tokentape_snapshot") != VERSION:
        raise ValueError("it is no snapshot of this version")
    entries = form.get("reply")
    if not isinstance(entries, list):
        raise ValueError('"reply" is no list')
    said = form.get("stop")
    stop = Stop(StopReason(said)) if isinstance(said, str) else None
    return Side(Reply((Choice(tuple(map(_item, entries)), stop),)))


def _items(items: Iterable[Item], redact: Redact) -> Iterator[Json]:
    for item in items:
        if isinstance(item, Message):
            yield from _message(item.parts, redact)
        elif isinstance(item, ToolCall):
            yield redact(_call(item))


def _message(parts: Iterable[Part], redact: Redact) -> Iterator[Json]:
    text = ""
    for part in parts:
        if isinstance(part, Text):
            text += part.text
            continue
        if text:
            yield _text(text, redact)
            text = ""
        refusal = fold_text(part.text) if isinstance(part, Refusal) else None
        yield redact({"media": part_said(part)} if refusal is None else {"refusal": refusal})
    if text:
        yield _text(text, redact)


def _text(text: str, redact: Redact) -> Form:
    """Hidden first, since white space is told by where it stands; fields of JSON are known by their names."""
    text = str(redact({"text": text})["text"])
    shown = show_json(text) if text.lstrip()[:1] in ("{", "[") else None
    if shown is None:
        return {"text": fold_text(text)}
    value = {"json": shown["json"]}
    clean = redact(value)
    return shown if clean == value else {**clean, "style": shown["style"]}


def _call(call: ToolCall) -> Form:
    arguments = arguments_of(call)
    if arguments == call.arguments:  # what is no JSON is its text
        return {"call": call.name, "input": call.arguments}
    return {"call": call.name, "arguments": fold(arguments)}


def _item(entry: Json) -> Item:
    match entry:
        case {"text": text}:
            return _said(Text(restore_text({"text": text})))
        case dict() if "json" in entry:
            return _said(Text(restore_json(entry)))
        case {"refusal": text}:
            return _said(Refusal(restore_text({"text": text})))
        case {"media": said}:
            return _said(Unknown("snapshot", said))
        case {"call": str(name), "arguments": arguments}:
            return ToolCall("", name, json.dumps(unfold(arguments)))
        case {"call": str(name), "input": str(written)}:
            return ToolCall("", name, written, kind="custom")
        case _:
            raise ValueError(f"nothing is known of an entry like {json.dumps(entry)[:80]}")


def _said(part: Part) -> Message:
    return Message(Role.ASSISTANT, (part,))
