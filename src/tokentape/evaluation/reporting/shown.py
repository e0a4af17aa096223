"""A row as it is shown: the prompt, both replies, and what was said of them, as JSON.

Texts are cut at `LONGEST` characters, and a conversation shows at most `MOST_PARTS` parts: those at its
beginning and its end. What was left out is counted. Images of up to `LARGEST` bytes are inside.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.plain import arguments_of
from tokentape.evaluation.reporting.columns import amounts, share
from tokentape.evaluation.reporting.plainjson import plain
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import (
    Audio,
    Data,
    Document,
    Image,
    Inline,
    Plain,
    Refusal,
    Text,
    Url,
    Video,
)
from tokentape.protocols.media import data_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.evaluation.comparing.comparator import Side, Verdict
    from tokentape.evaluation.scoring.scored import Scored
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part, Source
    from tokentape.wire.interaction import Json

    Shown = dict[str, Json]

LONGEST = 8_000
"""Characters of one text."""
MOST_PARTS = 40
"""Parts of one prompt, or one reply."""
LARGEST = 64 * 1024
"""Bytes of an image that is inside the report."""
LONGEST_NAME = 200
"""Characters of a category."""
MOST_DIFFERENCES = 50
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What browsers show, and what runs no script (an SVG may)."""


def row_shown(scored: Scored) -> Shown:
    """One row of the report."""
    row, asked = scored.row, scored.asked or scored.row.conversation
    verdicts, after = scored.verdicts, scored.after
    return {
        "id": row.id,
        "cassette": row.cassette,
        "same": row.same.hex(),
        "cluster": row.cluster,
        "times": row.times,
        "at": row.interaction.timing.at,
        "category": category_of(scored),
        "model": row.model or "",
        "provider": row.provider,
        "dialect": row.dialect,
        "target": scored.target,
        "sample": scored.sample,
        "status": scored.status.value,
        "reason": _cut(scored.reason)[0],
        "metadata": plain(row.metadata),
        "asked": parts_of(asked.items if asked else ()),
        "before": reply_shown(scored.before),
        "after": None if after is None else reply_shown(after),
        "facts": {"before": facts(scored.before), "after": None if after is None else facts(after)},
        "verdicts": [verdict_shown(name, verdict) for name, verdict in verdicts.items()],
        "losses": [
            {"path": loss.path, "what": loss.what, "why": loss.why, "severity": loss.severity.value}
            for loss in scored.losses
        ],
        "badness": badness(scored),
    }


def category_of(scored: Scored) -> str:
    """The category of the row; "" if it has none."""
    found = scored.row.metadata.get("category")
    said = found if isinstance(found, str) else "" if found is None else str(plain(found))
    return said[:LONGEST_NAME]


def badness(scored: Scored) -> float:
    """How much a row asks to be looked at: first those that failed, by how many comparators say so, and of
    these the lowest score; then those without an answer (2); then by what the mean score lacks of 1.
    """
    if scored.after is None:
        return 2.0
    failed = sum(verdict.passed is False for verdict in scored.verdicts.values())
    scores = [found for each in scored.verdicts.values() if not math.isnan(found := share(each.score))]
    lacking = 1 - math.fsum(scores) / len(scores) if scores else 0.0
    return 2 + failed + lacking if failed else lacking


def facts(side: Side) -> Shown:
    """What the reply took; null where nobody knows."""
    usd, tokens_in, tokens_out, seconds, first = map(_known, amounts(side))
    stop = side.reply.stop
    return {
        "seconds": seconds,
        "first": first,
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "usd": usd,
        "stop": stop.reason.value if stop else None,
    }


def _known(value: float) -> float | None:
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else value


def verdict_shown(name: str, verdict: Verdict) -> Shown:
    """What one comparator says."""
    differences: list[Json] = [
        {"path": each.path, "before": plain(each.before), "after": plain(each.after), "note": each.note}
        for each in verdict.differences[:MOST_DIFFERENCES]
    ]
    return {
        "name": name,
        "score": _known(share(verdict.score)),
        "passed": verdict.passed,
        "reason": _cut(verdict.reason)[0],
        "differences": differences,
        "flags": list(verdict.flags),
    }


def reply_shown(side: Side) -> list[Json]:
    """The parts of a reply, and the error that it tells."""
    found = parts_of(side.reply.items)
    failure = side.reply.failure
    if failure is not None:
        found.append(_part("assistant", "other", text=f"failed ({failure.kind}): {failure.message}"))
    return found


def parts_of(items: Iterable[Item]) -> list[Json]:
    """The parts of the items, in order; of too many, the first and the last ones."""
    found: list[Json] = list(_parts(items))
    if len(found) <= MOST_PARTS:
        return found
    head = MOST_PARTS // 2
    left_out = _part("system", "other", text=f"({len(found) - MOST_PARTS} parts are left out here)")
    return [*found[:head], left_out, *found[-head:]]


def _parts(items: Iterable[Item]) -> Iterator[Shown]:
    for item in items:
        match item:
            case Message():
                role = "system" if item.role is Role.DEVELOPER else item.role.value
                for part in item.parts:
                    yield _of_part(part, role)
            case ToolResult():
                for part in item.parts:
                    yield {**_of_part(part, "tool"), **_result(item, part)}
                if not item.parts:
                    yield _part("tool", "result", text="", name=item.name)
            case Reasoning():
                said = item.text or "\n\n".join(item.summary)
                yield _part("assistant", "reasoning", text=said or "(not shown)")
            case ToolCall():
                arguments = plain(arguments_of(item))
                yield {**_part("assistant", "call", name=item.name), "arguments": arguments}
            case ServerTool():
                yield {**_part("assistant", "other", name=item.kind), "arguments": plain(item.json)}
            case _:
                yield {**_part("assistant", "other"), "arguments": plain(item.json)}


def _result(item: ToolResult, part: Part) -> Shown:
    """A text that a tool gave back is its result; a picture stays a picture."""
    kind: Shown = {"kind": "result"} if isinstance(part, Text | Data | Refusal) else {}
    return {**kind, "name": item.name} if item.name else kind


def _of_part(part: Part, role: str) -> Shown:
    match part:
        case Text():
            return _part(role, "text", text=part.text)
        case Refusal():
            return _part(role, "refusal", text=part.text)
        case Data():
            return {**_part(role, "other"), "arguments": plain(part.value)}
        case Image():
            return _media(role, "image", part.source)
        case Document():
            return _media(role, "document", part.source, name=part.name)
        case Audio():
            return _media(role, "audio", part.source, text=part.transcript)
        case Video():
            return _media(role, "video", part.source)
        case _:
            return {**_part(role, "other"), "arguments": plain(part.json)}


def _media(
    role: str, media: str, source: Source | None, *, name: str | None = None, text: str | None = None
) -> Shown:
    found = {**_part(role, "media", text=text, name=name), "media": media}
    if isinstance(source, Url):
        source = data_url(source.url) or source
    match source:
        case Inline():
            found |= {"type": source.media_type, "bytes": len(source.data) * 3 // 4}
            if source.media_type.lower() in _PICTURES and len(source.data) * 3 // 4 <= LARGEST:
                found["data"] = source.data
        case Url():
            found |= {"url": _cut(source.url)[0]}
        case Plain():
            found |= _text(source.text)
        case None:
            pass
        case _:
            found |= {"url": f"file {source.id} at {source.protocol}"}
    return found


def _part(role: str, kind: str, *, text: str | None = None, name: str | None = None) -> Shown:
    found: Shown = {"role": role, "kind": kind}
    if name is not None:
        found["name"] = name
    return found if text is None else found | _text(text)


def _text(text: str) -> Shown:
    said, cut = _cut(text)
    return {"text": said, "cut": cut} if cut else {"text": said}


def _cut(text: str) -> tuple[str, int]:
    """The text as far as it is shown, and how many characters are left out."""
    return text[:LONGEST], max(0, len(text) - LONGEST)
