"""A Chat stream, read: chunks in, canonical events out, at once.

A block stays open until its choice ends, since chunks may go on with any of them; but for calls whose
arguments are whole when something else is said. The end of a choice is told at the end of the stream: chunks
after the finish reason may still say something about it (Azure).
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.events import Counted, Ended, Failed, Started
from tokentape.protocols.checking import Where
from tokentape.protocols.folding import latest
from tokentape.protocols.openai_chat.failures import failure_in, read_failure
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.openai_chat.read_reply import time_of
from tokentape.protocols.openai_chat.stream_choice import ChoiceState
from tokentape.protocols.openai_chat.usage import usage
from tokentape.protocols.reading import fields, number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.origin import Maker
    from tokentape.protocols.codec import Source
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_HERE = Where(NAME)
_CHOICE = Where(NAME, ("choices",))
_TOLD = frozenset({"id", "object", "created", "model", "choices", "usage", "obfuscation", "p"})


class _Made:
    """By whom a stream was made, as far as it has said so. The choices ask it, not their reader: both would
    hold each other until the collector comes.
    """

    __slots__ = ("_source", "model")

    def __init__(self, source: Source) -> None:
        self._source = source
        self.model: str | None = None

    def __call__(self) -> Maker:
        """Its maker."""
        return self._source.maker(self.model)


class ChatReader:
    """Reads one stream."""

    def __init__(self, source: Source) -> None:
        self._maker = _Made(source)
        self._keys = count()
        self._choices: dict[int, ChoiceState] = {}
        self._id: str | None = None
        self._model: str | None = None
        self._created: int | float | None = None
        self._head: Fields | None = None
        self._rest: Fields = {}
        self._news = False
        self._counted = False
        self._over = False

    def read(self, payload: Payload) -> Iterable[Event]:
        """The events of the next chunk."""
        if self._over:
            return ()
        chunk = payload.json
        if not isinstance(chunk, dict):
            if payload.is_done:
                # Proxies send it behind a cut, too: alone it ends nothing that neither finished nor counted.
                return self._ended(complete=True) if self._counted else self.end()
            raise ProtocolError(NAME, "", "expected an object, or [DONE]")
        try:
            return self._read(chunk, payload.name)
        except RecursionError:
            raise ProtocolError(NAME, "", "nested too deeply") from None

    def end(self) -> Iterable[Event]:
        """The connection ended. Some servers send no `[DONE]`: then the finish reasons say that all came."""
        if self._over:
            return ()
        if self._is_finished():
            return self._ended(complete=True)
        self._over = True
        return (Ended(False),)

    def _is_finished(self) -> bool:
        states = self._choices.values()
        return bool(states) and all(state.raw for state in states)

    def _read(self, chunk: Fields, name: str | None) -> Iterable[Event]:
        if chunk.get("error") or name == "error":
            self._over = True
            failure = failure_in(chunk) or read_failure(0, chunk)
            return (Failed(failure), Ended(False))
        events: list[Event] = []
        self._header(chunk, events)
        if (choices := chunk.get("choices")) is not None:
            for nth, choice in enumerate(_HERE.entries(choices, "choices")):
                if not isinstance(choice, dict):
                    _CHOICE.fields(choice, nth)
                    continue
                self._state(choice, nth).add(choice, events)
        if chunk.get("usage") is not None or "x_groq" in chunk:
            self._count(chunk, events)
        return events

    def _state(self, choice: Fields, nth: int) -> ChoiceState:
        index = number(choice.get("index"))
        index = nth if index is None else index
        state = self._choices.get(index)
        if state is None:
            where = _CHOICE.at(nth)
            state = self._choices[index] = ChoiceState(index, self._keys.__next__, self._maker, where)
        return state

    def _header(self, chunk: Fields, events: list[Event]) -> None:
        """What stands beside the choices; told at first, and at the end if there was more of it."""
        told = chunk.keys() <= _TOLD
        head: Fields = {} if told else {name: said for name, said in chunk.items() if name not in _TOLD}
        given, model, created = chunk.get("id"), chunk.get("model"), chunk.get("created")
        if head == self._head and given == self._id and model == self._model and created == self._created:
            return
        known = (self._id, self._model)
        self._id = _HERE.text_or_none(given, "id") or self._id
        self._model = self._maker.model = _HERE.text_or_none(model, "model") or self._model
        self._created = time_of(created) or self._created
        shown = head
        if not (given and model and time_of(created)):
            shown = head | {n: chunk[n] for n in ("id", "model", "created") if n in chunk and not chunk[n]}
        if self._head is None:
            self._rest = dict(shown)
            if "usage" in chunk:
                self._rest["usage"] = None
            self._rest.setdefault("object", "chat.completion")
            events.append(self._started())
        else:
            for name, said in shown.items():
                self._rest[name] = latest(self._rest.get(name), said)
            if known != (self._id, self._model) and None in known:
                events.append(self._started())
            self._news = True
        self._head = head

    def _started(self) -> Started:
        return Started(NAME, self._id, self._model, self._created, dict(self._rest))

    def _count(self, chunk: Fields, events: list[Event]) -> None:
        """Usage so far. Groq's streams hold it in `x_groq`."""
        if chunk.get("usage") is not None:
            self._counted = True
        if (found := usage(chunk)) is not None:
            events.append(Counted(found))

    def _ended(self, *, complete: bool) -> list[Event]:
        self._over = True
        events: list[Event] = []
        groq = self._rest.get("x_groq")
        if isinstance(groq, dict) and "usage" in groq and not self._counted:
            self._rest["x_groq"] = {name: said for name, said in fields(groq).items() if name != "usage"}
            self._news = True
        if self._news:
            events.append(self._started())
        for _, state in sorted(self._choices.items()):
            state.close(events)
            events.append(state.stopped())
        events.append(Ended(complete))
        return events
