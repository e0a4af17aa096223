"""What a model's turn holds beside its words: taken out of a reply, put back into a history.

A turn's state is kept under the link of its history (`conversations.chain`), which fits only where all
before it was equal, and that of each call under its id too, for histories that were cut or edited.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.gateway.fields.blobs import read_thought, sealed, unsealed, written_thought
from tokentape.protocols.canonical.items import Message, Reasoning, ToolCall
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.reading import fields, objects
from tokentape.protocols.tool_ids import RULES, SIGNED_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tokentape.gateway.fields.states import StateRule
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Opaque
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_FORMS = ("openai", "anthropic", "mistral")


def bare(given: str) -> str:
    """An id of a call without the signature that it may carry."""
    return given.partition(SIGNED_ID)[0]


def forms_of(given: str) -> set[str]:
    """An id of a call in all the ways in which clients may have been told it (cases 1 to 3, 19)."""
    own = bare(given)
    return {own, *(RULES[name].fitted(own) for name in _FORMS)} if own else set()


def learned(said: Sequence[Item], rule: StateRule) -> Fields | None:
    """The state of a turn: for each message and each call of it the thoughts before it, and its blobs.

    None where there is none, or `rule` wants thoughts of calls and there are no calls.
    """
    texts: list[Json] = []
    calls: list[Json] = []
    before: list[Json] = []
    for item in said:
        if isinstance(item, Reasoning):
            kept = tuple(blob for blob in item.opaque if rule.holds(blob))
            if kept or (rule.thoughts and (item.text or item.summary)):
                before.append(written_thought(replace(item, opaque=kept)))
        elif isinstance(item, ToolCall):
            calls.append({"before": before, "blobs": _blobs(item, rule)})
            before = []
        elif isinstance(item, Message) and says(item):
            texts.append({"before": before, "blobs": _blobs(item, rule)})
            before = []
    anchors = (*texts, *calls)
    if (rule.thoughts and not calls) or not any(_holds(each) for each in anchors):
        return None
    return {"texts": texts, "calls": calls}


def _blobs(item: Message | ToolCall, rule: StateRule) -> list[Json]:
    if isinstance(item, ToolCall):
        return [sealed(blob) for blob in item.opaque if rule.holds(blob)]
    found = [
        blob for part in item.parts if isinstance(part, Text) for blob in part.opaque if rule.holds(blob)
    ]
    return [sealed(blob) for blob in found[-1:]]


def says(item: Message) -> bool:
    """True for a message that clients keep: empty ones they drop (case 25)."""
    return any(not isinstance(part, Text) or part.text for part in item.parts)


def _holds(anchor: Json) -> bool:
    return bool(fields(anchor).get("before") or fields(anchor).get("blobs"))


def lacks(said: Iterable[Item], rule: StateRule) -> bool:
    """True for a turn that came back without what the rule is about."""
    is_thought = False
    for item in said:
        if isinstance(item, Reasoning):
            is_thought = is_thought or bool(item.text or item.summary)
            blobs: Iterable[Opaque] = item.opaque
        elif isinstance(item, ToolCall):
            blobs = item.opaque
        elif isinstance(item, Message):
            blobs = (blob for part in item.parts if isinstance(part, Text) for blob in part.opaque)
        else:
            blobs = ()
        if any(rule.holds(blob) for blob in blobs):
            return False
    return not (rule.thoughts and is_thought)


def restored(said: Sequence[Item], state: Json) -> list[Item]:
    """The turn with its state: thoughts stand where they stood, before what they led to.

    Thoughts that the client sent without their seals give way to the ones that were kept.
    """
    held = fields(state)
    texts, calls = list(objects(held.get("texts") or [])), list(objects(held.get("calls") or []))
    thinks = any(each.get("before") for each in (*texts, *calls))
    messages = sum(isinstance(item, Message) and says(item) for item in said)
    found: list[Item] = []
    for item in said:
        if isinstance(item, Reasoning) and thinks:
            continue
        line: list[Fields] = []
        if isinstance(item, ToolCall):
            line = _taken(texts, len(texts) if not messages else 0) + _taken(calls, 1)
        elif isinstance(item, Message) and says(item):
            messages -= 1
            line = _taken(texts, 1 if messages else len(texts))
        for anchor in line:
            found += [read_thought(each, item.origin) for each in objects(anchor.get("before") or [])]
        found.append(_sealed_again(item, line[-1]) if line else item)
    return found


def _taken(line: list[Fields], count: int) -> list[Fields]:
    taken = line[:count]
    del line[:count]
    return taken


def _sealed_again(item: Item, anchor: Fields) -> Item:
    blobs = tuple(unsealed(each) for each in objects(anchor.get("blobs") or []))
    if not blobs:
        return item
    if isinstance(item, ToolCall):
        return replace(item, opaque=(*item.opaque, *blobs))
    if not isinstance(item, Message):
        return item
    places = [nth for nth, part in enumerate(item.parts) if isinstance(part, Text)]
    if not places:
        return item
    parts = list(item.parts)
    last = parts[places[-1]]
    if isinstance(last, Text):
        parts[places[-1]] = replace(last, opaque=(*last.opaque, *blobs))
    return replace(item, parts=tuple(parts))


def state_of_calls(known: Sequence[Fields | None]) -> Json:
    """The state of a turn put together from that of its calls, as far as that is known."""
    calls: list[Json] = [dict(each) if each else {} for each in known]
    return {"texts": [], "calls": calls} if any(calls) else None
