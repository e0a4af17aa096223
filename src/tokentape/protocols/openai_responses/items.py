"""The events of one output item of a response, from `output_item.added` to `output_item.done`.

A kind of item that is not known here is added and done: the item itself says everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import objects, text
from tokentape.protocols.unfolding import fragments, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_WRITTEN = {
    "function_call": ("arguments", "function_call_arguments"),
    "mcp_call": ("arguments", "mcp_call_arguments"),
    "custom_tool_call": ("input", "custom_tool_call_input"),
    "code_interpreter_call": ("code", "code_interpreter_call_code"),
}
"""Items with a text that is written bit by bit: its field, and the name of its events."""

_STAGES = {
    "web_search_call": (("in_progress", "searching"), ("completed",)),
    "file_search_call": (("in_progress", "searching"), ("completed",)),
    "image_generation_call": (("in_progress", "generating"), ("completed",)),
    "code_interpreter_call": (("in_progress",), ("interpreting", "completed")),
    "mcp_list_tools": (("in_progress",), ("completed",)),
    "mcp_call": (("in_progress",), ("completed",)),
}
"""Items that tell what they are doing: before their text, and after it."""


def life(item: Fields, index: int) -> Iterator[Fields]:
    """The events, without `sequence_number`."""
    place: Fields = {"item_id": item["id"]} if "id" in item else {}
    place["output_index"] = index
    yield {"type": "response.output_item.added", "output_index": index, "item": _begun(item)}
    kind = text(item.get("type"))
    before, after = _STAGES.get(kind, ((), ()))
    for stage in before:
        yield {"type": f"response.{kind}.{stage}", **place}
    yield from _summary(item, place)
    yield from _content(item, place)
    yield from _written(item, kind, place)
    if kind == "mcp_call" and item.get("error"):
        after = ("failed",)
    for stage in after:
        yield {"type": f"response.{kind}.{stage}", **place}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _begun(item: Fields) -> Fields:
    """The item as it stood at first: nothing in it yet."""
    kind = text(item.get("type"))
    empty: Fields = {"content": [], "summary": []} if kind in ("message", "reasoning") else {}
    if item.get("status"):
        empty["status"] = "in_progress"
    if kind in _WRITTEN:
        empty[_WRITTEN[kind][0]] = ""
    if kind == "mcp_call":
        empty["output"] = None
    return {
        name: empty[name] if name in empty and value is not None else value for name, value in item.items()
    }


def _summary(item: Fields, place: Fields) -> Iterator[Fields]:
    """A reasoning item's summary, part by part."""
    name = "response.reasoning_summary"
    for index, part in enumerate(objects(item.get("summary") or [])):
        here: Fields = {**place, "summary_index": index}
        said = text(part.get("text"))
        yield {"type": f"{name}_part.added", **here, "part": {**part, "text": ""}}
        for piece in pieces(said):
            yield {"type": f"{name}_text.delta", **here, "delta": piece}
        yield {"type": f"{name}_text.done", **here, "text": said}
        yield {"type": f"{name}_part.done", **here, "part": part}


def _content(item: Fields, place: Fields) -> Iterator[Fields]:
    """The parts of a message, or of open reasoning."""
    if item.get("type") not in ("message", "reasoning"):
        return
    for index, part in enumerate(objects(item.get("content") or [])):
        here: Fields = {**place, "content_index": index}
        yield {"type": "response.content_part.added", **here, "part": _emptied(part)}
        yield from _spoken(part, here)
        yield {"type": "response.content_part.done", **here, "part": part}


def _emptied(part: Fields) -> Fields:
    empty: Fields = {"text": "", "refusal": "", "annotations": [], "logprobs": []}
    return {
        name: empty[name] if name in empty and value is not None else value for name, value in part.items()
    }


def _spoken(part: Fields, here: Fields) -> Iterator[Fields]:
    """The text of one part; what it cites comes after the text, each citation in an event."""
    kind = text(part.get("type"))
    if kind == "refusal":
        said = text(part.get("refusal"))
        for piece in pieces(said):
            yield {"type": "response.refusal.delta", **here, "delta": piece}
        yield {"type": "response.refusal.done", **here, "refusal": said}
    elif kind in ("output_text", "reasoning_text"):
        said = text(part.get("text"))
        likely: list[Json] = list(objects(part.get("logprobs") or []))
        for nth, piece in enumerate(pieces(said)):
            yield {
                "type": f"response.{kind}.delta",
                **here,
                "delta": piece,
                **_logprobs(kind, [] if nth else likely),
            }
        for nth, cited in enumerate(objects(part.get("annotations") or [])):
            added: Fields = {"annotation_index": nth, "annotation": cited}
            yield {"type": "response.output_text.annotation.added", **here, **added}
        yield {"type": f"response.{kind}.done", **here, "text": said, **_logprobs(kind, likely)}


def _logprobs(kind: str, likely: list[Json]) -> Fields:
    return {"logprobs": likely} if kind == "output_text" else {}


def _written(item: Fields, kind: str, place: Fields) -> Iterator[Fields]:
    if kind not in _WRITTEN:
        return
    field, name = _WRITTEN[kind]
    said = text(item.get(field))
    for part in fragments(said):
        yield {"type": f"response.{name}.delta", **place, "delta": part}
    named: Fields = {"name": item["name"]} if kind == "function_call" and "name" in item else {}
    yield {"type": f"response.{name}.done", **place, **named, field: said}
