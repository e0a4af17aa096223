"""A written request, made what a server takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import Tool
from tokentape.protocols.schemas import subset_of

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def within_subset(asked: Conversation, target: Target) -> Conversation:
    """The request with its schemas in the subset that the server takes (case 33)."""
    if target.quirks.schema is None:
        return asked
    losses = target.losses
    tools = tuple(
        replace(tool, schema=subset_of(tool.schema, tool.origin, losses))
        if isinstance(tool, Tool) and tool.schema is not None
        else tool
        for tool in asked.tools
    )
    output = asked.output
    if output is not None and output.schema is not None:
        output = replace(output, schema=subset_of(output.schema, output.origin, losses))
    return replace(asked, tools=tools, output=output)


def quirked(body: Fields, target: Target) -> None:
    """Apply the quirks that are about fields of the body, and about its messages as a whole."""
    quirks = target.quirks
    _limit(body, quirks.token_limit)
    if (
        quirks.stream_usage != "option"
        and body.pop("stream_options", None)
        and quirks.stream_usage == "never"
    ):
        target.losses.tuning(("stream_options",), "usage in the stream", "the server does not count there")
    if isinstance(messages := body.get("messages"), list):
        if quirks.reasoning_on_calls and quirks.reasoning_field is not None:
            _thoughts_on_calls(messages, quirks.reasoning_field, thinks=_is_on(body.get("thinking")))
        if quirks.merge_roles:
            body["messages"] = merged(messages)
    for old, new in quirks.rename:
        if (value := _taken(body, old)) is not None:
            _put(body, new, value)
    _fill(body, target)


def _fill(body: Fields, target: Target) -> None:
    """What the server refuses, and what it wants."""
    quirks = target.quirks
    for name in sorted(quirks.drop):
        if _taken(body, name) is not None:
            target.losses.tuning(tuple(name.split(".")), name, "the server refuses it")
    for name, value in quirks.default:
        if _found(body, name) is None:
            _put(body, name, value)
    for name, value in quirks.force:
        _put(body, name, value)


def _limit(body: Fields, name: str | None) -> None:
    other = "max_tokens" if name == "max_completion_tokens" else "max_completion_tokens"
    if name is not None and body.get(other) is not None:
        value = body.pop(other)
        body.setdefault(name, value)


def _is_on(thinking: Json) -> bool:
    return isinstance(thinking, dict) and thinking.get("type") == "enabled"


def _thoughts_on_calls(messages: list[Json], name: str, *, thinks: bool) -> None:
    """Thoughts with turns that call tools only: with all of those or none (case 22).

    With all, if one has its thought or the model shall think: the API asks for the field, not for text.
    """
    spoken = [m for m in messages if isinstance(m, dict) and m.get("role") == "assistant"]
    calling = [message for message in spoken if message.get("tool_calls")]
    needed = thinks or any(message.get(name) for message in calling)
    for message in spoken:
        if not message.get("tool_calls"):
            message.pop(name, None)
        elif needed and not message.get(name):
            message[name] = ""


def merged(messages: list[Json]) -> list[Json]:
    """Neighbours of one role as one, of those that are nothing but content."""
    found: list[Json] = []
    for message in messages:
        last = found[-1] if found else None
        if (
            isinstance(last, dict)
            and isinstance(message, dict)
            and last.get("role") == message.get("role")
            and last.keys() == message.keys() == {"role", "content"}
        ):
            found[-1] = {**last, "content": _both(last["content"], message["content"])}
        else:
            found.append(message)
    return found


def _both(first: Json, second: Json) -> Json:
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}" if first and second else first or second
    return [*_listed(first), *_listed(second)]


def _listed(content: Json) -> list[Json]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []


def _holders(body: Fields, path: list[str]) -> list[Fields]:
    """The objects that a path leads to; a list stands for each of its entries."""
    found: list[Json] = [body]
    for step in path:
        inner = [value.get(step) for value in found if isinstance(value, dict)]
        found = [entry for value in inner for entry in (value if isinstance(value, list) else [value])]
    return [value for value in found if isinstance(value, dict)]


def _found(body: Fields, name: str) -> Json:
    *path, last = name.split(".")
    return next((value[last] for value in _holders(body, path) if value.get(last) is not None), None)


def _taken(body: Fields, name: str) -> Json:
    *path, last = name.split(".")
    taken = [value.pop(last) for value in _holders(body, path) if last in value]
    return next((value for value in taken if value is not None), None)


def _put(body: Fields, name: str, value: Json) -> None:
    *path, last = name.split(".")
    inner = body
    for step in path:
        found = inner.get(step)
        if not isinstance(found, dict):
            found = inner[step] = {}
        inner = found
    inner[last] = value
