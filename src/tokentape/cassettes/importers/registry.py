"""Which format a file is of: said by name, or told by what stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.importers.batches import ANTHROPIC_BATCH, OPENAI_BATCH
from tokentape.cassettes.importers.langfuse import LANGFUSE
from tokentape.cassettes.importers.langsmith import LANGSMITH
from tokentape.cassettes.importers.notes import Notes
from tokentape.cassettes.importers.otel import OPENINFERENCE, OTEL
from tokentape.cassettes.importers.records import records
from tokentape.cassettes.importers.vcr import VCR
from tokentape.errors import CassetteError, UsageError

if TYPE_CHECKING:
    from tokentape.cassettes.importers.format import Format

FORMATS: tuple[Format, ...] = (
    VCR,
    OPENINFERENCE,
    OTEL,
    LANGSMITH,
    LANGFUSE,
    OPENAI_BATCH,
    ANTHROPIC_BATCH,
)
"""In the order in which they are asked: the first that knows a record has it."""

ENDINGS = tuple(dict.fromkeys(ending for one in FORMATS for ending in one.endings))
"""Of files that are looked for in a folder."""


def format_named(name: str) -> Format:
    """The format of that name. Raises `UsageError`."""
    found = next((one for one in FORMATS if one.name == name), None)
    if found is None:
        raise UsageError(f"no format {name!r}; known are {', '.join(one.name for one in FORMATS)}")
    return found


def format_of(path: str) -> Format:
    """As `format_in`. Raises `CassetteError` where nobody knows the format, too."""
    found = format_in(path)
    if found is None:
        known = ", ".join(one.name for one in FORMATS)
        raise CassetteError(path, "no format known here", fix=f"say --from, if it is one of {known}")
    return found


def format_in(path: str) -> Format | None:
    """The format of the file at `path`; None where nobody knows it. Raises `CassetteError` where nothing can
    be read.
    """
    if path.lower().endswith((".yaml", ".yml")):
        return VCR
    notes, is_empty = Notes(), True
    for value in records(path, notes):
        is_empty = False
        found = next((one for one in FORMATS if one.knows(value.json)), None)
        if found is not None:
            return found
    if notes.broken:
        first = notes.broken[0]
        raise CassetteError(path, first.problem, place=f"line {first.line}", fix="mend it by hand")
    if is_empty:
        raise CassetteError(path, "nothing in it", fix="export it again")
    return None
