"""What a request or a reply says, facet by facet, so that two dialects' ways to say it can be compared.

A facet leaves out what no two dialects have in common: ids (calls and results are told by their place),
makers, raw stop words, how texts are cut into parts. What differs must be named by the loss report.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from tokentape.protocols.canonical.conversation import Options, Tool
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Data, Document, Image, Inline, Plain, Refusal, Text, Url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Loss
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.canonical.reply import Reply

    Facets = dict[str, Any]

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)


def asked(conversation: Conversation) -> Facets:
    """What a request says; facets that say nothing are left out."""
    items = conversation.items
    options = {field.name: getattr(conversation.options, field.name) for field in fields(Options)}
    thinking, output = conversation.thinking, conversation.output
    found: Facets = {
        "system": _squeezed(part for item in items for part in _texts(item, _SYSTEM)),
        "turns": list(_turns(items)),
        **_said(items),
        **_results(items),
        "tools": [_tool(tool) for tool in conversation.tools if isinstance(tool, Tool)],
        "strict tools": [tool.name for tool in conversation.tools if isinstance(tool, Tool) and tool.strict],
        "tool choice": _choice(conversation),
        "output": (output.kind, _json(output.schema)) if output and output.kind != "text" else None,
        "output name": output.name if output else None,
        "thinking": bool(thinking) and thinking.mode != "off" and thinking.effort != "none",
        "effort": (thinking.effort, thinking.budget) if thinking else None,
        **{f"option {name}": value for name, value in options.items()},
    }
    return _telling(found)


def answered(reply: Reply) -> Facets:
    """What a reply says."""
    usage = reply.usage
    counts = {name: count for name, count in usage.counts.items() if count is not None} if usage else {}
    found: Facets = {
        "text": _squeezed(part for item in reply.items for part in _texts(item, (Role.ASSISTANT,))),
        **_said(reply.items),
        "refusal": _squeezed(part.text for part in _parts(reply.items) if isinstance(part, Refusal)),
        "stop": reply.stop.reason.value if reply.stop else None,
        "stop sequence": reply.stop.sequence if reply.stop else None,
        "choices": len(reply.choices),
        **{f"usage {name}": count for name, count in counts.items()},
        "incomplete": not reply.complete,
        "failed": reply.failure is not None,
    }
    return _telling(found)


def _telling(found: Facets) -> Facets:
    return {name: value for name, value in found.items() if value not in (None, "", [], (), {}, False)}


def _said(items: Iterable[Item]) -> Facets:
    """Media, thoughts and calls, in order."""
    items = tuple(items)
    parts = list(_parts(items))
    thoughts = [item for item in items if isinstance(item, Reasoning)]
    documents = [part for part in parts if isinstance(part, Document)]
    calls = [item for item in items if isinstance(item, ToolCall)]
    return {
        "images": [_source(part.source) for part in parts if isinstance(part, Image)],
        "documents": [_source(part.source) for part in documents],
        "document names": [part.name.partition(".")[0] for part in documents if part.name],
        "reasoning": [text for text in (_squeezed((*item.summary, item.text)) for item in thoughts) if text],
        "opaque": [blob.data for item in (*thoughts, *calls) for blob in item.opaque],
        "calls": [(call.name, _arguments(call)) for call in calls],
    }


def _results(items: Iterable[Item]) -> Facets:
    """Results by the call that they are of, so that neither ids nor their order matter."""
    items = tuple(items)
    results: dict[str, list[ToolResult]] = {}
    for item in items:
        if isinstance(item, ToolResult):
            results.setdefault(item.call_id, []).append(item)
    ordered = [
        (nth, results[call.id].pop(0))
        for nth, call in enumerate(item for item in items if isinstance(item, ToolCall))
        if results.get(call.id)
    ]
    orphans = [(-1, result) for left in results.values() for result in left]
    told = ordered + orphans
    return {
        "results": [(nth, _squeezed(_result_texts(result))) for nth, result in told],
        "tool errors": [nth for nth, result in told if result.is_error],
    }


def _result_texts(result: ToolResult) -> Iterator[str]:
    for part in result.parts:
        if isinstance(part, Text):
            yield part.text
        elif isinstance(part, Data):
            yield _json(part.value)


def _turns(items: Iterable[Item]) -> Iterator[tuple[str, str]]:
    """Who said what, in order; what one side says in a row is one turn."""
    speaker, told = "", ""
    for item in items:
        if not isinstance(item, Message) or item.role in _SYSTEM:
            continue
        more = _squeezed(_texts(item, (item.role,)))
        if item.role.value != speaker and told:
            yield speaker, told
            told = ""
        speaker, told = item.role.value, told + more
    if told:
        yield speaker, told


def _texts(item: Item, roles: tuple[Role, ...]) -> Iterator[str]:
    if isinstance(item, Message) and item.role in roles:
        yield from (part.text for part in item.parts if isinstance(part, Text))


def _parts(items: Iterable[Item]) -> Iterator[Part]:
    for item in items:
        if isinstance(item, Message | ToolResult):
            yield from item.parts


def _squeezed(texts: Iterable[str]) -> str:
    """Texts as one, without white space: where one ends and the next begins is spelling."""
    return "".join("".join(texts).split())


def _source(source: object) -> tuple[str, ...]:
    match source:
        case Inline(media_type, data):
            return media_type, data
        case Url(url):
            return ("url", url)
        case Plain(text):
            return ("plain", text)
        case _:
            return ("other", repr(source))


def _arguments(call: ToolCall) -> str:
    try:
        return _json(json.loads(call.arguments or "{}"))
    except ValueError:
        return call.arguments


def _tool(tool: Tool) -> tuple[str, str | None, str]:
    return tool.name, tool.description or None, _json(tool.schema)


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _choice(conversation: Conversation) -> tuple[str, tuple[str, ...]] | None:
    choice = conversation.tool_choice
    if choice is None or choice.mode == "auto":
        return None
    names = tuple(tool.name for tool in conversation.tools if isinstance(tool, Tool))
    if choice.mode == "allowed" and set(choice.names) == set(names):
        return ("required", ()) if choice.required else None
    if choice.mode == "tool" and names == choice.names:
        return "required", ()  # one tool, and one must be called: the same
    return choice.mode, choice.names


# ---- how losses name what differs

NAMED_BY = {
    "system": r"system|developer|instructions",
    "turns": r"text|message|content|refusal|prefill|empty",
    "images": r"image|media|url|picture",
    "documents": r"document|file|media|pdf",
    "document names": r"name|title|document|file",
    "reasoning": r"reason|thought|thinking",
    "opaque": r"signature|redacted|encrypted|opaque|reason|thought|thinking",
    "calls": r"argument|call|tool",
    "results": r"result|image|document|media|tool",
    "tool errors": r"error",
    "tools": r"tool|schema|description|custom|format",
    "strict tools": r"strict",
    "tool choice": r"choice|allowed|required|tool",
    "output": r"output|format|schema|json",
    "output name": r"name|output|format|schema",
    "thinking": r"thinking|reasoning|effort|budget|thought",
    "effort": r"thinking|reasoning|effort|budget|thought",
    "text": r"text|refusal|content",
    "refusal": r"refusal",
    "stop": r"stop|finish|end|refusal|reason",
    "stop sequence": r"stop|sequence",
    "choices": r"choice|candidate",
}
"""By facet, a pattern that the path, the words or the reason of a loss about it has."""


def differences(before: Facets, after: Facets) -> list[str]:
    """The facets that are not the same, in order."""
    names = [*before, *(name for name in after if name not in before)]
    return [name for name in names if not _same(name, before.get(name), after.get(name))]


def _same(facet: str, before: object, after: object) -> bool:
    return before == after or (facet == "stop" and (before, after) in SAME_STOPS)


SAME_STOPS = {
    ("context_window", "length"): "case 13: the limit that was met is the model's",
    ("refusal", "content_filter"): "case 13: somebody would not have it said",
    ("content_filter", "refusal"): "the same, back",
    ("stop_sequence", "end"): "most dialects have one word for both",
}
"""Reasons that one word stands for in the target; `Stop.raw` keeps the source's own."""


def named(facet: str, losses: Iterable[Loss]) -> list[Loss]:
    """The losses that are about a facet."""
    kind, _, option = facet.partition(" ")
    words = option.replace("_", "[ _]?") if kind in ("option", "usage") else NAMED_BY.get(facet, facet)
    pattern = re.compile(words + ("|usage|count" if kind == "usage" else ""), re.IGNORECASE)
    return [loss for loss in losses if pattern.search(f"{loss.path} {loss.what} {loss.why}")]
