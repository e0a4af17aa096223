"""From a recorded conversation to the request that a target gets; it is not signed yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentape.errors import UnsupportedFeature
from tokentape.evaluation.asking.fitting import fitted
from tokentape.evaluation.asking.judging import read
from tokentape.protocols.codec import Source
from tokentape.protocols.dialect import Kind
from tokentape.protocols.fastjson import dumps
from tokentape.protocols.translation import write_request
from tokentape.upstreams.unsigned import without_unsigned
from tokentape.upstreams.writing import fresh, own_way, place_of, target_of
from tokentape.wire.jsontext import JsonError
from tokentape.wire.message import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tokentape.evaluation.asking.question import Changes
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.losses import Losses, LossReport
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Target
    from tokentape.upstreams.upstream import Candidate
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers, Response

    Fields = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Prepared:
    """`asked` is the conversation as it was fitted; `reads` reads the reply, by `source`."""

    request: Request
    asked: Conversation
    source: Source
    losses: LossReport
    kind: Kind = Kind.GENERATE
    reads: Callable[[Response, Source], Reply] = read


FEATURES = ("anthropic-beta", "openai-beta")
"""Fields that switch on what a body uses: the same dialect wants them with it."""


def prepare(
    asked: Conversation,
    candidate: Candidate,
    changes: Changes,
    refused: Collection[str] = (),
    recorded: Headers = (),
) -> Prepared:
    """The request. An upstream that speaks the recorded dialect is asked in it, else in its own.

    `recorded` are the fields of the recorded request. It does not depend on which of several keys will ask.
    Raises `UnsupportedFeature` for a loss that changes the meaning, `UsageError` for a model that cannot
    stand in a path.
    """
    upstream = candidate.upstream
    dialect = upstream.speaks(asked.origin.protocol) if asked.origin is not None else upstream.dialect
    target = target_of(candidate, dialect, upstream.credentials[0].name)
    if candidate.set:
        changes = replace(changes, parameters={**candidate.set, **changes.parameters})
    try:
        prepared = _written(asked, candidate, target, changes, refused)
    except (JsonError, RecursionError):
        target.losses.meaning((), "the request", "it is nested too deeply to be written")
        protocol = asked.origin.protocol if asked.origin is not None else ""
        raise UnsupportedFeature(protocol, dialect, target.losses.report) from None
    if asked.origin is None or asked.origin.protocol != dialect:
        return prepared
    request = prepared.request
    features = tuple(field for field in recorded if field[0].lower() in FEATURES)
    return replace(prepared, request=replace(request, headers=(*request.headers, *features)))


def _written(
    asked: Conversation, candidate: Candidate, target: Target, changes: Changes, refused: Collection[str]
) -> Prepared:
    upstream, dialect, stream = candidate.upstream, target.dialect, changes.stream
    fit = fitted(asked, target, changes, refused)
    outgoing = write_request(fit, target, allow_losses=changes.lossy).result
    body = own_way(outgoing.body, upstream)
    if dialect == "anthropic.messages":
        body = _signed(body, target.losses)
    url, headers = place_of(candidate, outgoing, stream=stream), fresh(dialect, stream=stream)
    request = Request("POST", url, (*headers, *upstream.headers), dumps(body))
    source = Source(dialect, candidate.model, stream, upstream.provider or None, quirks=upstream.quirks)
    return Prepared(request, fit, source, target.losses.report)


def _signed(body: Fields, losses: Losses) -> Fields:
    """The body without thoughts that Anthropic did not sign, and so perhaps without thinking."""
    signed = without_unsigned(body)
    if "thinking" in body and "thinking" not in signed:
        losses.tuning(("thinking",), "thinking", "a loop of tools that began without thoughts goes on so")
    return signed
