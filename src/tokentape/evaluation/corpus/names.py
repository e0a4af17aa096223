"""What conditions can ask of a row, by name. Each is read only if it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tokentape.protocols.canonical.conversation import Tool
from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Audio, Document, Image, Refusal, Text, Video
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tokentape.evaluation.corpus.row import Row
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part

TEXT, NUMBER, FLAG, LIST, ANY = "text", "number", "flag", "list", "any"


class Field(NamedTuple):
    """One name: what kind of value it has, and how that is read. What is unknown is None."""

    kind: str
    read: Callable[[Row], object]
    says: str


def _said(name: str) -> Callable[[Row], object]:
    """A text of the metadata."""

    def read(row: Row) -> object:
        value = row.metadata.get(name)
        return value if isinstance(value, str) else None

    return read


def _tokens(name: str) -> Callable[[Row], object]:
    def read(row: Row) -> object:
        return getattr(row.usage, name) if row.usage is not None else None

    return read


def _all_tokens(row: Row) -> int | None:
    usage = row.usage
    if usage is None or usage.input is None or usage.output is None:
        return None
    return usage.input + usage.output


def _parts(items: Iterable[Item]) -> Iterable[Part]:
    for item in items:
        if isinstance(item, Message | ToolResult):
            yield from item.parts


def words(items: Iterable[Item]) -> str:
    """The texts of some items, in order, one below the other."""
    return "\n".join(part.text for part in _parts(items) if isinstance(part, Text | Refusal))


def _asked(row: Row) -> tuple[Item, ...]:
    return row.conversation.items if row.conversation is not None else ()


def _answered(row: Row) -> tuple[Item, ...]:
    return row.reply.items if row.reply is not None else ()


def _asks(row: Row) -> str:
    """The last thing that the user said."""
    said = [item for item in _asked(row) if isinstance(item, Message) and item.role is Role.USER]
    return words(said[-1:])


def _offered(row: Row) -> list[str]:
    tools = row.conversation.tools if row.conversation is not None else ()
    return [tool.name if isinstance(tool, Tool) else tool.kind for tool in tools]


def _called(row: Row) -> list[str]:
    return [item.name for item in _answered(row) if isinstance(item, ToolCall)]


def _media(*kinds: type[Part]) -> Callable[[Row], object]:
    return lambda row: sum(isinstance(part, kinds) for part in _parts(_asked(row)))


def _stop(row: Row) -> str | None:
    stop = row.reply.stop if row.reply is not None else None
    return stop.reason.value if stop is not None else None


def _turns(row: Row) -> int:
    return sum(isinstance(item, Message) and item.role is Role.USER for item in _asked(row))


def _form(row: Row) -> str:
    output = row.conversation.output if row.conversation is not None else None
    return output.kind if output is not None else "text"


def _status(row: Row) -> int | None:
    return row.interaction.response.status if row.interaction.response is not None else None


def _price(row: Row) -> float | None:
    return None if row.cost is None else float(row.cost)


FIELDS: dict[str, Field] = {
    "model": Field(TEXT, lambda row: row.model, "the model as the program calls it"),
    "answered": Field(
        TEXT, lambda row: row.reply.model if row.reply else None, "the model as the reply calls it"
    ),
    "dialect": Field(TEXT, lambda row: row.dialect, "the API: `openai.chat`, `anthropic.messages`, ..."),
    "operation": Field(TEXT, lambda row: row.operation, "the API and what was asked of it"),
    "provider": Field(TEXT, lambda row: row.provider, "who answered: `openai`, `google`, ..., or the host"),
    "host": Field(TEXT, lambda row: host_of(row.interaction.request.url), "the host that was asked"),
    "category": Field(TEXT, _said("category"), "`metadata.category`"),
    "tag": Field(TEXT, _said("tag"), "`metadata.tag`, which the gateway writes"),
    "session": Field(TEXT, _said("session"), "`metadata.session`, which the gateway writes"),
    "metadata": Field(ANY, lambda row: dict(row.metadata), "all metadata; `metadata.NAME` is a part of it"),
    "cassette": Field(TEXT, lambda row: row.cassette, "the place of the cassette"),
    "id": Field(TEXT, lambda row: row.id, "the id of the recording"),
    "at": Field(TEXT, lambda row: row.interaction.timing.at or None, 'when: `at >= "2026-11-01"`'),
    "asks": Field(TEXT, _asks, "the last thing that the user said"),
    "prompt": Field(TEXT, lambda row: words(_asked(row)), "all texts of the request"),
    "reply": Field(TEXT, lambda row: words(_answered(row)), "the text of the reply"),
    "text": Field(TEXT, lambda row: words((*_asked(row), *_answered(row))), "both"),
    "turns": Field(NUMBER, _turns, "how often the user spoke"),
    "tools": Field(LIST, _offered, "the names of the tools that were offered"),
    "calls": Field(LIST, _called, "the names of the tools that the reply calls"),
    "images": Field(NUMBER, _media(Image), "pictures in the request"),
    "documents": Field(NUMBER, _media(Document), "documents in the request"),
    "sounds": Field(NUMBER, _media(Audio), "sounds in the request"),
    "videos": Field(NUMBER, _media(Video), "videos in the request"),
    "output": Field(TEXT, _form, "the form that was asked for: `text`, `json`, `schema`"),
    "streamed": Field(FLAG, lambda row: row.found.operation.stream, "the reply came as a stream"),
    "stop": Field(TEXT, _stop, "why the model stopped: `end`, `length`, `tool_calls`, ..."),
    "status": Field(NUMBER, _status, "the status of the reply"),
    "whole": Field(FLAG, lambda row: row.is_whole, "the whole answer is there: neither cut nor an error"),
    "tokens": Field(NUMBER, _all_tokens, "tokens in and out"),
    "tokens_in": Field(NUMBER, _tokens("input"), "tokens of the prompt"),
    "tokens_out": Field(NUMBER, _tokens("output"), "tokens of the reply"),
    "cost": Field(NUMBER, _price, "US dollars, by the prices of today"),
    "seconds": Field(NUMBER, lambda row: row.seconds, "how long the call took"),
    "first": Field(NUMBER, lambda row: row.first, "seconds to the first chunk"),
}
"""Every name, with its kind and its meaning."""
