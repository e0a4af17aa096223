"""From items to messages: of a request, and that of a reply."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Reasoning, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.canonical.parts import Image, Text, Unknown
from tokentape.protocols.canonical.turns import grouped, paired
from tokentape.protocols.cohere.citations import written_citation
from tokentape.protocols.cohere.content import plain, written_parts
from tokentape.protocols.cohere.form import NAME, own, rest_from, spelling_from
from tokentape.protocols.cohere.tools import written_call
from tokentape.protocols.tool_ids import identified

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Origin, Turn
    from tokentape.protocols.canonical.parts import Part
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_SIDES: Mapping[str, str] = {}


def write_messages(items: Iterable[Item], losses: Losses, *, is_own: bool) -> list[Json]:
    """The messages. A conversation of this dialect keeps its order; in others results follow their calls
    (cases 5, 8).
    """
    given = items if is_own else paired(identified(items), losses)
    written: list[Json] = []
    for group in grouped(given, NAME, sides=_SIDES):
        for unknown, run in groupby(group.items, lambda item: isinstance(item, Unknown)):
            if unknown:
                written += [item.json for item in run if isinstance(item, Unknown)]
            elif group.side == "tool":
                written += _results(tuple(run), losses)
            elif group.side == "assistant":
                written.append(written_assistant(tuple(run), group.turn, losses))
            else:
                written.append(_said(group.side, tuple(run), group.turn, losses))
    return written


def _said(side: str, items: Sequence[Item], turn: Turn | None, losses: Losses) -> Fields:
    """A message of the user or the system; the developer is one here, unless it came from here."""
    content: list[Json] = []
    for item in (item for item in items if isinstance(item, Message)):
        content += written_parts(item.parts, item.origin, losses)
        _note_name(item, losses)
    role = "system" if side == "developer" and turn is None else side
    written: Fields = {**(turn.rest if turn else NOTHING), "role": role}
    _put_content(content, turn, written)
    return written


def _note_name(item: Message, losses: Losses) -> None:
    if item.name is not None:
        losses.tuning(item.origin, "name", "speakers have no names", "name")


def _put_content(content: list[Json], turn: Turn | None, written: Fields, *, silent: bool = False) -> None:
    """The content as it was written, else as a text if it is one. A turn that may be `silent` has none
    where nothing is said (case 25).
    """
    spelled = turn.spelling.get("content") if turn else None
    if spelled == "list":
        written["content"] = content
    elif content:
        text = plain(content)
        written["content"] = content if text is None else text
    elif spelled != "absent" and not (turn is None and silent):
        written["content"] = ""


def _results(items: Sequence[Item], losses: Losses) -> list[Json]:
    """The results of tools. Pictures have no place there: they are shown by the user right after."""
    written: list[Json] = []
    shown: list[Json] = []
    for item in (item for item in items if isinstance(item, ToolResult)):
        written.append(_result(item, losses))
        shown += _moved(item, losses)
    return [*written, {"role": "user", "content": shown}] if shown else written


def _result(item: ToolResult, losses: Losses) -> Fields:
    origin = own(item.origin)
    turn = origin.turn if origin else None
    kept = tuple(part for part in item.parts if not isinstance(part, Image))
    written: Fields = {**(turn.rest if turn else NOTHING), "role": "tool"}
    if item.call_id or spelling_from(item.origin).get("tool_call_id", True):
        written["tool_call_id"] = item.call_id
    _put_content(written_parts(kept, item.origin, losses), turn, written)
    if item.is_error:
        losses.tuning(item.origin, "is_error", "only the text can say that it is an error")
    if item.cache is not None:
        losses.tuning(item.origin, "cache mark", "there is no place for it")
    return written


def _moved(item: ToolResult, losses: Losses) -> list[Json]:
    images: tuple[Part, ...] = tuple(part for part in item.parts if isinstance(part, Image))
    if images:
        losses.tuning(item.origin, "image of a tool", "the user shows it, right after the results")
    return written_parts(images, item.origin, losses)


class _Turn:
    """A message of the assistant while it is put together."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self.content: list[Json] = []
        self.plans: list[str] = []
        self.calls: list[Json] = []
        self.citations: list[Json] = []

    def say(self, item: Message) -> None:
        """Its text, with what it cites."""
        self._note_order(item, bool(self.calls or self.plans))
        _note_name(item, self._losses)
        for part in item.parts:
            if isinstance(part, Text) and part.citations:
                self._cite(part, part.origin or item.origin)
            self.content += written_parts((part,), item.origin, self._losses)

    def _cite(self, part: Text, origin: Origin | None) -> None:
        for citation in part.citations:
            told = written_citation(citation, part.text, len(self.content), origin, self._losses)
            if told is not None:
                self.citations.append(told)

    def think(self, item: Reasoning, *, plans: bool) -> None:
        """A thought: a plan, if it is one, or if calls follow that a foreign model had thought about."""
        for blob in item.opaque:
            self._losses.tuning(item.origin, blob.kind.replace("_", " "), "there is no place for it")
        thought = item.text or "\n\n".join(item.summary)
        if not thought and own(item.origin) is None:
            return
        if is_plan(item.origin) or (plans and own(item.origin) is None):
            self._note_order(item, bool(self.calls or self.plans))
            self.plans.append(thought)
            return
        self._note_order(item, bool(self.calls or self.plans))
        self.content.append({**rest_from(item.origin), "type": "thinking", "thinking": thought})

    def call(self, item: ToolCall) -> None:
        """A call."""
        self.calls.append(written_call(item, self._losses))

    def tell(self, written: Fields) -> None:
        """Put what there is beside the content."""
        if self.plans:
            written["tool_plan"] = "\n\n".join(self.plans)
        if self.calls:
            written["tool_calls"] = self.calls
        if self.citations:
            left = written.get("citations")
            written["citations"] = [*self.citations, *(left if isinstance(left, list) else ())]

    def _note_order(self, item: Item, late: bool) -> None:
        if late:
            self._losses.tuning(
                item.origin, "order", "thoughts and text of a turn come before plan and calls"
            )


def is_plan(origin: Origin | None) -> bool:
    """True for a thought that was a plan."""
    return spelling_from(origin).get("as") == "tool_plan"


def written_assistant(
    items: Sequence[Item], turn: Turn | None, losses: Losses, *, reply: bool = False
) -> Fields:
    """What the model thought, said, planned and called. The content of a reply is always a list."""
    made = _Turn(losses)
    for nth, item in enumerate(items):
        if isinstance(item, Message):
            made.say(item)
        elif isinstance(item, Reasoning):
            made.think(item, plans=_leads_to_call(items, nth))
        elif isinstance(item, ToolCall):
            made.call(item)
    written: Fields = {**(turn.rest if turn else NOTHING), "role": "assistant"}
    for name, empty in (turn.spelling if turn else NOTHING).items():
        if name != "content":
            written[name] = empty
    made.tell(written)
    silent = bool(made.calls or made.plans)
    if not reply or (turn is not None and turn.spelling.get("content") != "list"):
        _put_content(made.content, turn, written, silent=silent)
    elif made.content or not silent or turn is not None:
        written["content"] = made.content
    return written


def _leads_to_call(items: Sequence[Item], nth: int) -> bool:
    return next(
        (isinstance(item, ToolCall) for item in items[nth + 1 :] if not isinstance(item, Reasoning)), False
    )
