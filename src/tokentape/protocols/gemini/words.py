"""What a Gemini request asks and what a reply says, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import (
    USER,
    at,
    block_text,
    called,
    counted_vectors,
    fields,
    last_turn,
    objects,
    spaced,
    text,
)

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


def asks(body: Json) -> str:
    """The text of the last user content; of an embedding its content, of an interaction its input."""
    given = fields(body)
    if "contents" in given:
        return last_turn(given["contents"], USER, "parts") or block_text(at(given, "contents", "parts"))
    if "input" in given:
        return last_turn(_input(given["input"]), USER)
    content = (
        given.get("content") or at(given, "requests", -1, "content") or at(given, "instances", -1, "content")
    )
    return block_text(at(content, "parts")) or text(content)


def _input(given: Json) -> Json:
    """An interaction's input: text, content blocks, or turns."""
    if isinstance(given, list) and not any("role" in turn for turn in objects(given)):
        return block_text(given)
    return given


def reads_as(reply: Json) -> str:
    """The parts of every candidate, thoughts left out; the outputs of an interaction."""
    candidates = spaced(
        parts_words(at(found, "content", "parts")) for found in objects(at(reply, "candidates"))
    )
    return candidates or block_text(at(reply, "outputs")) or _steps(at(reply, "steps")) or _vectors(reply)


def _vectors(reply: Json) -> str:
    """An embedding's reply: one `embedding`, several `embeddings`, or the `predictions` of Vertex."""
    found = [at(reply, "embedding"), *objects(at(reply, "embeddings"))]
    found += [at(entry, "embeddings") for entry in objects(at(reply, "predictions"))]
    return counted_vectors([values for entry in found if (values := at(entry, "values"))])


def _steps(steps: Json) -> str:
    return spaced(
        block_text(step.get("content")) for step in objects(steps) if step.get("type") == "model_output"
    )


def parts_words(parts: Json) -> str:
    """The parts of one content: text that is no thought, then function calls."""
    shown = [part for part in objects(parts) if part.get("thought") is not True]
    calls = [fields(part.get("functionCall") or part.get("function_call")) for part in shown]
    said = "".join(text(part.get("text")) for part in shown)
    return spaced([said, *(called(call.get("name"), call.get("args")) for call in calls if call)])
