"""Observations of Langfuse: of its API (a page of them, or traces that hold them), JSON lines, and tables.

Only those of type GENERATION are calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.importers.format import Format
from tokentape.cassettes.importers.notes import LeftOut, Notes
from tokentape.cassettes.importers.records import records
from tokentape.cassettes.importers.traces import observations
from tokentape.cassettes.importers.traces.building import interaction_of
from tokentape.cassettes.importers.traces.observations import NAME, said
from tokentape.cassettes.importers.traces.wrapping import Families, Kin
from tokentape.protocols.reading import fields, objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.cassettes.importers.format import Given
    from tokentape.wire.interaction import Interaction, Json

    Fields = dict[str, Json]


def read(given: Given, notes: Notes) -> Iterator[Interaction]:
    """The calls of the generations."""
    families = Families(
        _kin(one) for value in records(given.path, Notes()) for one in _observations(value.json)
    )
    for value in records(given.path, notes):
        for one in _observations(value.json):
            if not observations.is_call(one):
                notes.pass_over()
                continue
            try:
                families.check(*observations.ids(one)[:2])
                yield interaction_of(observations.traced(one, notes), notes)
            except LeftOut as reason:
                notes.leave(str(reason))
            except RecursionError:
                notes.leave("it is nested too deeply")


def _kin(one: Fields) -> Kin:
    is_tool = said(one, "type").upper() == "TOOL"
    failed = observations.is_error(one)
    return Kin(*observations.ids(one), observations.tells(one), is_tool=is_tool, failed=failed)


def _observations(record: Json) -> Iterator[Fields]:
    """The record itself, or what a trace holds, with what is said of the trace."""
    told = fields(record)
    inner = told.get("observations")
    if not isinstance(inner, list):
        yield told
        return
    of_trace = {name: told.get(name) for name in ("sessionId", "userId")}
    for one in objects(inner):
        yield {**{name: value for name, value in of_trace.items() if value}, "traceId": told.get("id"), **one}


def _knows(record: Json) -> bool:
    told = fields(record)
    if isinstance(told.get("observations"), list):
        return True
    has_trace = "traceId" in told or "trace_id" in told
    return has_trace and (
        said(told, "type").upper() in _TYPES or "parentObservationId" in told or "modelParameters" in told
    )


_TYPES = frozenset(
    {
        "GENERATION",
        "SPAN",
        "EVENT",
        "AGENT",
        "TOOL",
        "CHAIN",
        "RETRIEVER",
        "EVALUATOR",
        "EMBEDDING",
        "GUARDRAIL",
    }
)

LANGFUSE = Format(
    NAME, "observations of Langfuse", (".json", ".jsonl", ".csv", ".jsonl.gz", ".csv.gz"), _knows, read
)
