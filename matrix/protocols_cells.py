"""One cell of the matrix of protocols: a feature from one dialect to another, plain, streamed and cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from matrix import protocols_facets as facets
from matrix.protocols_allowed import why_allowed, why_lacking
from matrix.protocols_stones import errors, stone
from tokentape.errors import UnsupportedFeature
from tokentape.protocols.canonical.events import Failed
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.translation import codec_of, translate_failure, write_reply, write_request
from tokentape.testing.contracts.codec import read, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from matrix.protocols_stones import Stone
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.losses import Loss, LossReport
    from tokentape.protocols.canonical.reply import Reply

MODELS = {
    "openai.chat": "gpt-5-mini",
    "openai.responses": "gpt-5-mini",
    "anthropic.messages": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "bedrock.converse": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "ollama": "qwen3",
    "cohere": "command-a-03-2025",
}
"""What is asked for at each target."""

Where = tuple[str, str, str, str]
"""Half, feature, source, target."""

PIECE = 7
"""Bytes that come at once in a stream: no event comes whole."""


@dataclass(frozen=True)
class Cell:
    """`wrong` lists what is not as it should be and not reported; `losses` what is reported."""

    wrong: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    absent: str | None = None
    """Why the source has nothing to translate."""

    @property
    def verdict(self) -> str:
        """One word."""
        if self.absent is not None:
            return "absent"
        if self.wrong:
            return "wrong"
        if any(loss.severity == "meaning" for loss in self.losses):
            return "refused"
        return "less" if self.losses else "right"

    def __add__(self, other: Cell) -> Cell:
        if self.absent is not None:
            return other
        if other.absent is not None:
            return self
        losses = dict.fromkeys((*self.losses, *other.losses))
        return Cell(self.wrong + other.wrong, tuple(losses))


def plain(feature: str, source: str, target: str) -> Cell:
    """The request and the reply."""
    if feature == "errors":
        return _errors(source, target)
    return request(feature, source, target) + reply(feature, source, target)


@cache
def request(feature: str, source: str, target: str) -> Cell:
    """The request translated, compared with what was asked and with the target's own stone."""
    mine, theirs = stone(source, feature), stone(target, feature)
    if mine is None or mine.request is None or "request" in mine.unsupported:
        return _absent(mine, "request")
    meant = codec_of(source).read_request(mine.request, _source(mine))
    to = _target(target)
    body = write_request(meant, to, allow_losses=True).result.body
    again = codec_of(target).read_request(body, Source(target, model=MODELS[target]))
    wrong = _unexplained(
        facets.asked(meant), facets.asked(again), to.losses.report, ("request", feature, source, target)
    )
    wrong += list(_refusal(meant, target, to.losses.report))
    if theirs is not None and theirs.request is not None:
        own = codec_of(target).read_request(theirs.request, _source(theirs))
        wrong += _unlike(
            facets.asked(own), facets.asked(again), to.losses.report, ("request", feature, source, target)
        )
    wrong += _unnamed(theirs, "request", to.losses.report, source)
    return Cell(tuple(wrong), to.losses.report.losses)


@cache
def reply(feature: str, source: str, target: str) -> Cell:
    """The reply translated, compared likewise."""
    mine, theirs = stone(source, feature), stone(target, feature)
    if mine is None or mine.reply is None or "reply" in mine.unsupported:
        return _absent(mine, "reply")
    meant = codec_of(source).read_reply(mine.reply, _source(mine))
    to = _target(target)
    body = write_reply(meant, to).result
    again = codec_of(target).read_reply(body, Source(target, model=MODELS[target]))
    where = ("reply", feature, source, target)
    wrong = _unexplained(facets.answered(meant), facets.answered(again), to.losses.report, where)
    if theirs is not None and theirs.reply is not None:
        own = codec_of(target).read_reply(theirs.reply, _source(theirs))
        wrong += _unlike(facets.answered(own), facets.answered(again), to.losses.report, where)
    return Cell(tuple(wrong), to.losses.report.losses)


@cache
def stream(feature: str, source: str, target: str) -> Cell:
    """The reply as a stream, in small pieces: it amounts to the reply that is translated whole."""
    if feature == "errors":
        return _errors_in_streams(source, target)
    mine = stone(source, feature)
    if mine is None or mine.reply is None or "reply" in mine.unsupported:
        return _absent(mine, "reply")
    wire = b"".join(_streamed(mine))
    to = replace(_target(target), asked=_counting(mine))
    folded = _translated((wire[at : at + PIECE] for at in range(0, len(wire), PIECE)), mine, to)
    meant = codec_of(source).read_reply(mine.reply, _source(mine))
    whole = _target(target)
    body = write_reply(meant, whole).result
    expected = codec_of(target).read_reply(body, Source(target, model=MODELS[target]))
    where = ("stream", feature, source, target)
    wrong = _unexplained(facets.answered(expected), facets.answered(folded), to.losses.report, where)
    return Cell(tuple(wrong), to.losses.report.losses)


@cache
def cut(feature: str, source: str, target: str) -> Cell:
    """The stream cut behind every event: never a success."""
    mine = stone(source, feature)
    if feature == "errors" or mine is None or mine.reply is None or "reply" in mine.unsupported:
        return Cell(absent="nothing streams") if feature == "errors" else _absent(mine, "reply")
    wire = _streamed(mine)
    wrong = []
    for at in range(len(wire)):
        if fold(read(codec_of(source), wire[:at], _source(mine))).complete:
            break  # the source's own end came before its last event
        folded = _translated(wire[:at], mine, _target(target))
        if folded.complete:
            wrong.append(f"cut behind event {at} of {len(wire)}, and complete")
        elif folded.failure is None:
            wrong.append(f"cut behind event {at} of {len(wire)}, and no error is told")
    return Cell(tuple(wrong))


def _streamed(mine: Stone) -> list[bytes]:
    """The stone's reply as a stream of its own dialect."""
    codec, source = codec_of(mine.dialect), _source(mine)
    meant = codec.read_reply(mine.reply or {}, source)
    return written(codec, unfold(meant), Target(mine.dialect, mine.model, asked=_counting(mine)))


def _counting(mine: Stone) -> Conversation | None:
    """The request, with usage asked for."""
    if mine.request is None:
        return None
    return replace(codec_of(mine.dialect).read_request(mine.request, _source(mine)), counts_usage=True)


def _translated(pieces: Iterable[bytes], mine: Stone, target: Target) -> Reply:
    """What a translated stream amounts to."""
    translator = StreamTranslator(replace(_source(mine), stream=True), target)
    told = [*map(translator.feed, pieces), translator.end()]
    return fold(read(codec_of(target.dialect), told, Source(target.dialect, model=MODELS[target.dialect])))


# ---- errors


@cache
def _errors(source: str, target: str) -> Cell:
    wrong = []
    for status, body in errors(source).items():
        meant = codec_of(source).read_failure(status, body)
        told, written_body = translate_failure(status, body, source, target)
        again = codec_of(target).read_failure(told, written_body)
        if again.message != meant.message:
            wrong.append(f"{status}: {meant.message!r} became {again.message!r}")
        if again.kind != meant.kind:
            wrong.append(f"{status}: {meant.kind} became {again.kind}")
        if told // 100 != status // 100:
            wrong.append(f"{status} became {told}")
    return Cell(tuple(wrong), absent=None if errors(source) else "no stone")


@cache
def _errors_in_streams(source: str, target: str) -> Cell:
    mine = stone(source, "text")
    if mine is None or not errors(source):
        return Cell(absent="no stone")
    wrong = []
    events = list(unfold(codec_of(source).read_reply(mine.reply or {}, _source(mine))))
    for status, body in errors(source).items():
        meant = codec_of(source).read_failure(status, body)
        failed = (*events[:3], Failed(replace(meant, status=None)), events[-1]._replace(complete=False))  # type: ignore[call-arg]
        folded = _translated(written(codec_of(source), failed), mine, _target(target))
        if folded.complete:
            wrong.append(f"{status} in a stream, and complete")
        if folded.failure is None or meant.message not in folded.failure.message:
            wrong.append(f"{status} in a stream: {meant.message!r} became {folded.failure!r}")
    return Cell(tuple(wrong))


# ---- the comparison


def _unexplained(before: facets.Facets, after: facets.Facets, report: LossReport, where: Where) -> list[str]:
    half, feature, source, target = where
    return [
        f"{half}: {facet}: {before.get(facet)!r} became {after.get(facet)!r}"
        for facet in facets.differences(before, after)
        if not facets.named(facet, report) and not why_allowed(half, feature, facet, source, target)
    ]


def _unlike(own: facets.Facets, again: facets.Facets, report: LossReport, where: Where) -> list[str]:
    """What is not as in the target's own stone, where both dialects have words for it."""
    _, _, source, target = where
    lacking = {facet for facet in {**own, **again} if why_lacking(facet, source, target)}
    kept, told = (
        {name: value for name, value in found.items() if name not in lacking} for found in (own, again)
    )
    return [f"unlike the stone: {text}" for text in _unexplained(kept, told, report, where)]


def _refusal(meant: object, target: str, report: LossReport) -> Iterator[str]:
    """Nothing may be sent where the meaning would change, unless the caller allows it."""
    try:
        write_request(meant, _target(target))  # type: ignore[arg-type]
    except UnsupportedFeature:
        if not report.meaning:
            yield "request: refused without a loss that changes the meaning"
    else:
        if report.meaning:
            yield "request: a loss that changes the meaning was not refused"


def _unnamed(theirs: Stone | None, half: str, report: LossReport, source: str) -> list[str]:
    """What the target cannot say has to be in the report, unless the source cannot say it either."""
    if theirs is None or half not in theirs.unsupported or report or source == theirs.dialect:
        return []
    mine = stone(source, theirs.feature)
    if mine is None or half in mine.unsupported:
        return []
    return [f"{half}: {theirs.dialect} cannot say it ({theirs.unsupported[half]}), and nothing is reported"]


def _absent(mine: Stone | None, half: str) -> Cell:
    return Cell(absent=mine.unsupported.get(half, "no stone") if mine else "no stone")


def _source(mine: Stone) -> Source:
    return Source(mine.dialect, model=mine.model)


def _target(name: str) -> Target:
    return Target(name, model=MODELS[name])
