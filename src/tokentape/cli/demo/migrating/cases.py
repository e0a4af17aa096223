"""What the bundled corpus asks, and the right answers: small jobs of a shop, from `cases.json`."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from tokentape.protocols.canonical.conversation import Conversation, Options, OutputFormat, Tool
from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Image, Inline, Text
from tokentape.testing.provider import Call, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokentape.protocols.canonical.parts import Part
    from tokentape.wire.interaction import Json


class Model(NamedTuple):
    """A recorded model: its dialect and the place it was asked at."""

    name: str
    dialect: str
    url: str
    provider: str


OPENAI = "https://api.openai.com/v1"
CHAT = Model("gpt-4o", "openai.chat", OPENAI, "openai")
RESPONSES = Model("gpt-4.1", "openai.responses", OPENAI, "openai")
CLAUDE = Model("claude-sonnet-4-5", "anthropic.messages", "https://api.anthropic.com", "anthropic")
GEMINI = Model("gemini-2.5-pro", "gemini", "https://generativelanguage.googleapis.com", "gemini")
NOVA = Model(
    "amazon.nova-pro-v1:0",
    "bedrock.converse",
    "https://bedrock-runtime.eu-central-1.amazonaws.com",
    "bedrock",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One call: who was asked what, and the right answer, once `given` is among the results of tools."""

    category: str
    model: Model
    asked: Conversation
    turn: Turn
    stream: bool = False
    given: str = ""

    @property
    def text(self) -> str:
        """The last thing that the user says."""
        said = [item for item in self.asked.items if isinstance(item, Message) and item.role is Role.USER]
        return "".join(part.text for part in said[-1].parts if isinstance(part, Text))


class _Asked(TypedDict):
    asks: str
    answer: str


class _Ticket(TypedDict):
    asks: str
    answer: dict[str, Json]


class _Task(_Asked):
    call: str
    arguments: dict[str, Json]
    result: dict[str, Json]


class _Picture(_Asked):
    colour: tuple[int, int, int]


class _Document(TypedDict):
    extract: list[_Ticket]
    triage: list[_Asked]
    tools: list[_Task]
    summary: list[_Asked]
    advice: list[_Asked]
    chat: list[list[_Asked]]
    picture: list[_Picture]


def cases() -> list[Case]:
    """All of them, in the order in which they were recorded."""
    document: _Document = json.loads(files(__package__).joinpath("cases.json").read_bytes())
    return [
        *_extracts(document["extract"]),
        *_plain("triage", RESPONSES, TRIAGE, document["triage"]),
        *_tasks(document["tools"]),
        *_plain("summary", GEMINI, SUMMARY, document["summary"]),
        *_plain("advice", CHAT, ADVICE, document["advice"]),
        *(case for turns in document["chat"] for case in _chat(turns)),
        *_pictures(document["picture"]),
    ]


EXTRACT = "You read mails to a shop. Answer with the fields of the schema; null where the mail does not say."
TRIAGE = "You sort mails to the help desk of an office. Answer with one word: urgent, routine or spam."
SHOP = "You are the assistant of a shop. Use the tools; answer in one sentence."
SUMMARY = "Summarise the text in two sentences."
ADVICE = "You answer questions of everyday life in two or three short sentences."
WRITER = "You help with writing. Answer with the text alone."

_FIELDS: dict[str, Json] = {
    "category": {
        "type": "string",
        "enum": ["billing", "damage", "defect", "delivery", "praise", "question"],
    },
    "priority": {"type": "string", "enum": ["low", "normal", "high"]},
    "product": {"type": ["string", "null"]},
    "order": {"type": ["integer", "null"]},
}


def _object(**fields: Json) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": fields,
        "required": [*fields],
        "additionalProperties": False,
    }


_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "integer"}
TOOLS = (
    Tool("get_order", "The state of an order.", _object(order=_NUMBER)),
    Tool("refund", "Pay money back, in euros.", _object(order=_NUMBER, amount=_NUMBER)),
    Tool("search_help", "Search the articles of the help.", _object(query=_TEXT, limit=_NUMBER)),
    Tool(
        "open_ticket",
        "Open a ticket for the staff.",
        _object(title=_TEXT, priority={"type": "string", "enum": ["low", "normal", "high"]}),
    ),
)


def _said(role: Role, *parts: str | Part) -> Message:
    return Message(role, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def _asking(system: str, *parts: str | Part) -> Conversation:
    items = (_said(Role.SYSTEM, system), _said(Role.USER, *parts))
    return Conversation(items, options=Options(max_output_tokens=400, temperature=0.0))


def _extracts(tickets: Sequence[_Ticket]) -> Iterator[Case]:
    output = OutputFormat("schema", _object(**_FIELDS), name="mail", strict=True)
    for number, ticket in enumerate(tickets):
        asked = replace(_asking(EXTRACT, ticket["asks"]), output=output)
        turn = Turn(json.dumps(ticket["answer"], ensure_ascii=False))
        yield Case("extract", CHAT, asked, turn, stream=number % 2 == 1)


def _plain(category: str, model: Model, system: str, questions: Sequence[_Asked]) -> Iterator[Case]:
    for question in questions:
        turn = Turn(question["answer"])
        yield Case(category, model, _asking(system, question["asks"]), turn, stream=category == "summary")


def _tasks(tasks: Sequence[_Task]) -> Iterator[Case]:
    """Two turns each: the call of a tool, and the answer to its result."""
    for number, task in enumerate(tasks):
        asked = replace(_asking(SHOP, task["asks"]), tools=TOOLS)
        call, stream = Call(task["call"], task["arguments"]), number % 3 > 0
        yield Case("tools", CLAUDE, asked, Turn(calls=(call,)), stream)
        name, result = f"toolu_{number:024}", json.dumps(task["result"])
        done = (
            ToolCall(name, call.name, call.json),
            ToolResult(name, (Text(result),), name=call.name),
        )
        told = replace(asked, items=(*asked.items, *done))
        yield Case("tools", CLAUDE, told, Turn(task["answer"]), stream, given=_mark(task["result"]))


def _mark(result: dict[str, Json]) -> str:
    """What stands in a result in every dialect, however it is wrapped."""
    return next(iter(result))


def _chat(turns: Sequence[_Asked]) -> Iterator[Case]:
    """One conversation, whose history grows."""
    first, *rest = turns
    asked = _asking(WRITER, first["asks"])
    yield Case("writing", NOVA, asked, Turn(first["answer"]), stream=True)
    for before, turn in zip(turns, rest, strict=False):
        more = (_said(Role.ASSISTANT, before["answer"]), _said(Role.USER, turn["asks"]))
        asked = replace(asked, items=(*asked.items, *more))
        yield Case("writing", NOVA, asked, Turn(turn["answer"]), stream=True)


def _pictures(pictures: Sequence[_Picture]) -> Iterator[Case]:
    for picture, model in zip(pictures, (CHAT, CLAUDE, GEMINI), strict=True):
        image = Image(Inline("image/png", base64.b64encode(png(picture["colour"])).decode()))
        asked = _asking("You look at samples of colours.", image, picture["asks"])
        yield Case("picture", model, asked, Turn(picture["answer"]))


def png(colour: tuple[int, int, int], size: int = 48) -> bytes:
    """A square of one colour."""
    rows = (b"\0" + bytes(colour) * size) * size
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
