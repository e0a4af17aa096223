"""A canonical reply as a reply of generateContent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.reply import StopReason, note_failed
from tokentape.protocols.canonical.turns import own_turn
from tokentape.protocols.gemini.counts import usage_metadata
from tokentape.protocols.gemini.failures import write_failure
from tokentape.protocols.gemini.grounding import citations_of, grounding_of
from tokentape.protocols.gemini.groups import Group
from tokentape.protocols.gemini.names import NAME, Again
from tokentape.protocols.gemini.read_reply import rfc3339, said, seconds
from tokentape.protocols.gemini.stops import finish_reason
from tokentape.protocols.gemini.write_content import PartWriter, is_own

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.reply import Choice, Reply
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def write_reply(reply: Reply, target: Target) -> Fields:
    """The reply; its error, if it holds one."""
    if reply.failure is not None:
        note_failed(reply, target.losses)
        return write_failure(reply.failure)[1]
    own = is_own(reply.origin)
    again = Again(reply.origin)
    writer = PartWriter(target, reply.model or asked_model(target), reply=True)
    body: Fields = {}
    if _has_candidates(reply, again):
        body["candidates"] = [_candidate(choice, own, writer, target) for choice in reply.choices]
    elif again.spelling.get("=candidates") == "empty":
        body["candidates"] = []
    if reply.usage is not None:
        body["usageMetadata"] = usage_metadata(reply.usage, own, target.losses)
    elif "=usage" in again.spelling:
        body["usageMetadata"] = again.spelling["=usage"]
    model = asked_model(target) if reply.model is None and not own else reply.model
    body.update(head(reply.id, model))
    created = again.spelling.get("=created")
    if created is not None and seconds(created) == reply.created:
        body["createTime"] = created
    elif reply.created is not None:
        body["createTime"] = rfc3339(reply.created)
    return again.object(body)


def asked_model(target: Target) -> str | None:
    """The model that was asked, where the reply does not name one."""
    return target.asked.model if target.asked is not None else None


def head(given: str | None, model: str | None) -> Fields:
    """What every chunk of a stream says again."""
    told: Fields = {}
    if model is not None:
        told["modelVersion"] = model
    if given is not None:
        told["responseId"] = given
    return told


def _has_candidates(reply: Reply, again: Again) -> bool:
    if "=candidates" not in again.spelling or len(reply.choices) > 1:
        return "=candidates" not in again.spelling or bool(reply.choices)
    blocked = all(
        not choice.items and choice.stop is not None and choice.stop.reason is StopReason.CONTENT_FILTER
        for choice in reply.choices
    )
    return not blocked


def _candidate(choice: Choice, own: bool, writer: PartWriter, target: Target) -> Json:
    again = Again(choice.origin)
    written: Fields = {}
    content = _content(choice.items, again, own, writer)
    if content is not None:
        written["content"] = content
    stop = choice.stop
    if stop is not None:
        raw = again.spelling.get("=finish")
        word = finish_reason(stop, own, target.losses)
        written["finishReason"] = raw if raw is not None and word == stop.raw else word
        if own and stop.detail is not None:
            written["finishMessage"] = stop.detail
    elif "=message" in again.spelling:
        written["finishMessage"] = again.spelling["=message"]
    if not ("=index" in again.spelling or (own and choice.origin is None)):
        written["index"] = choice.index
    whole = again.object(written)
    if isinstance(whole, dict):
        ground(whole, choice.items)
    return whole


def _content(items: tuple[Item, ...], again: Again, own: bool, writer: PartWriter) -> Json:
    if not items and (own or "=content" in again.spelling):
        return again.spelling.get("=content")
    turn = own_turn(items[0], NAME) if items else None
    shown = Group("model", list(items), turn).written(writer)
    return {"role": "model"} if shown is None else shown


def ground(candidate: Fields, items: tuple[Item, ...]) -> None:
    """Put the sources of the texts into the candidate, unless it tells them already."""
    texts = said(items)
    told = citations_of(candidate, [part.text for part in texts])
    if all(part.citations == tuple(told.get(nth, ())) for nth, part in enumerate(texts)):
        return
    candidate.pop("groundingMetadata", None)
    candidate.pop("citationMetadata", None)
    found = grounding_of([(part.text, part.citations) for part in texts])
    if found is not None:
        candidate["groundingMetadata"] = found
