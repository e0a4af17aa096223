"""Replies that comparators are tried on: ordinary ones, and whatever a provider or an enemy may send."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import Side
from tokentape.protocols.canonical.conversation import Conversation, OutputFormat, Tool
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall
from tokentape.protocols.canonical.parts import Audio, Data, Image, Inline, Refusal, Text, Unknown
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part
    from tokentape.wire.interaction import Json

LARGE = 1_000_000
"""Characters of a large text."""

REFUSING = "I'm sorry, but I can't help with that."
"""The text of a reply that refuses."""

_SCHEMA: Json = {
    "type": "object",
    "properties": {"category": {"type": "string"}},
    "required": ["category"],
}

ASKED = Conversation(
    (Message(Role.USER, (Text("Which category?"),)),),
    tools=(Tool("search", schema={"type": "object"}),),
    output=OutputFormat("schema", _SCHEMA),
)
"""A question that offers a tool, and asks for JSON."""


def said(
    text: str = "", *calls: ToolCall, seconds: float = 1.0, cost: str = "0.001", tokens: int = 10
) -> Side:
    """A whole answer."""
    return _answer((Message(Role.ASSISTANT, (Text(text),)), *calls), seconds, Decimal(cost), tokens)


def _answer(items: tuple[Item, ...], seconds: float, cost: Decimal, tokens: int = 10) -> Side:
    reply = Reply((Choice(items, Stop(StopReason.END)),))
    return Side(reply, True, seconds, seconds / 2, Usage(input=5, output=tokens), cost)


def calling(name: str, arguments: object) -> ToolCall:
    """A call of a tool; arguments that are text are taken as they are."""
    return ToolCall("c", name, arguments if isinstance(arguments, str) else json.dumps(arguments))


def fenced(side: Side) -> Side:
    """The same answer, its text in a Markdown fence."""
    parts = (Text(f"```json\n{side.text}\n```"),)
    return _with(
        side,
        *(replace(item, parts=parts) if isinstance(item, Message) else item for item in side.reply.items),
    )


def turned(side: Side) -> Side:
    """The same answer, the arguments of its calls in another order."""
    return _with(side, *(_turned(item) if isinstance(item, ToolCall) else item for item in side.reply.items))


def _turned(call: ToolCall) -> ToolCall:
    found = json.loads(call.arguments)
    return replace(call, arguments=json.dumps(dict(reversed(found.items())), indent=1))


def _with(side: Side, *items: Item) -> Side:
    return replace(side, reply=replace(side.reply, choices=(Choice(items, side.reply.stop),)))


def cut(side: Side) -> Side:
    """The same answer, cut."""
    return replace(side, reply=replace(side.reply, complete=False), is_whole=False)


def failed() -> Side:
    """No answer: an error of the provider."""
    return Side(Reply((), failure=Failure(FailureKind.SERVER, "broken\nbadly")), is_whole=False)


@cache
def ordinary() -> tuple[tuple[Side, Side], ...]:
    """Pairs of answers as one meets them: each with one message, and calls whose arguments are objects."""
    ticket = {"category": "billing", "priority": 2, "tags": ["a", "b"], "who": {"id": 7, "note": None}}
    other = {"category": "Billing", "priority": 3.0, "tags": ["b"], "who": {"id": 7}}
    paris, lyon = calling("search", {"q": "Paris", "n": 2}), calling("search", {"q": "Lyon", "n": 2})
    return (
        (said("Positive"), said("positive ", seconds=2.0)),
        (said("The total is 1,234.50 € of 12 %."), said("In all: 1.234,50 € (0.12), or 99.", cost="0.004")),
        (said(json.dumps(ticket)), said(json.dumps(other, indent=2), tokens=40)),
        (said(json.dumps(ticket)), said(f"Here it is: {json.dumps(ticket)} Anything else?")),
        (said("", paris, lyon), said("", lyon)),
        (said("Let me see.", paris), said("", paris, calling("stop", {}))),
        (said("It is in stock."), said(REFUSING, seconds=0.5)),
        (said("A long story. " * 400), said("A long tale. " * 300, cost="0")),
        (said("Ünïcode ✓ 東京"), said("東京")),
    )


@cache
def hostile() -> dict[str, Side]:
    """Answers that something might stumble over, by what they are."""
    texts = {
        "no text": "",
        "blanks": " \n\t\r\n ",
        "lone surrogates": '\ud800 {"a": "\\udc00"} \udfff',
        "signs that control": "\x00\x1b[31m\u202e\ufeff\u2028",
        "a fence that is not closed": '```json\n{"a": 1',
        "fences only": "```\n" * 2_000,
        "backticks": "`" * LARGE,
        "no numbers": '{"a": NaN, "b": Infinity, "c": 1e999, "d": -1e999}',
        "huge integers": f"[{'9' * 5_000}, {'9' * 4_000}]",
        "equal keys": '{"a": 1, "a": 2}',
        "a scalar": "null",
        "half of an object": '{"category": "x", "items": [1, 2',
        "deep lists": "[" * 100_000 + "]" * 100_000,
        "deep objects": '{"a":' * 900 + "1" + "}" * 900,
        "a long text": "a" * LARGE,
        "long words": "word " * (LARGE // 5),
        "open brackets": "[" * LARGE,
        "open objects": '{"' * (LARGE // 2),
        "open texts": '["a' * (LARGE // 3),
        "many digits": "1" * LARGE,
        "many groups": "1,22," * (LARGE // 5),
        "many numbers": "-1.5e3 " * (LARGE // 7),
        "a wide object": json.dumps({f"k{n}": n for n in range(20_000)}),
        "a long key": json.dumps({"k" * 100_000: [0] * 2_000}),
        "what patterns choke on": "a" * 40 + "!",
        "names of ours": "__proto__ </script> {{7*7}} %s %n ${x}",
    }
    return {
        **{name: said(text) for name, text in texts.items()},
        **{name: _of(*items) for name, items in _odd_items().items()},
        "no choice": Side(Reply(())),
        "nothing known": Side(Reply((Choice(()),))),
        "an error": failed(),
        "a filter": Side(Reply((Choice((), Stop(StopReason.CONTENT_FILTER, "a\nb")),))),
        "cut": cut(said("Half of a")),
        "measured wrongly": replace(
            said("x"), seconds=float("nan"), first=-1.0, usage=Usage(output=-5), cost=Decimal("NaN")
        ),
        "measured as endless": replace(said("x"), seconds=float("inf"), cost=Decimal("sNaN")),
        "free and at once": replace(
            said("x"), seconds=0.0, first=0.0, usage=Usage(output=0), cost=Decimal(0)
        ),
    }


def _of(*items: Item) -> Side:
    return Side(Reply((Choice(items, Stop(StopReason.OTHER, "odd")),)), usage=Usage())


def _odd_items() -> dict[str, tuple[Item, ...]]:
    def parts(*given: Part) -> Message:
        return Message(Role.ASSISTANT, given)

    return {
        "arguments that are no JSON": (calling("f", "{nonsense"), calling("f", "")),
        "arguments that are no object": (calling("f", "[1]"), calling("f", "5"), calling("f", "null")),
        "deep arguments": (calling("f", "[" * 100_000), calling("f", '{"a":' * 900 + "1" + "}" * 900)),
        "a call without a name": (ToolCall("", "", "{}"), ToolCall("", "line\nbreak", "\ud800", "custom")),
        "many calls": tuple(calling(f"f{n % 7}", {"n": n}) for n in range(4_000)),
        "only thoughts": (Reasoning("so I think"),),
        "a refusal": (parts(Refusal("No.")),),
        "media": (parts(Image(Inline("image/png", "not base64")), Audio(), Unknown("x", {"y": [None]})),),
        "data": (parts(Data({"a": [1, float("nan")]}), Text("")),),
        "a tool of the provider": (ServerTool("openai.responses", "web_search", {"q": 1}), parts()),
    }
