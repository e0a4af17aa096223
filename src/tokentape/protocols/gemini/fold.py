"""The replies of a Gemini stream as the one reply of generateContent.

Neighbouring bits of text are one part, as far as both are thought or both are not: where one text ended
and the next began, a stream does not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.folding import grown, latest, objects_of
from tokentape.protocols.reading import fields, number, objects, text
from tokentape.protocols.synthesis import NotConvertible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_GROWING = frozenset({"citationMetadata", "logprobsResult"})
"""Fields of a candidate that each chunk adds to; the others it tells again."""


def fold(stream: Sequence[Payload]) -> Fields:
    """The reply. Raises `NotConvertible` for an error in the stream, or a stream of something else."""
    reply: Fields = {}
    candidates: dict[int, _Candidate] = {}
    for chunk in objects_of(stream):
        for name, value in chunk.items():
            if name != "candidates":
                reply[name] = latest(reply.get(name), value)
        if "candidates" in chunk:
            reply.setdefault("candidates", [])
        for candidate in objects(chunk.get("candidates") or []):
            candidates.setdefault(number(candidate.get("index")) or 0, _Candidate()).add(candidate)
    if not ("candidates" in reply or "promptFeedback" in reply):
        raise NotConvertible("the stream has neither candidates nor prompt feedback")
    if "candidates" in reply:
        reply["candidates"] = [candidates[index].whole() for index in sorted(candidates)]
    return reply


class _Candidate:
    """One candidate while its chunks come in."""

    def __init__(self) -> None:
        self.fields: Fields = {}
        self.parts: list[_Part] = []
        self.has_parts = False

    def add(self, candidate: Fields) -> None:
        for name, value in candidate.items():
            old = self.fields.get(name)
            if name == "content" and isinstance(value, dict):
                self._add(value)
            else:
                self.fields[name] = grown(old, value) if name in _GROWING else latest(old, value)

    def _add(self, content: Fields) -> None:
        said = {name: value for name, value in content.items() if name != "parts"}
        self.fields["content"] = {**fields(self.fields.get("content")), **said}
        self.has_parts = self.has_parts or "parts" in content
        for part in objects(content.get("parts") or []):
            if not (self.parts and self.parts[-1].takes(part)):
                self.parts.append(_Part(part))

    def whole(self) -> Json:
        if not self.has_parts:
            return self.fields
        parts: list[Json] = [part.whole() for part in self.parts]
        return {**self.fields, "content": {"parts": parts, **fields(self.fields.get("content"))}}


class _Part:
    """One part, which grows as long as it is text of one kind and nothing else came with it."""

    def __init__(self, start: Fields) -> None:
        self._fields = start
        self._bits = [text(start.get("text"))]

    def takes(self, part: Fields) -> bool:
        """Join `part`, if it goes on with this one."""
        mine = self._fields.keys() <= {"text", "thought"} and "text" in self._fields
        same = self._fields.get("thought") == part.get("thought")
        if not (mine and same and isinstance(part.get("text"), str)):
            return False
        self._bits.append(text(part["text"]))
        self._fields = {**self._fields, **part}
        return True

    def whole(self) -> Fields:
        """The part with all its text."""
        return {**self._fields, "text": "".join(self._bits)} if "text" in self._fields else self._fields
