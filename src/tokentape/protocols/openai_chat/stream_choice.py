"""One choice of a stream, read: deltas in, canonical events out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.events import Amend, Close, Delta, Open, Stopped
from tokentape.protocols.canonical.items import Reasoning
from tokentape.protocols.canonical.origin import Origin, Turn
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.protocols.folding import Growing, grown, latest
from tokentape.protocols.openai_chat.content import read_part
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.openai_chat.read_message import citation, read_audio, says_nothing
from tokentape.protocols.openai_chat.stops import read_stop
from tokentape.protocols.openai_chat.stream_calls import StreamCalls
from tokentape.protocols.openai_chat.thoughts_read import (
    TEXTS,
    details_of,
    is_thought,
    said_in_details,
    thought_text,
)
from tokentape.protocols.reading import fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.origin import Maker, Path
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_KNOWN = frozenset({"index", "delta", "message", "logprobs", "finish_reason"})


class ChoiceState:
    """What came of a choice so far, as far as the next delta needs it."""

    def __init__(self, index: int, keys: Callable[[], int], maker: Callable[[], Maker], where: Where) -> None:
        self.index = index
        self.raw: str | None = None
        self._keys = keys
        self._maker = maker
        self._where = where
        self._path: Path = ("choices", index, "message")
        self._text: int | None = None
        self._refusal: int | None = None
        self._thought: int | None = None
        self._field = ""
        self._fields: list[Json] = []
        self._part = ""
        self._open: list[int] = []
        self._texts: dict[str, list[str]] = {}
        self._extra: dict[str, Growing] = {}
        self._blank: Fields = {}
        self._spelling: Fields = {}
        self._details = Growing([])
        self._sound = Growing()
        self._notes: list[Json] = []
        self._tokens: dict[str, list[Json]] = {"content": [], "refusal": []}
        self.calls = StreamCalls(index, keys, maker)
        self.rest: Fields = {}
        self._called = False
        self._closed = False

    def add(self, choice: Fields, events: list[Event]) -> None:
        """The next chunk of it."""
        delta = choice.get("delta")
        if delta is None and "delta" not in choice:
            delta = choice.get("message")
        if delta is not None:
            self._add(self._where.fields(delta, "delta"), events)
        if (likely := choice.get("logprobs")) is not None:
            self._likely(likely, events)
        if not choice.keys() <= _KNOWN:
            for name, value in choice.items():
                if name not in _KNOWN:
                    self.rest[name] = latest(self.rest.get(name), value)
        if "logprobs" in choice:
            self._spelling.setdefault("logprobs", None)
        if "finish_reason" in choice:
            self._spelling.setdefault("finish_reason", choice["finish_reason"])
        raw = self._where.text_or_none(choice.get("finish_reason"), "finish_reason")
        if raw:
            self.raw = raw
            self.close(events)

    def _add(self, delta: Fields, events: list[Event]) -> None:
        for name, value in delta.items():
            if value is None:
                self._blank.setdefault(name, None)
            elif name == "content":
                self._content(value, events)
            elif name == "role":
                if value not in ("assistant", ""):
                    self._blank["role"] = value
            else:
                self._other(name, value, delta, events)

    def _other(self, name: str, value: Json, delta: Fields, events: list[Event]) -> None:
        match name:
            case "reasoning_content" | "reasoning" if isinstance(value, str):
                self._think(name, value, events)
            case "tool_calls":
                self._blank.setdefault(name, [])
                self.calls.add(value, self._where.at("delta", name), events)
                self._called = self._called or bool(value)
            case "refusal":
                self._refuse(self._where.text(value, "delta", name), events)
            case "reasoning_details":
                self._detail(value, delta, events)
            case "annotations":
                self._cite(self._where.entries(value, "delta", name), events)
            case "function_call":
                self.calls.legacy(value, self._where.at("delta", name), events)
                self._called = self._called or bool(value)
            case "audio":
                self._sound.add(value)
            case "channel" | "token_id":
                pass  # Where Harmony's text belongs (Groq), the number of its token (Together).
            case _ if isinstance(value, str):
                self._texts.setdefault(name, []).append(value)
            case _:
                self._extra.setdefault(name, Growing()).add(value)

    def _begin(self, block: Text | Refusal | Reasoning, events: list[Event]) -> int:
        if self._called:
            self.calls.close_whole(events)
        key = self._keys()
        self._open.append(key)
        self._closed = False
        events.append(Open(key, block, self.index))
        return key

    def _content(self, value: Json, events: list[Event]) -> None:
        if isinstance(value, str):
            if not value:
                self._blank.setdefault("content", "")
                return
            if self._text is None or self._part == "thinking":
                self._say(events)
            elif self._called:
                self.calls.close_whole(events)
            events.append(Delta(self._text or 0, value))
            return
        self._spelling_of_parts()
        for nth, part in enumerate(self._where.entries(value, "delta", "content")):
            self._content_part(part, nth, events)

    def _spelling_of_parts(self) -> None:
        self._blank.pop("content", None)
        self._extra.setdefault("", Growing())

    def _say(self, events: list[Event]) -> None:
        """A text begins, with what was told about it before."""
        first = self._text is None
        self._text = self._begin(Text(""), events)
        self._part = "text"
        if first:
            self._told(self._text, "content", events)
            events += [Amend(self._text, "citations", citation(note)) for note in self._notes]
            self._notes.clear()

    def _told(self, key: int, name: str, events: list[Event]) -> None:
        events += [Amend(key, "logprobs", token) for token in self._tokens[name]]
        self._tokens[name].clear()

    def _content_part(self, value: Json, nth: int, events: list[Event]) -> None:
        """A part of a content that is a list: texts and thoughts go on (Mistral)."""
        part = fields(value)
        if is_thought(value):
            if self._part != "thinking" or self._thought is None:
                rest = {k: v for k, v in part.items() if k not in ("type", "thinking")}
                origin = Origin(NAME, (*self._path, "content"), rest, {"as": "part"})
                self._thought = self._begin(Reasoning(origin=origin), events)
                self._part = "thinking"
                self._thought_rest = rest
            if said := thought_text(part.get("thinking")):
                events.append(Delta(self._thought, said))
            if "closed" in part:
                self._thought_rest["closed"] = part["closed"]
                self._part = "closed"
        elif part.get("type") == "text" and part.keys() <= {"type", "text"}:
            said = self._where.text(part.get("text"), "delta", "content", nth, "text")
            if self._text is None or self._part != "text":
                self._say(events)
            if said:
                events.append(Delta(self._text or 0, said))
        else:
            block = read_part(value, self._where, ("delta", "content", nth))
            key = self._begin(block, events)  # type: ignore[arg-type]
            self._part = "other"
            if isinstance(block, Text):
                self._text = key

    def _think(self, name: str, value: str, events: list[Event]) -> None:
        if not value:
            self._blank.setdefault(name, "")
            return
        if not self._field:
            self._field = name
        if name not in self._fields:
            self._fields.append(name)
        if name != self._field:
            # The other field says the same: some servers tell a thought twice.
            return
        events.append(Delta(self._thinking(events), value))

    def _thinking(self, events: list[Event]) -> int:
        if self._thought is None:
            origin = Origin(NAME, self._path, {}, {"fields": self._fields})
            self._thought = self._begin(Reasoning(origin=origin), events)
        return self._thought

    def _detail(self, value: Json, delta: Fields, events: list[Event]) -> None:
        entries = self._where.entries(value, "delta", "reasoning_details")
        if not entries:
            self._blank.setdefault("reasoning_details", [])
            return
        self._details.add(value)
        key = self._thinking(events)
        if (
            not self._field
            and not any(delta.get(name) for name in TEXTS)
            and (said := said_in_details(entries))
        ):
            events.append(Delta(key, said))

    def _refuse(self, said: str, events: list[Event]) -> None:
        if not said:
            self._blank.setdefault("refusal", "")
            return
        if self._refusal is None:
            self._refusal = self._begin(Refusal(""), events)
            self._told(self._refusal, "refusal", events)
        events.append(Delta(self._refusal, said))

    def _cite(self, notes: list[Json], events: list[Event]) -> None:
        if not notes:
            self._blank.setdefault("annotations", [])
        elif self._text is None:
            self._notes += notes
        else:
            events += [Amend(self._text, "citations", citation(note)) for note in notes]

    def _likely(self, likely: Json, events: list[Event]) -> None:
        if not isinstance(likely, dict):
            self._spelling["logprobs"] = grown(self._spelling.get("logprobs"), likely)
            return
        left: Fields = {}
        for name, value in likely.items():
            key = self._text if name == "content" else self._refusal
            if name in self._tokens and isinstance(value, list):
                left[name] = None
                if key is None:
                    self._tokens[name] += value
                else:
                    events += [Amend(key, "logprobs", token) for token in value]
            else:
                left[name] = value
        known = self._spelling.get("logprobs")
        if known != left:
            self._spelling["logprobs"] = grown(left if known is None else known, left)

    def close(self, events: list[Event]) -> None:
        """All blocks are whole."""
        if self._closed:
            return
        self._closed = True
        if self._thought is not None and isinstance(details := self._details.value, list):
            blobs = details_of(details, self._maker())
            events += [Amend(self._thought, "opaque", blob) for blob in blobs]
            self._details = Growing([])
        if isinstance(heard := self._sound.value, dict) and says_nothing(heard):
            self._blank["audio"] = heard
            self._sound = Growing()
        elif isinstance(heard, dict):
            sound = read_audio(heard, self._where, (*self._path, "audio"))
            key = self._keys()
            events += (Open(key, sound, self.index), Close(key))
            self._sound = Growing()
        events += [Close(key) for key in self._open]
        self._open.clear()
        self._text = self._refusal = self._thought = None
        self.calls.close(events)

    def stopped(self) -> Stopped:
        """The end of the choice, with all that nobody has told us about."""
        extra = {name: growing.value for name, growing in self._extra.items() if name}
        extra |= {name: "".join(said) for name, said in self._texts.items()}
        spelling: Fields = {"blank": {k: v for k, v in self._blank.items() if k not in extra}}
        if "" in self._extra:
            spelling["content"] = "parts"
        left = self._spelling.get("logprobs")
        for name, tokens in self._tokens.items():
            if tokens and isinstance(left, dict):
                left[name] = tokens
        if self._notes:
            spelling["blank"] = {**fields(spelling["blank"]), "annotations": list(self._notes)}
        turn = Turn(self._path, extra, spelling)
        shown = dict(self._spelling)
        shown.setdefault("finish_reason", False)
        origin = Origin(NAME, ("choices", self.index), self.rest, shown, turn)
        met = self.rest.get("stop_reason")
        stop = None
        if self.raw:
            stop = read_stop(self.raw, called=self._called, met=met if isinstance(met, str) else None)
        return Stopped(stop, self.index, self.rest, origin)
