"""A stream of `/api/chat` or `/api/generate`: lines of JSON, the last with `done: true`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.items import Reasoning, ToolCall
from tokentape.protocols.canonical.origin import Turn
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.checking import Where
from tokentape.protocols.ollama.content import read_images
from tokentape.protocols.ollama.failures import read_line
from tokentape.protocols.ollama.form import NAME, seconds_of
from tokentape.protocols.ollama.read_reply import ALWAYS, stop_of, usage_of
from tokentape.protocols.ollama.tools import read_calls

if TYPE_CHECKING:
    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.codec import Source
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_WHERE = Where(NAME)
_LINE = ALWAYS | {"message", "response", "thinking", "prompt_eval_count", "eval_count"}
"""Fields of a line that are told as events."""

_NOTHING: Fields = {}


class Reader:
    """Reads one stream. Text and thought come in pieces, calls come whole."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._begun = False
        self._over = False
        self._called = False
        self._open: type[Text | Reasoning] | None = None
        self._key = -1
        self._tokens: list[Json] = []

    def read(self, payload: Payload) -> list[Event]:
        """The events of one line."""
        line = payload.json
        if not isinstance(line, dict):
            raise ProtocolError(NAME, "", "expected an object as a line of the stream")
        out: list[Event] = []
        if not self._over:
            try:
                self._line(line, out)
            except RecursionError:
                _WHERE.wrong("it is nested too deeply")
        return out

    def end(self) -> list[Event]:
        """The connection ended."""
        over, self._over = self._over, True
        return [] if over else [Ended(False)]

    def _line(self, line: Fields, out: list[Event]) -> None:
        if line.get("error"):
            self._over = True
            out += (Failed(read_line(line)), Ended(False))
            return
        if not self._begun:
            self._begun = True
            self._start(line, {}, out)
        given = line.get("message")
        self._message(_NOTHING if given is None else _WHERE.fields(given, "message"), line, out)
        if (tokens := line.get("logprobs")) is not None:
            self._log(_WHERE.entries(tokens, "logprobs"), out)
        if _WHERE.flag_or_none(line.get("done"), "done"):
            self._done(line, out)

    def _message(self, message: Fields, line: Fields, out: list[Event]) -> None:
        """What the line adds: to chat in its message, to a prompt's reply in the line itself."""
        if thought := message.get("thinking") or line.get("thinking"):
            self._say(Reasoning, _WHERE.text(thought, "message", "thinking"), out)
        if said := message.get("content") or line.get("response"):
            self._say(Text, _WHERE.text(said, "message", "content"), out)
        if message.get("images"):
            for image in read_images(message["images"], _WHERE.at("message")):
                self._whole(image, out)
        if message.get("tool_calls"):
            for call in read_calls(message["tool_calls"], Turn(("message",)), _WHERE.at("message")):
                self._called = True
                self._whole(call, out)

    def _start(self, line: Fields, rest: Fields, out: list[Event]) -> None:
        created = _WHERE.text_or_none(line.get("created_at"), "created_at")
        model = _WHERE.text_or_none(line.get("model"), "model") or self._source.model
        out.append(Started(NAME, None, model, seconds_of(created) if created else None, rest))

    def _say(self, kind: type[Text | Reasoning], said: str, out: list[Event]) -> None:
        if self._open is not kind:
            self._close(out)
            self._key += 1
            self._open = kind
            out.append(Open(self._key, kind("")))
        out.append(Delta(self._key, said))
        if self._tokens and kind is Text:
            self._log([], out)

    def _whole(self, block: Part | ToolCall, out: list[Event]) -> None:
        self._close(out)
        self._key += 1
        if isinstance(block, ToolCall):
            out += (Open(self._key, replace(block, arguments="")), Delta(self._key, block.arguments))
        else:
            out.append(Open(self._key, block))
        out.append(Close(self._key))

    def _close(self, out: list[Event]) -> None:
        if self._open is not None:
            out.append(Close(self._key))
            self._open = None

    def _log(self, tokens: list[Json], out: list[Event]) -> None:
        """Tokens belong to the text, those before it too."""
        self._tokens += tokens
        if self._open is Text:
            out += (Amend(self._key, "logprobs", token) for token in self._tokens)
            self._tokens = []

    def _done(self, line: Fields, out: list[Event]) -> None:
        """The last line: reason, counts, and what else is known of the reply."""
        self._over = True
        self._close(out)
        rest: Fields = {
            name: value for name, value in line.items() if name not in _LINE and value is not None
        }
        if self._tokens:
            rest["logprobs"] = self._tokens
        self._start(line, rest, out)
        out.append(Stopped(stop_of(line, _WHERE, called=self._called)))
        if (usage := usage_of(line, _WHERE)) is not None:
            out.append(Counted(usage))
        out.append(Ended(True))
