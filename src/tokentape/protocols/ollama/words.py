"""What Ollama is asked and what it says, in one JSON value or line by line; and its token counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import (
    USER,
    at,
    called,
    counted_vectors,
    fields,
    last_turn,
    number,
    objects,
    spaced,
    text,
)
from tokentape.protocols.usage import Usage, beside, last_counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def asks(body: Json) -> str:
    """The last user text, the prompt, or the text to embed."""
    given = fields(body)
    said = text(given.get("prompt")) or text(given.get("input")) or text(at(given, "input", -1))
    return last_turn(given["messages"], USER) if "messages" in given else said


def reads_as(reply: Json) -> str:
    """The message or the response; the number of vectors."""
    vectors = at(reply, "embeddings") or ([at(reply, "embedding")] if at(reply, "embedding") else [])
    return spaced([_text(reply), *_calls(reply)]) or counted_vectors(
        vectors if isinstance(vectors, list) else []
    )


def _text(reply: Json) -> str:
    return text(at(reply, "message", "content")) or text(at(reply, "response"))


def _calls(reply: Json) -> list[str]:
    found = objects(at(reply, "message", "tool_calls"))
    return [called(at(call, "function", "name"), at(call, "function", "arguments")) for call in found]


def is_complete(stream: Sequence[Payload]) -> bool:
    """A line with `done: true`, or an error."""
    return any(
        payload.fields.get("done") is True or bool(payload.fields.get("error"))
        for payload in reversed(stream)
    )


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """The lines put together; tool calls come whole."""
    said = "".join(_text(payload.json) for payload in stream)
    return spaced([said, *(call for payload in stream for call in _calls(payload.json))])


def usage(reply: Json) -> Usage | None:
    """Counts stand beside the answer; a prompt that was cached is not counted at all."""
    counts = {name: value for name, value in fields(reply).items() if name.endswith("eval_count")}
    asked, answered = number(counts.get("prompt_eval_count")), number(counts.get("eval_count"))
    return Usage(asked, answered, raw=counts, **beside(reply)).known()


def usage_of_stream(stream: Sequence[Payload]) -> Usage | None:
    """From the last line that counts."""
    return last_counted(usage(payload.json) for payload in reversed(stream))
