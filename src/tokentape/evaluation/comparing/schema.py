"""Is the new reply JSON that fits its schema: that of the request, or one in a file?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import Difference, Verdict, does_not_apply, unfit
from tokentape.evaluation.comparing.extras import demand
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.plain import one_spelling, unfenced
from tokentape.evaluation.comparing.scopes import place_of, written
from tokentape.evaluation.comparing.validating import SchemaProblem, unfitting
from tokentape.evaluation.comparing.values import cut
from tokentape.wire.jsontext import JsonError, parse

if TYPE_CHECKING:
    from tokentape.evaluation.comparing.comparator import Pair, Side
    from tokentape.evaluation.comparing.kind import Given
    from tokentape.protocols.canonical.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Schema:
    """`schema` is the JSON text of one from a file; None: each request's own."""

    name: str
    schema: str | None = None

    def compare(self, pair: Pair) -> Verdict:
        """1 if the new reply fits. JSON with prose around it does not: nobody could parse it."""
        if (verdict := unfit(pair)) is not None:
            return verdict
        schema = self.schema or _asked_for(pair.asked)
        if schema is None:
            return does_not_apply("the request asks for no structured output")
        try:
            found = _errors(pair.after, schema)
            if not found:
                return Verdict(1.0, True, "valid")
            flags = ("the recorded reply is not valid, either",) if _errors(pair.before, schema) else ()
        except SchemaProblem as problem:
            return does_not_apply(str(problem), "schema cannot be asked")
        return Verdict(0.0, False, _reason(found), tuple(found), flags)


def _asked_for(asked: Conversation) -> str | None:
    """The schema of the request; any JSON fits where it asks for JSON without one."""
    output = asked.output
    if output is None or output.kind == "text":
        return None
    return one_spelling(output.schema) if output.kind == "schema" and output.schema is not None else "{}"


def _errors(side: Side, schema: str) -> list[Difference]:
    """Where a reply does not fit; one difference for what is no JSON."""
    try:
        value = parse(unfenced(side.text))
    except JsonError:
        what = "JSON inside prose" if side.json else "no JSON"
        return [Difference("$", None, side.text[:400], what)]
    return [
        Difference(written(place_of(each.steps)), None, cut(each.found), each.why)
        for each in unfitting(value, schema)
    ]


def _reason(found: list[Difference]) -> str:
    first = found[0]
    more = f"; {len(found) - 1} more" if len(found) > 1 else ""
    return f"not valid at {first.path}: {first.note}{more}"


def _make(given: Given) -> Schema:
    demand(given, "jsonschema")
    demand(given, "regex")
    word = given.only_word("file")
    if word is None:
        return Schema(given.name)
    try:
        text = Path(word.text).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise given.wrong(f"cannot read {word.text}: {error}", word) from None
    try:
        unfitting(None, text)
    except SchemaProblem as problem:
        raise given.wrong(f"{word.text}: {problem}", word) from None
    return Schema(given.name, text)


KIND = Kind(
    "schema",
    means="1 if the new reply is JSON that fits the schema that the request asks for, or that of the file",
    passes="it fits",
    make=_make,
    words="file",
    judges="new",
    is_symmetric=False,
    example="schema:ticket.schema.json",
)
