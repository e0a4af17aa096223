"""Streams of canonical events that a writer may be given, the odd ones too."""

from __future__ import annotations

from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Event,
    Failed,
    Open,
    Ping,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.usage import Usage

_BEGUN = Started("elsewhere", "reply-1", "model-1", 1_700_000_000)
_WORD = Stop(StopReason.END, "end")
_TOOLS = Stop(StopReason.TOOL_CALLS, "tools")
_USED = Usage(14, 3)
_SHELL = Message(Role.ASSISTANT, ())


def _call(key: int, name: str, place: str) -> Open:
    return Open(key, ToolCall(f"call_{place}", name, ""))


SEQUENCES: dict[str, tuple[Event, ...]] = {
    "text": (
        _BEGUN, Open(0, Text("")), Delta(0, "Par"), Delta(0, "is."), Close(0), Stopped(_WORD), Counted(_USED),
        Ended(True),
    ),
    "text that is there when its block begins": (
        _BEGUN, Open(0, Text("Par")), Delta(0, "is."), Close(0), Stopped(_WORD), Ended(True),
    ),
    "a block that nobody closes": (
        _BEGUN, Open(0, Text("")), Delta(0, "Paris."), Stopped(_WORD), Counted(_USED), Ended(True),
    ),
    "two parts of one message": (
        _BEGUN, Open(0, Text(""), 0, _SHELL), Delta(0, "One. "), Close(0), Open(1, Text(""), 0, _SHELL),
        Delta(1, "Two."), Close(1), Stopped(_WORD), Ended(True),
    ),
    "nothing said": (_BEGUN, Stopped(_WORD), Counted(_USED), Ended(True)),
    "a block of nothing": (_BEGUN, Open(0, Text("")), Close(0), Stopped(_WORD), Ended(True)),
    "counts before the end, twice": (
        _BEGUN, Counted(Usage(input=14)), Open(0, Text("")), Delta(0, "Paris."), Counted(Usage(output=3)),
        Close(0), Stopped(_WORD), Ended(True),
    ),
    "begun twice": (
        Started("elsewhere"), _BEGUN, Open(0, Text("")), Delta(0, "Paris."), Close(0), Stopped(_WORD),
        Ended(True),
    ),
    "never begun": (Open(0, Text("")), Delta(0, "Paris."), Close(0), Stopped(_WORD), Ended(True)),
    "pings": (
        Ping(), _BEGUN, Ping(), Open(0, Text("")), Ping(), Delta(0, "Paris."), Ping(), Close(0), Ping(),
        Stopped(_WORD), Ping(), Ended(True),
    ),
    "one call": (
        _BEGUN, _call(0, "get_weather", "a"), Delta(0, '{"city":'), Delta(0, '"Paris"}'), Close(0),
        Stopped(_TOOLS), Counted(_USED), Ended(True),
    ),
    "a call without arguments": (
        _BEGUN, _call(0, "now", "a"), Close(0), Stopped(_TOOLS), Ended(True),
    ),
    "a call after text": (
        _BEGUN, Open(0, Text("")), Delta(0, "Let me see."), Close(0), _call(1, "get_weather", "a"),
        Delta(1, '{"city":"Paris"}'), Close(1), Stopped(_TOOLS), Ended(True),
    ),
    "parallel calls, one after the other": (
        _BEGUN, _call(0, "get_weather", "a"), Delta(0, '{"city":"Oslo"}'), Close(0),
        _call(1, "get_weather", "b"), Delta(1, '{"city":"Bern"}'), Close(1), Stopped(_TOOLS), Ended(True),
    ),
    "parallel calls, interleaved": (
        _BEGUN, _call(0, "get_weather", "a"), _call(1, "get_weather", "b"), Delta(0, '{"city":'),
        Delta(1, '{"city":'), Delta(0, '"Oslo"}'), Delta(1, '"Bern"}'), Close(1), Close(0), Stopped(_TOOLS),
        Ended(True),
    ),
    "text while a call is open": (
        _BEGUN, _call(0, "get_weather", "a"), Delta(0, '{"city":'), Open(1, Text("")), Delta(1, "Wait."),
        Delta(0, '"Oslo"}'), Close(0), Close(1), Stopped(_TOOLS), Ended(True),
    ),
    "thoughts before text": (
        _BEGUN, Open(0, Reasoning()), Delta(0, "Two and "), Delta(0, "two."), Close(0), Open(1, Text("")),
        Delta(1, "4"), Close(1), Stopped(_WORD), Ended(True),
    ),
    "thought, call, thought, text": (
        _BEGUN, Open(0, Reasoning()), Delta(0, "First."), Close(0), _call(1, "get_weather", "a"),
        Delta(1, '{"city":"Oslo"}'), Close(1), Open(2, Reasoning()), Delta(2, "Second."), Close(2),
        Open(3, Text("")), Delta(3, "Done."), Close(3), Stopped(_TOOLS), Ended(True),
    ),
    "summaries of a thought": (
        _BEGUN, Open(0, Reasoning(id="rs_1")), Delta(0, "First.", 0), Delta(0, "Second.", 1), Close(0),
        Open(1, Text("")), Delta(1, "4"), Close(1), Stopped(_WORD), Ended(True),
    ),
    "a name that comes late": (
        _BEGUN, Open(0, ToolCall("call_a", "get_weather", "")), Amend(0, "item_id", "fc_1"),
        Delta(0, '{"city":"Oslo"}'), Close(0), Stopped(_TOOLS), Ended(True),
    ),
    "cut in a text": (_BEGUN, Open(0, Text("")), Delta(0, "Par"), Ended(False)),
    "cut in arguments": (_BEGUN, _call(0, "get_weather", "a"), Delta(0, '{"ci'), Ended(False)),
    "cut before the end is told": (
        _BEGUN, Open(0, Text("")), Delta(0, "Paris."), Close(0), Stopped(_WORD), Counted(_USED), Ended(False),
    ),
    "cut at once": (Ended(False),),
    "failed at once": (Failed(Failure(FailureKind.OVERLOADED, "too busy")), Ended(False)),
    "failed in a text": (
        _BEGUN, Open(0, Text("")), Delta(0, "Par"), Failed(Failure(FailureKind.SERVER, "it broke")),
        Ended(False),
    ),
}  # fmt: skip
"""Each by what is odd about it."""
