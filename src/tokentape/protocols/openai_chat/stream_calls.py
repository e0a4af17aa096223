"""Tool calls of a stream, read: parts by index, opened as soon as their name is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.arguments import arguments_text
from tokentape.protocols.canonical.events import Amend, Close, Delta, Open
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.origin import Opaque, Origin
from tokentape.protocols.fastjson import strictly
from tokentape.protocols.folding import grown
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.reading import at, fields, number, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.origin import Maker, Path
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_PART = frozenset({"index", "id", "type", "function", "custom"})
_SHORT = 1 << 16
"""Characters of arguments up to which we look whether they are whole."""
_FEW = 16
"""Of how many calls, the last ones."""


class CallState:
    """One call while it comes in; its origin's fields fill up with it."""

    __slots__ = (
        "closed", "held", "id", "key", "kind", "length", "name", "open", "rest", "said", "signed", "spelling",
        "told",
    )  # fmt: skip

    def __init__(self, key: int) -> None:
        self.key = key
        self.id = ""
        self.name = ""
        self.kind = "function"
        self.open = False
        self.said = False
        self.closed = False
        self.told: list[str] = []
        self.length = 0
        self.held: list[str] = []
        self.signed: Opaque | None = None
        self.rest: Fields = {}
        self.spelling: Fields = {"type": None}

    def says(self, text: str) -> Delta:
        """More of its arguments."""
        self.length += len(text)
        if self.length <= _SHORT:
            self.told.append(text)
        else:
            self.told.clear()
        return Delta(self.key, text)

    @property
    def is_whole(self) -> bool:
        """True if its arguments are an object: nothing can follow them."""
        if not self.told or not self.told[-1].rstrip().endswith("}"):
            return False
        try:
            return isinstance(strictly("".join(self.told)), dict)
        except (ValueError, RecursionError):
            return False

    def opened(self, path: Path, choice: int) -> list[Event]:
        """The call begins, with what was held back."""
        self.open = True
        if not self.said:
            self.spelling["arguments"] = None
        opaque = () if self.signed is None else (self.signed,)
        origin = Origin(NAME, path, self.rest, self.spelling)
        call = ToolCall(self.id, self.name, "", self.kind, opaque, origin=origin)
        events: list[Event] = [Open(self.key, call, choice)]
        if self.held:
            events.append(self.says("".join(self.held)))
            self.held.clear()
        return events


class StreamCalls:
    """The calls of one choice. Servers that number all calls alike tell them by id."""

    def __init__(self, choice: int, keys: Callable[[], int], maker: Callable[[], Maker]) -> None:
        self._choice = choice
        self._keys = keys
        self._maker = maker
        self._current: dict[int, CallState] = {}
        self._legacy: CallState | None = None
        self.all: list[CallState] = []

    def add(self, parts: Json, where: Where, events: list[Event]) -> None:
        """The entries of a delta's `tool_calls`."""
        for order, value in enumerate(where.entries(parts)):
            part = where.fields(value, order)
            given = number(part.get("index"))
            self._part(order if given is None else given, part, where.at(order), events)

    def _part(self, index: int, part: Fields, where: Where, events: list[Event]) -> None:
        told = where.text_or_none(part.get("id"), "id")
        custom = part.get("custom") is not None
        name = "custom" if custom else "function"
        inner = part.get(name)
        inside = where.fields(inner, name) if inner is not None else {}
        named = where.text_or_none(inside.get("name"), name, "name")
        call = self._current.get(index)
        if call is None or (call.id and told and call.id != told and named):
            self.close_whole(events)
            call = self._current[index] = CallState(self._keys())
            self.all.append(call)
        if told and told != call.id:
            call.id = told
            if call.open:
                events.append(Amend(call.key, "id", told))
        if named and not call.name:
            call.name = named
        if custom:
            call.kind = "custom"
        if isinstance(part.get("type"), str):
            call.spelling.pop("type", None)
        if not part.keys() <= _PART:
            self._rest(call, part, events)
        written = "input" if custom else "arguments"
        self._arguments(call, inside.get(written), where.at(name, written), events)
        if len(inside) > 2 or not inside.keys() <= {"name", written}:
            more: Fields = {key: said for key, said in inside.items() if key not in ("name", written)}
            call.rest[name] = grown(call.rest.get(name), more)

    def _arguments(self, call: CallState, value: Json, where: Where, events: list[Event]) -> None:
        said = ""
        if value is not None:
            call.said = True
            if call.open:
                call.spelling.pop("arguments", None)
            if isinstance(value, str):
                said = value
            else:
                said = arguments_text(where.fields(value), where)
                call.spelling["arguments"] = "object"
        if not call.open and call.name:
            events += call.opened(("choices", self._choice, "message", "tool_calls"), self._choice)
        if said:
            if call.open:
                events.append(call.says(said))
            else:
                call.held.append(said)

    def _rest(self, call: CallState, part: Fields, events: list[Event]) -> None:
        signature = at(part, "extra_content", "google", "thought_signature")
        for name, value in part.items():
            told = _unsigned(value) if name == "extra_content" and isinstance(signature, str) else value
            if name not in _PART and told != {}:
                call.rest[name] = grown(call.rest.get(name), told, name)
        if isinstance(signature, str):
            blob = Opaque("thought_signature", signature, self._maker())
            if call.open:
                events.append(Amend(call.key, "opaque", blob))
            else:
                call.signed = blob

    def close_whole(self, events: list[Event]) -> None:
        """Something else begins: calls that are whole need not stay open for it, as they are told no more."""
        for call in self.all[-_FEW:]:
            if call.open and not call.closed and call.is_whole:
                call.closed = True
                call.told.clear()
                events.append(Close(call.key))

    def legacy(self, value: Json, where: Where, events: list[Event]) -> None:
        """A delta of the older `function_call`."""
        part = where.fields(value)
        if not part:
            return
        call = self._legacy
        if call is None:
            call = self._legacy = CallState(self._keys())
            call.spelling = {"as": "function_call"}
            self.all.append(call)
        call.name = call.name or text(part.get("name"))
        self._arguments(call, part.get("arguments"), where.at("arguments"), events)

    def close(self, events: list[Event]) -> None:
        """All are whole; one without a name opens now."""
        for call in self.all:
            if not call.open:
                events += call.opened(("choices", self._choice, "message", "tool_calls"), self._choice)
            if not call.closed:
                events.append(Close(call.key))
        self.all.clear()
        self._current.clear()
        self._legacy = None


def _unsigned(extra: Json) -> Json:
    """`extra_content` without the thought signature, which the call holds."""
    google: Fields = {
        name: said for name, said in fields(at(extra, "google")).items() if name != "thought_signature"
    }
    others: Fields = {name: said for name, said in fields(extra).items() if name != "google"}
    return {**others, "google": google} if google else others
