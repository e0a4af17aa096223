"""What a model thought, read from wherever servers put it.

`reasoning_content`: DeepSeek, xAI, Moonshot, DashScope, llama.cpp; `reasoning`: OpenRouter, Groq, Cerebras,
vLLM, Together; `reasoning_details`: OpenRouter; parts of the content: Mistral (`thinking`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Reasoning
from tokentape.protocols.canonical.origin import NOTHING, Opaque, Origin
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.reading import fields, objects, text

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Message
    from tokentape.protocols.canonical.origin import Maker, Path, Turn
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

TEXTS = ("reasoning_content", "reasoning")


def read_thought(message: Fields, where: Where, path: Path, turn: Turn, maker: Maker) -> Reasoning | None:
    """The thought of a message, if it has one outside its content.

    `fields` of the spelling are those that hold the text: some servers say it twice.
    """
    said = {name: found for name in TEXTS if isinstance(found := message.get(name), str) and found}
    details = message.get("reasoning_details")
    odd = {name: found for name in TEXTS if (found := message.get(name)) and name not in said}
    if not said and not details and not odd:
        return None
    names: list[Json] = list(said)
    thought = next(iter(said.values()), "")
    rest: Fields = {**odd, **{name: found for name, found in said.items() if found != thought}}
    entries = where.entries(details, *path, "reasoning_details") if details else []
    if not said:
        thought = said_in_details(entries)
    spelling: Fields = {"fields": [name for name in names if name not in rest]}
    return Reasoning(thought, (), details_of(entries, maker), origin=Origin(NAME, path, rest, spelling, turn))


def details_of(entries: list[Json], maker: Maker) -> tuple[Opaque, ...]:
    """OpenRouter's details, each as it is: `reasoning.text`, `reasoning.summary`, `reasoning.encrypted`."""
    return tuple(Opaque(text(fields(entry).get("type")) or "reasoning", entry, maker) for entry in entries)


def said_in_details(entries: list[Json]) -> str:
    """The text that the details say, shown or summed up."""
    shown = [text(entry.get("text")) or text(entry.get("summary")) for entry in objects(entries)]
    return "".join(shown)


def is_thought(part: Json) -> bool:
    """True for a part of the content that holds a thought (Mistral)."""
    return (
        isinstance(part, dict)
        and part.get("type") == "thinking"
        and isinstance(part.get("thinking"), list | str)
    )


def read_thought_part(value: Json, where: Where, path: Path, shell: Message) -> Reasoning:
    """A `thinking` part; its list is in the spelling if it is not one text."""
    part = where.fields(value, *path)
    inner = part.get("thinking")
    thought = thought_text(inner)
    rest = {name: said for name, said in part.items() if name not in ("type", "thinking")}
    usual: list[Json] = [{"type": "text", "text": thought}]
    spelling: Fields = {"as": "part"} if inner == usual else {"as": "part", "thinking": inner}
    turn = shell.origin.turn if shell.origin else None
    return Reasoning(thought, origin=Origin(NAME, path, rest or NOTHING, spelling, turn))


def thought_text(inner: Json) -> str:
    """The text of a `thinking` part."""
    if isinstance(inner, str):
        return inner
    return "".join(text(entry.get("text")) for entry in objects(inner))
