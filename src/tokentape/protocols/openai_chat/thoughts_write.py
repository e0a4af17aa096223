"""Thoughts, written: in a request's history for who wants them back, in a reply for who reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.openai_chat.thoughts_read import said_in_details, thought_text
from tokentape.protocols.quirks import NO_QUIRKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.items import Reasoning
    from tokentape.protocols.canonical.origin import Opaque, Origin
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def own_origin(thought: Reasoning) -> Origin | None:
    """Its origin, if that is this dialect."""
    return thought.origin if thought.origin and thought.origin.protocol == NAME else None


def goes_as_it_came(thought: Reasoning, target: Target) -> bool:
    """True between Chat servers about which nothing is known: they take back what they gave."""
    return own_origin(thought) is not None and target.quirks is NO_QUIRKS


def shown(thought: Reasoning) -> str:
    """The thought as one text: itself, then its summaries."""
    return "\n\n".join(part for part in (thought.text, *thought.summary) if part)


def is_part(thought: Reasoning, target: Target) -> bool:
    """True for a thought that stands among the parts of the content (Mistral)."""
    origin = own_origin(thought)
    if target.quirks.reasoning_field is not None:
        return target.quirks.reasoning_field == "content"
    return origin is not None and origin.spelling.get("as") == "part"


def write_thought_part(thought: Reasoning) -> Fields:
    """A `thinking` part."""
    origin = own_origin(thought)
    rest, spelling = (origin.rest, origin.spelling) if origin else (NOTHING, NOTHING)
    said = shown(thought)
    inner = spelling.get("thinking")
    if inner is None or thought_text(inner) != said:
        inner = [{"type": "text", "text": said}]
    return {**(rest if spelling.get("as") == "part" else {}), "type": "thinking", "thinking": inner}


def write_thought(thought: Reasoning, blobs: Iterable[Opaque], target: Target, usual: str) -> Fields:
    """The fields of a message that say it; `usual` where nobody says which."""
    origin = own_origin(thought)
    spelling = origin.spelling if origin else NOTHING
    details: list[Json] = [blob.data for blob in blobs if blob.kind.startswith("reasoning")]
    written: Fields = {}
    names = spelling.get("fields") if target.quirks.reasoning_field is None else None
    said = shown(thought)
    if origin and spelling.get("as") != "part" and isinstance(names, list):
        written.update({name: said for name in origin.rest for said in [origin.rest[name]]})
        if names or said != said_in_details(details):
            written.update(dict.fromkeys((str(name) for name in names or [usual]), said))
    elif said:
        written[target.quirks.reasoning_field or usual] = said
    if details:
        written["reasoning_details"] = details
    return written
