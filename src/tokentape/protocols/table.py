"""Every dialect there is: the built-in ones by name, those of other packages by entry point.

A built-in dialect is the module of its name (`openai.chat`: `openai_chat`) and is imported when it is
first asked: a program that speaks one or two of them does not pay for twenty.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.log import log
from tokentape.protocols.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BUILT_IN: tuple[str, ...] = (
    "openai.chat",
    "openai.responses",
    "anthropic.messages",
    "gemini",
    "bedrock.converse",
    "bedrock.invoke",
    "openai.embeddings",
    "ollama",
    "cohere",
    "openai.completions",
    "rerank",
    "openai.media",
    "telemetry",
    "anthropic.complete",
    "anthropic.files",
    "replicate",
    "huggingface",
    "bedrock",
    "openai.realtime",
    "openai.files",
    "openai.meta",
)
"""In the order in which they are asked; the first that recognises a call has it."""

ENTRY_POINTS = "tokentape.protocols"


def dialects() -> Iterator[Dialect]:
    """All dialects in the order in which they are asked: the built-in ones, then those installed.

    Raises `UsageError` if an installed one takes a name that is taken, or is no `Dialect`.
    """
    for name in BUILT_IN:
        yield _built_in(name)
    yield from installed()


@cache
def _built_in(name: str) -> Dialect:
    found = import_module(f"tokentape.protocols.{name.replace('.', '_')}").DIALECT
    if not isinstance(found, Dialect) or found.name != name:
        raise TypeError(f"the module of dialect {name!r} does not hold it")
    return found


@cache
def installed() -> tuple[Dialect, ...]:
    """Dialects of other packages, looked up once per process, when first asked for."""
    return accept(_entry_points())


def _entry_points() -> Iterator[object]:
    """What is installed. A package that cannot be imported costs its own dialect, and no call."""
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS):
        try:
            found: object = point.load()
        except Exception:  # noqa: BLE001  the boundary: whatever a package raises, other dialects work
            log.exception("the dialect %r cannot be loaded", point.name)
            continue
        yield found


def accept(found: Iterable[object]) -> tuple[Dialect, ...]:
    """The dialects in `found`. Raises `UsageError` for one of a taken name, or something else."""
    names = {*BUILT_IN, "http"}
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
    """The dialect called `name`, or None; `http` is the name of calls without one."""
    if name in BUILT_IN:
        return _built_in(name)
    if name == "http":
        return None
    return next((dialect for dialect in installed() if dialect.name == name), None)
