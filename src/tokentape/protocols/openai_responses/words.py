"""What a Responses request asks and what a reply says, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import USER, at, called, fields, last_turn, objects, spaced, text

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


def asks(body: Json) -> str:
    """The input if it is text, else the text of its last user message."""
    return last_turn([turn for turn in _turns(fields(body).get("input"))], USER)


def _turns(given: Json) -> list[Json]:
    """Items that are not messages have no role, and are nobody's words."""
    if not isinstance(given, list):
        return [given]
    return [item for item in given if isinstance(item, str) or "role" in fields(item)]


def reads_as(reply: Json) -> str:
    """The output items in order."""
    return spaced(item_words(item) for item in objects(at(reply, "output")))


def item_words(item: dict[str, Json]) -> str:
    """One output item: message text or refusal, or a call of a function or custom tool."""
    if item.get("type") == "message":
        return spaced(
            text(part.get("text")) or text(part.get("refusal")) for part in objects(item.get("content"))
        )
    if text(item.get("type")) in {"function_call", "custom_tool_call"}:
        return called(item.get("name"), item.get("arguments") or item.get("input") or "")
    return ""
