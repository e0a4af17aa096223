"""Items of inputs and outputs, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import at, fields, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_PARTS = frozenset({"input_text", "input_image", "input_file", "input_audio"})
SEALED_THOUGHTS = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"
LONGEST_ID = 512
OUTPUTS = {
    "function_call_output": "function_call",
    "custom_tool_call_output": "custom_tool_call",
}
"""Results of tools, and what they are results of."""


def listed(given: Json) -> list[Json]:
    """The input as a list of items: a text, one item, and parts that stand by themselves are one each."""
    match given:
        case None:
            return []
        case str():
            return [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": given}]}]
        case dict():
            return [given]
        case list() if given and all(at(entry, "type") in _PARTS for entry in given):
            return [{"type": "message", "role": "user", "content": given}]
        case list():
            return given
        case _:
            return [given]


def ids_of(items: Iterable[Json]) -> list[str]:
    """Their ids, as far as they have any."""
    return [found for item in items if is_id(found := text(fields(item).get("id")))]


def is_id(name: str) -> bool:
    """True for what may be the id of something: not empty, of a sensible length, and Unicode."""
    if not 0 < len(name) <= LONGEST_ID:
        return False
    try:
        name.encode()
    except UnicodeEncodeError:  # half a character
        return False
    return True


def kind_of(item: Json) -> str:
    """The type of an item; one without is a message."""
    return text(fields(item).get("type")) or "message"


def calls_of(items: Iterable[Json]) -> set[tuple[str, str]]:
    """The calls among them: kind, and call id."""
    return {(kind_of(item), text(fields(item).get("call_id"))) for item in items}


def shown(item: Json, include: Iterable[str]) -> Json:
    """An item as a client sees it that asks for a stored response: sealed thoughts and log probabilities
    only where it wants them.
    """
    if not isinstance(item, dict):
        return item
    wanted = set(include)
    if item.get("type") == "reasoning" and SEALED_THOUGHTS not in wanted and "encrypted_content" in item:
        return {name: value for name, value in item.items() if name != "encrypted_content"}
    content = item.get("content")
    if LOGPROBS in wanted or not isinstance(content, list):
        return item
    return {**item, "content": [_without_logprobs(part) for part in content]}


def _without_logprobs(part: Json) -> Json:
    if isinstance(part, dict) and part.get("logprobs"):
        return {**part, "logprobs": []}
    return part
