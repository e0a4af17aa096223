"""What an API dialect is: how it is recognised, where things are in its bodies, how its streams end.

Everything here is data plus a few functions; nothing knows an HTTP library. A dialect of your own is a
`Dialect` under the entry point group `tokentape.protocols`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tokentape.protocols.errors import openai_error
from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.protocols.call import Call
    from tokentape.protocols.codec import Codec
    from tokentape.protocols.payload import Payload
    from tokentape.protocols.synthesis import Synthesis
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


class Kind(StrEnum):
    """What a call is for."""

    GENERATE = "generate"
    EMBED = "embed"
    MEDIA = "media"
    """Images, audio, video, moderation, rerank: a model answers, but not with a conversation."""
    FILES = "files"
    """Things kept at the provider: files, batches, threads, caches, vector stores."""
    META = "meta"
    """About models or prompts: model lists, token counts."""
    TELEMETRY = "telemetry"
    WARMUP = "warmup"
    OTHER = "other"


@quick
@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a dialect: `openai.chat/create`. `stream`: the caller asked for a stream."""

    dialect: str
    name: str
    kind: Kind
    stream: bool = False
    model: str | None = None

    @property
    def full_name(self) -> str:
        """`dialect/name`."""
        return f"{self.dialect}/{self.name}"


@dataclass(frozen=True, slots=True)
class Shape:
    """Where things are in a request body, so that equal calls can be told from different ones.

    Every field is true for any body of the dialect; fields absent from a body do no harm. "Turn" is one
    entry of the conversation.
    """

    conversation: str = ""
    """Top-level field with the list of turns. A bare string, a bare turn, or a bare list of content
    blocks in its place means one turn of role `prompt_role`."""

    prompt_role: str = "user"

    content: str = "content"
    """Field of a turn (and of a system object) with its content: a string, or a list of blocks. A string
    means the same as a list of one text block."""

    text_types: frozenset[str] = frozenset({"text"})
    """Values of `type` in a text block `{"type": ..., "text": ...}`; `{"text": ...}` without `type` is
    one too. A block with further fields (after `marks` are dropped) is not plain text."""

    implied: tuple[tuple[str, Json], ...] = ()
    """Fields of a turn or system object that mean the same when absent: `("type", "message")`."""

    system: tuple[str, ...] = ()
    """Top-level fields with system text: a string, a list of blocks, or an object with `content`. They
    come before leading turns of a system role, and mean the same."""

    system_roles: frozenset[str] = frozenset()
    """Roles of a system turn. Leading turns of these roles mean the same as the `system` fields; the
    roles among themselves make no difference."""

    tools: tuple[str, ...] = ()
    """Dotted paths of lists in which order means nothing. A step into a list means each of its entries:
    `tools.functionDeclarations`. Sort the innermost first."""

    ignored: frozenset[str] = frozenset()
    """Dotted paths of fields that never change an answer."""

    marks: frozenset[str] = frozenset()
    """Field names that never change an answer wherever they stand in conversation, system or tools
    (caching marks). A block of which nothing is left is dropped."""

    ids: frozenset[str] = frozenset()
    """Field names in turns, at any depth, with ids made per run (tool calls, items): equal up to a
    consistent renaming in order of first appearance."""

    opaque: frozenset[str] = frozenset()
    """Field names whose values belong to the user (tool arguments and results, JSON schemas): no rule
    above applies inside them, apart from key order."""

    defaults: tuple[tuple[str, Json], ...] = ()
    """Top-level fields that mean the same when absent: `("stream", False)`."""

    snake_case: bool = False
    """True if every field may also be written in snake_case (protobuf JSON); camelCase is canonical."""

    null_is_absent: bool = True
    """True if a field with null means the same as no field, outside `opaque`."""


PLAIN = Shape(null_is_absent=False)
"""No knowledge of the body."""


def _no_text(_: Json) -> str:
    return ""


def _no_usage(_: Json) -> Usage | None:
    return None


@dataclass(frozen=True, slots=True)
class Stream:
    """How a dialect streams. All functions take the whole stream as far as it came.

    `is_complete`: the dialect's own end was seen, a failure that the server tells in the stream included;
    None where this stream has no end of its own.
    """

    is_complete: Callable[[Sequence[Payload]], bool | None]
    reads_as: Callable[[Sequence[Payload]], str]
    usage: Callable[[Sequence[Payload]], Usage | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Dialect:
    """One API dialect.

    `recognise` answers whether a call is of this dialect; path and body decide, the host only where
    nothing else can. `asks` reads a request body, `reads_as` and `usage` a reply that is one JSON value;
    `stream` is None where the dialect has no streams with an end of their own; `usage_in_headers` reads
    the headers of a reply whose body counts nothing.
    """

    name: str
    recognise: Callable[[Call], Operation | None]
    shape: Shape = PLAIN
    error_body: Callable[[str, int], dict[str, Json]] = openai_error
    error_headers: tuple[tuple[str, str], ...] = ()
    asks: Callable[[Json], str] = _no_text
    reads_as: Callable[[Json], str] = _no_text
    usage: Callable[[Json], Usage | None] = _no_usage
    stream: Stream | None = field(default=None)
    synthesis: Callable[[], Synthesis] | None = None
    """The two directions between streamed and whole replies, loaded when first asked for; None: none."""
    codec: Callable[[], Codec] | None = None
    """How its requests, replies, streams and errors are read and written in canonical form, loaded when
    first asked for; None: it is recognised and passed on only."""
    usage_in_headers: Callable[[Headers], Usage | None] = lambda _: None
