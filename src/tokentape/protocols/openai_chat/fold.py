"""Chunks of a chat stream as the completion that the API gives without streaming.

Not in a stream, so not in the result: usage nobody asked for, and what only whole replies hold (empty
`annotations`). Only in a stream, so dropped: `index` of tool calls, padding, and some servers' remarks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.folding import grown, latest, objects_of
from tokentape.protocols.openai_chat.calls import Calls
from tokentape.protocols.reading import at, fields, number, objects
from tokentape.protocols.synthesis import NotConvertible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_STREAM_ONLY = frozenset({"object", "choices", "obfuscation", "p"})
"""Of a chunk; `p` is Mistral's padding, `obfuscation` OpenAI's, both against guessing by length."""


def fold(stream: Sequence[Payload]) -> Fields:
    """The `chat.completion`. Raises `NotConvertible` for a stream that told an error, or has no chunk."""
    reply: Fields = {}
    choices: dict[int, _Choice] = {}
    for chunk in objects_of(stream):
        for name, value in chunk.items():
            if name not in _STREAM_ONLY:
                reply[name] = latest(reply.get(name), value)
        for choice in objects(chunk.get("choices") or []):
            choices.setdefault(number(choice.get("index")) or 0, _Choice()).add(choice)
        if "object" in chunk or "choices" in chunk:
            reply.setdefault("object", "chat.completion")
            reply.setdefault("choices", [])
    if "choices" not in reply:
        raise NotConvertible("the stream has no chunk of a chat completion")
    reply["choices"] = [choices[index].whole(index) for index in sorted(choices)]
    if reply.get("usage") is None and (counted := at(reply, "x_groq", "usage")):
        reply["usage"] = counted
        reply["x_groq"] = {name: value for name, value in fields(reply["x_groq"]).items() if name != "usage"}
    return reply


_REMARKS = frozenset({"channel", "token_id"})
"""Of a delta: where Harmony's text belongs (Groq), the number of its token (Together)."""


class _Choice:
    """One choice while its chunks come in."""

    def __init__(self) -> None:
        self.message: Fields = {"role": "assistant"}
        self.texts: dict[str, list[str]] = {}
        self.calls = Calls()
        self.fields: Fields = {}

    def add(self, choice: Fields) -> None:
        for name, value in choice.items():
            if name == "delta" or (name == "message" and "delta" not in choice):
                self._add(fields(value))
            elif name == "logprobs":
                self.fields[name] = grown(self.fields.get(name), value)
            elif name not in ("index", "message"):
                self.fields[name] = latest(self.fields.get(name), value)

    def _add(self, delta: Fields) -> None:
        for name, value in delta.items():
            if name in _REMARKS:
                continue
            if value is None:
                self.message.setdefault(name, None)
            elif name == "tool_calls" and isinstance(value, list):
                self.message[name] = self.calls.add(value)
            elif isinstance(value, str) and isinstance(self.message.get(name) or "", str):
                self._say(name, value)
            elif name == "content":
                self.message[name] = _longer(self._said(name), value)
            else:
                self.message[name] = grown(self._said(name), value)

    def _say(self, name: str, value: str) -> None:
        if name == "role":
            self.message[name] = value or "assistant"
        else:
            self.message[name] = ""
            self.texts.setdefault(name, []).append(value)

    def _said(self, name: str) -> Json:
        """What came of a field so far; from here on it is no text."""
        parts = self.texts.pop(name, None)
        return self.message.get(name) if parts is None else "".join(parts)

    def whole(self, index: int) -> Json:
        message = self.message | {name: "".join(parts) for name, parts in self.texts.items()}
        likely: Fields = {"logprobs": self.fields["logprobs"]} if "logprobs" in self.fields else {}
        return {"index": index, "message": message, **likely, **self.fields}


def _longer(content: Json, delta: Json) -> Json:
    """Content is text, or (Mistral) a list of parts; text after parts, or the reverse, becomes a part."""
    if isinstance(content, str) and isinstance(delta, list):
        content = [{"type": "text", "text": content}] if content else []
    elif isinstance(content, list) and isinstance(delta, str):
        delta = [{"type": "text", "text": delta}] if delta else []
    if not (isinstance(content, list) and isinstance(delta, list)):
        return grown(content, delta)
    parts = list(content)
    for part in delta:
        _append(parts, part)
    return parts


def _append(parts: list[Json], part: Json) -> None:
    """A part joins the one before if both are text, or both thinking (a list of texts), and nothing else."""
    last = parts[-1] if parts else None
    kind = fields(part).get("type")
    if isinstance(last, dict) and kind in ("text", "thinking") and last.get("type") == kind:
        inner = str(kind)
        if last.keys() == {"type", inner} and fields(part).keys() <= {"type", inner, "closed"}:
            parts[-1] = {**last, **fields(part), inner: _longer(last[inner], fields(part).get(inner))}
            return
    parts.append(part)
