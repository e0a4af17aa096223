"""A generateContent request in canonical form (API reference, "GenerateContentRequest")."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import Conversation, Options, OutputFormat, Thinking
from tokentape.protocols.canonical.items import Role
from tokentape.protocols.checking import Where
from tokentape.protocols.gemini.content import ContentReader, maker_of
from tokentape.protocols.gemini.names import NAME, Found, known
from tokentape.protocols.gemini.options import GENERATION, OPTIONS, read_output
from tokentape.protocols.gemini.thinking import read_thinking
from tokentape.protocols.gemini.tools import read_choice, read_tools
from tokentape.protocols.options import read_options

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import NativeTool, Tool
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_REQUEST = known(
    "contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "serviceTier", "store",
    "model",
)  # fmt: skip
_WHERE = Where(NAME)


def read_request(body: Fields, source: Source) -> Conversation:
    """The request. Raises `ProtocolError` for what is none, interactions and the like included."""
    try:
        return _read(_WHERE.fields(body), source)
    except (RecursionError, ValueError) as problem:
        if isinstance(problem, RecursionError) or type(problem) is ValueError:
            _WHERE.wrong("it is nested too deep, or holds a number that is too long")
        raise


def _read(body: Fields, source: Source) -> Conversation:
    found = Found()
    told = found.object(body, _REQUEST)
    if "contents" not in told:
        _WHERE.wrong(
            f"{_operation(body)} cannot be translated: only generateContent can, which has `contents`"
        )
    model, in_body = source.model, _WHERE.text_or_none(told.get("model"), "model")
    if in_body is not None:
        found.spelling["=model"] = in_body
        model = model or in_body.removeprefix("models/")
    reader = ContentReader(_WHERE, maker_of(source))
    items = _system(told, reader)
    items += _contents(told["contents"], reader, found)
    options, output, thinking = _config(told, found)
    choice = read_choice(told["toolConfig"], found, _WHERE) if "toolConfig" in told else None
    return Conversation(
        tuple(items),
        model=model,
        tools=_tools(told, found),
        tool_choice=choice,
        output=output,
        thinking=thinking,
        options=options,
        stream=source.stream,
        origin=found.origin(()),
    )


def _operation(body: Fields) -> str:
    """What the body asks for instead."""
    if "input" in body:
        return "an interaction (`input`)"
    if "requests" in body or "content" in body or "instances" in body:
        return "an embedding or a batch"
    return "this body (a file, a cache, or another operation)"


def _system(told: Fields, reader: ContentReader) -> list[Item]:
    if "systemInstruction" not in told:
        return []
    return reader.content(told["systemInstruction"], ("systemInstruction",), Role.SYSTEM)


def _contents(value: Json, reader: ContentReader, found: Found) -> list[Item]:
    if not isinstance(value, list):
        found.spelling["=contents"] = "one"
        return reader.content(value, ("contents",))
    items: list[Item] = []
    for nth, content in enumerate(value):
        items += reader.content(content, ("contents", nth))
    return items


def _tools(told: Fields, found: Found) -> tuple[Tool | NativeTool, ...]:
    if "tools" not in told:
        return ()
    given = told["tools"]
    if isinstance(given, dict):
        found.spelling["=tools"] = "one"
        given = [given]
    tools = read_tools(_WHERE.entries(given, "tools"), _WHERE)
    if not tools:
        found.spelling["=tools"] = "empty"
    return tuple(tools)


def _config(told: Fields, found: Found) -> tuple[Options, OutputFormat | None, Thinking | None]:
    config: Fields = {}
    if "generationConfig" in told:
        given = _WHERE.fields(told["generationConfig"], "generationConfig")
        config = found.object(given, GENERATION, "generationConfig.")
        if not config:
            found.spelling["=generationConfig"] = "empty"
    output, kept = read_output(config, _WHERE)
    found.rest.update(kept)
    options = read_options({**told, "generationConfig": config}, OPTIONS, _WHERE)
    for name in ("stopSequences", "responseModalities"):
        if isinstance(config.get(name), str):
            found.spelling[f"={name}"] = "one"
    if options.modalities is not None:
        found.spelling["=modalities"] = config["responseModalities"]
        options = replace(options, modalities=lower(options.modalities))
    thinking = read_thinking(config["thinkingConfig"], _WHERE) if "thinkingConfig" in config else None
    return options, output, thinking


def lower(words: tuple[str, ...]) -> tuple[str, ...]:
    """Modalities as everybody else writes them."""
    return tuple(word.lower() for word in words)
