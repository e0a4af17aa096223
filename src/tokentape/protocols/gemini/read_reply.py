"""A generateContent reply in canonical form (API reference, "GenerateContentResponse")."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Choice, Reply
from tokentape.protocols.checking import Where
from tokentape.protocols.gemini.content import ContentReader, maker_of
from tokentape.protocols.gemini.grounding import citations_of
from tokentape.protocols.gemini.names import NAME, Found, known
from tokentape.protocols.gemini.stops import blocked, calls_tools, stop_of, word_of
from tokentape.protocols.gemini.usage import usage

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Citation
    from tokentape.protocols.canonical.reply import Stop
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

REPLY = known("candidates", "usageMetadata", "modelVersion", "responseId", "createTime")
CANDIDATE = known("content", "finishReason", "finishMessage", "index")
_WHERE = Where(NAME)


def read_reply(body: Fields, source: Source) -> Reply:
    """The reply. Raises `ProtocolError` for what is none, interactions and the like included."""
    try:
        return _read(_WHERE.fields(body), source)
    except (RecursionError, ValueError) as problem:
        if isinstance(problem, RecursionError) or type(problem) is ValueError:
            _WHERE.wrong("it is nested too deep, or holds a number that is too long")
        raise


def _read(body: Fields, source: Source) -> Reply:
    found = Found()
    told = found.object(body, REPLY)
    feedback = feedback_of(found.rest)
    if not ("candidates" in told or "usageMetadata" in told or feedback is not None):
        _WHERE.wrong("this is no reply of generateContent: it has neither `candidates` nor `promptFeedback`")
    model = _WHERE.text_or_none(told.get("modelVersion"), "modelVersion")
    reader = ContentReader(_WHERE, maker_of(source))
    choices: list[Choice] = []
    entries = _WHERE.entries(told.get("candidates", []), "candidates")
    for nth, entry in enumerate(entries):
        choices.append(_choice(entry, nth, reader))
    if not entries:
        found.spelling["=candidates"] = "empty" if "candidates" in told else "absent"
        stop = stop_of_prompt(feedback)
        choices = [Choice((), stop)] if stop is not None else []
    created = told.get("createTime")
    if created is not None:
        found.spelling["=created"] = _WHERE.text(created, "createTime")
    counts = None
    if "usageMetadata" in told:
        given = _WHERE.fields(told["usageMetadata"], "usageMetadata")
        counts = usage({**found.rest, **told})
        if counts is None:
            found.spelling["=usage"] = given
    return Reply(
        tuple(choices),
        id=_WHERE.text_or_none(told.get("responseId"), "responseId"),
        model=model,
        created=seconds(created),
        usage=counts,
        origin=found.origin(()),
    )


def feedback_of(rest: Fields) -> Fields | None:
    """What is said about the prompt."""
    found = rest.get("promptFeedback", rest.get("prompt_feedback"))
    return None if found is None else _WHERE.fields(found, "promptFeedback")


def stop_of_prompt(feedback: Fields | None) -> Stop | None:
    """The stop of a prompt that was blocked."""
    if feedback is None:
        return None
    reason = feedback.get("blockReason", feedback.get("block_reason"))
    if reason is None:
        return None
    word = str(reason) if isinstance(reason, int) else _WHERE.text(reason, "promptFeedback", "blockReason")
    message = feedback.get("blockReasonMessage", feedback.get("block_reason_message"))
    return blocked(word, message)


def _choice(value: Json, nth: int, reader: ContentReader) -> Choice:
    path = ("candidates", nth)
    found = Found()
    told = found.object(_WHERE.fields(value, *path), CANDIDATE)
    index = _WHERE.integer_or_none(told.get("index"), *path, "index")
    if index is None:
        found.spelling["=index"] = "absent"
    items: list[Item] = []
    if "content" in told:
        items = reader.content(told["content"], (*path, "content"), Role.ASSISTANT)
        if is_nothing(items):
            found.spelling["=content"] = told["content"]
            items = []
    items = cited(items, found.rest)
    stop = read_stop(told, found.spelling, calls_tools(items), *path)
    return Choice(tuple(items), stop, nth if index is None else index, found.origin(path))


def is_nothing(items: list[Item]) -> bool:
    """True for the items of a content without parts."""
    return len(items) == 1 and isinstance(items[0], Message) and not items[0].parts


def read_stop(told: Fields, spelling: Fields, calls: bool, *path: str | int) -> Stop | None:
    """Why a candidate stopped; None while it has not."""
    message = told.get("finishMessage")
    raw = told.get("finishReason")
    if raw is None:
        if message is not None:
            spelling["=message"] = message
        return None
    word = word_of(raw, _WHERE, *path, "finishReason")
    if raw != word:
        spelling["=finish"] = raw
    return stop_of(word, calls, message)


def cited(items: list[Item], candidate: Fields) -> list[Item]:
    """The items with the citations that the candidate tells."""
    if "groundingMetadata" not in candidate and "citationMetadata" not in candidate:
        return items
    texts = [part.text for part in said(items)]
    found = citations_of(candidate, texts)
    return recited(items, found) if found else items


def said(items: list[Item] | tuple[Item, ...]) -> list[Text]:
    """The texts of messages."""
    return [
        part for item in items if isinstance(item, Message) for part in item.parts if isinstance(part, Text)
    ]


def recited(items: list[Item], found: dict[int, list[Citation]]) -> list[Item]:
    """The items, with citations `found` for the texts by their order."""
    nth = 0
    written: list[Item] = []
    for item in items:
        if not isinstance(item, Message):
            written.append(item)
            continue
        parts = list(item.parts)
        for at, part in enumerate(parts):
            if isinstance(part, Text):
                if nth in found:
                    parts[at] = replace(part, citations=(*part.citations, *found[nth]))
                nth += 1
        written.append(replace(item, parts=tuple(parts)))
    return written


def seconds(created: Json) -> int | float | None:
    """A time as the API writes it, in seconds since 1970; None for anything else."""
    if not isinstance(created, str):
        return None
    try:
        found = datetime.fromisoformat(created)
        told = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return int(told) if told.is_integer() else told


def rfc3339(created: float) -> str | None:
    """Seconds since 1970 as the API writes a time."""
    try:
        return datetime.fromtimestamp(created, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None
