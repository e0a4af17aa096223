"""Changes to a script: the same reply, cut, split, slowed down, coded or mislabelled.

Each function here makes a change; `Provider.changes`, and `change=` of the other methods, apply it.
Places in a body are byte offsets (`at`) or numbers of writes, which are events in a stream (`after`).
Pauses (`gap`) are in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from tokentape.testing.provider.codings import code
from tokentape.testing.provider.script import (
    Cut,
    Framing,
    Reset,
    Script,
    Send,
    SendHead,
    SendInterim,
    SendTrailers,
    Stall,
    Step,
)
from tokentape.wire.message import without

if TYPE_CHECKING:
    import threading

    from tokentape.wire.message import Headers

Change = Callable[[Script], Script]


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(script: Script) -> Script:
        for one in changes:
            script = one(script)
        return script

    return change


def split(every: int, gap: float | None = None) -> Change:
    """Writes of `every` bytes; 1 splits everywhere. Without a gap of 0 this takes its time."""
    if every < 1:
        raise ValueError(f"every must be at least 1, not {every}")
    return lambda script: script.with_body(_cut_every(script.body, every), gap)


def split_at(*offsets: int, gap: float | None = None) -> Change:
    """Writes that end at these byte offsets of the body, and nowhere else."""

    def change(script: Script) -> Script:
        body = script.body
        ends = sorted({0, len(body), *(offset for offset in offsets if 0 < offset < len(body))})
        return script.with_body([body[start:end] for start, end in pairwise(ends)], gap)

    return change


def joined() -> Change:
    """The whole body in one write."""
    return lambda script: script.with_body([script.body])


def trickle(gap: float) -> Change:
    """`gap` seconds before each write of the body."""
    return lambda script: Script(
        replace(step, gap=gap) if isinstance(step, Send) else step for step in script
    )


def late(until: float | threading.Event | None) -> Change:
    """Stall before the head."""
    return lambda script: Script((Stall(until), *script))


def stall(
    until: float | threading.Event | None, *, at: int | None = None, after: int | None = None
) -> Change:
    """Stall in the body, then go on."""
    return lambda script: Script(_interrupted(script, (Stall(until),), at, after, resume=True))


def cut(*, at: int | None = None, after: int | None = None) -> Change:
    """Close in order (FIN) in mid-body, while the framing promises more. At 0: after the head."""
    return lambda script: Script(_interrupted(script, (Cut(),), at, after))


def reset(*, at: int | None = None, after: int | None = None) -> Change:
    """Reset (RST) in mid-body."""
    return lambda script: Script(_interrupted(script, (Reset(),), at, after))


def interrupted(*steps: Step, at: int | None = None, after: int | None = None) -> Change:
    """These steps in place of the rest of the body; the framing then ends it, unless they do."""
    return lambda script: Script(_interrupted(script, steps, at, after))


def framed(framing: Framing) -> Change:
    """Another framing of the same body."""
    return _headed(lambda head: replace(head, framing=framing))


def mislabelled(length: int) -> Change:
    """A content-length that is not the body's."""
    return _headed(lambda head: replace(head, framing=Framing.LENGTH, length=length))


def with_headers(*fields: tuple[str, str]) -> Change:
    """These header fields added; repeats stay repeats."""
    return _headed(lambda head: replace(head, headers=(*head.headers, *fields)))


def without_headers(*names: str) -> Change:
    """These header fields removed."""
    return _headed(lambda head: replace(head, headers=without(head.headers, *names)))


def with_status(status: int, reason: str | None = None) -> Change:
    """Another status line."""
    return _headed(lambda head: replace(head, status=status, reason=reason))


def with_trailers(*fields: tuple[str, str]) -> Change:
    """A chunked body that ends with these trailer fields."""
    return lambda script: framed(Framing.CHUNKED)(Script((*script, SendTrailers(fields))))


def preceded(status: int = 103, headers: Headers = ()) -> Change:
    """A 1xx head before the real one."""
    return lambda script: Script((SendInterim(status, headers), *script))


def coded(*encodings: str) -> Change:
    """The body in these codings, first one innermost; every write stays decodable by itself."""

    def change(script: Script) -> Script:
        pieces = [step.data for step in script if isinstance(step, Send)]
        for encoding in encodings:
            pieces = code(pieces, encoding)
        named = with_headers(("content-encoding", ", ".join(encodings)))
        return named(script.with_body(pieces))

    return change


def _headed(edit: Callable[[SendHead], SendHead]) -> Change:
    def change(script: Script) -> Script:
        return script if script.head is None else script.with_head(edit(script.head))

    return change


def _cut_every(body: bytes, every: int) -> Iterable[bytes]:
    return (body[start : start + every] for start in range(0, len(body), every))


def _promised(script: Script) -> Script:
    """The head keeps the promise of the whole body's length, whatever is taken from the body."""
    head, length = script.head, len(script.body)
    if head is None or head.framing is not Framing.LENGTH or head.length is not None:
        return script
    return script.with_head(replace(head, length=length))


def _interrupted(
    script: Script, steps: tuple[Step, ...], at: int | None, after: int | None, *, resume: bool = False
) -> Iterator[Step]:
    if (at is None) == (after is None):
        raise ValueError("say where: either at=BYTES or after=WRITES")
    waiting = True
    for step in _divided(_promised(script), at, after):
        if isinstance(step, Step):
            yield step
            continue
        waiting = False
        yield from steps
        if not resume:
            return
    if waiting:
        yield from steps


def _divided(script: Script, at: int | None, after: int | None) -> Iterator[Step | None]:
    """The steps, with None at the place in the body, once; a write that crosses it is divided."""
    sent, passed = 0, False
    for step in script:
        if not isinstance(step, Send) or passed:
            yield step
            continue
        size = len(step.data) if after is None else 1
        place = (at if after is None else after) or 0
        if sent + size <= place:
            yield step
        else:
            passed = True
            yield from _around(step, place - sent if after is None else 0)
        sent += size


def _around(step: Send, offset: int) -> Iterator[Step | None]:
    if offset:
        yield replace(step, data=step.data[:offset])
    yield None
    yield replace(step, data=step.data[offset:])
