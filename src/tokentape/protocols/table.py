"""Every dialect there is: the built-in ones by name, those of other packages by entry point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.protocols.anthropic_complete import DIALECT as ANTHROPIC_COMPLETE
from tokentape.protocols.anthropic_files import DIALECT as ANTHROPIC_FILES
from tokentape.protocols.anthropic_messages import DIALECT as ANTHROPIC_MESSAGES
from tokentape.protocols.bedrock_converse import DIALECT as BEDROCK_CONVERSE
from tokentape.protocols.bedrock_invoke import DIALECT as BEDROCK_INVOKE
from tokentape.protocols.bedrock_other import DIALECT as BEDROCK_OTHER
from tokentape.protocols.cohere import DIALECT as COHERE
from tokentape.protocols.dialect import Dialect
from tokentape.protocols.gemini import DIALECT as GEMINI
from tokentape.protocols.huggingface import DIALECT as HUGGINGFACE
from tokentape.protocols.ollama import DIALECT as OLLAMA
from tokentape.protocols.openai_chat import DIALECT as OPENAI_CHAT
from tokentape.protocols.openai_completions import DIALECT as OPENAI_COMPLETIONS
from tokentape.protocols.openai_embeddings import DIALECT as OPENAI_EMBEDDINGS
from tokentape.protocols.openai_files import DIALECT as OPENAI_FILES
from tokentape.protocols.openai_media import DIALECT as OPENAI_MEDIA
from tokentape.protocols.openai_meta import DIALECT as OPENAI_META
from tokentape.protocols.openai_realtime import DIALECT as OPENAI_REALTIME
from tokentape.protocols.openai_responses import DIALECT as OPENAI_RESPONSES
from tokentape.protocols.replicate import DIALECT as REPLICATE
from tokentape.protocols.rerank import DIALECT as RERANK
from tokentape.protocols.telemetry import DIALECT as TELEMETRY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BUILT_IN: tuple[Dialect, ...] = (
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    ANTHROPIC_MESSAGES,
    GEMINI,
    BEDROCK_CONVERSE,
    BEDROCK_INVOKE,
    OPENAI_EMBEDDINGS,
    OLLAMA,
    COHERE,
    OPENAI_COMPLETIONS,
    RERANK,
    OPENAI_MEDIA,
    TELEMETRY,
    ANTHROPIC_COMPLETE,
    ANTHROPIC_FILES,
    REPLICATE,
    HUGGINGFACE,
    BEDROCK_OTHER,
    OPENAI_REALTIME,
    OPENAI_FILES,
    OPENAI_META,
)
"""In the order in which they are asked; the first that recognises a call has it."""

ENTRY_POINTS = "tokentape.protocols"

_loaded: tuple[Dialect, ...] | None = None


def installed() -> tuple[Dialect, ...]:
    """Dialects of other packages, looked up once per process, when first asked for.

    Raises `UsageError` if one of them takes a name that is taken, or is no `Dialect`.
    """
    global _loaded  # noqa: PLW0603  entry points are read once per process
    if _loaded is None:
        _loaded = accept(_entry_points())
    return _loaded


def _entry_points() -> Iterator[object]:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS):
        yield point.load()


def accept(found: Iterable[object]) -> tuple[Dialect, ...]:
    """The dialects in `found`. Raises `UsageError` for one of a taken name, or something else."""
    names = {dialect.name for dialect in BUILT_IN}
    accepted: list[Dialect] = []
    for dialect in found:
        if not isinstance(dialect, Dialect):
            raise UsageError(f"an entry point of group {ENTRY_POINTS!r} is no Dialect: {dialect!r}")
        if dialect.name in names:
            raise UsageError(f"two dialects are called {dialect.name!r}; give yours another name")
        names.add(dialect.name)
        accepted.append(dialect)
    return tuple(accepted)


def dialect_named(name: str) -> Dialect | None:
    """The dialect called `name`, or None."""
    found = _BY_NAME.get(name)
    if found is not None or name == "http":
        return found
    return next((dialect for dialect in installed() if dialect.name == name), None)


_BY_NAME = {dialect.name: dialect for dialect in BUILT_IN}
