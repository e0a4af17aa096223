"""`assert_llm`: what a test says of a reply. Each assertion stands on a comparator, and returns itself.

assert_llm(reply).calls("find", {"city": "Paris"}).does_not_refuse().matches_snapshot()
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

from tokentape.errors import UsageError
from tokentape.evaluation.comparing.comparator import Difference, Pair, Verdict, lacking
from tokentape.evaluation.comparing.contains import Contains
from tokentape.evaluation.comparing.jsons import Jsons
from tokentape.evaluation.comparing.plain import arguments_of, in_short
from tokentape.evaluation.comparing.refusal import evidence
from tokentape.evaluation.comparing.scopes import place_of, scope_of
from tokentape.evaluation.comparing.shown import lines_of
from tokentape.evaluation.comparing.toolcalls import ToolCalls
from tokentape.evaluation.comparing.values import Rules, Tally, compare_values, summed_up
from tokentape.evaluation.verifying import offline
from tokentape.snapshots.form import form_of, side_from
from tokentape.snapshots.place import Snapshot, redact
from tokentape.snapshots.reading import LAST, answer_of, of_text
from tokentape.snapshots.schemas import schema_comparator

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from tokentape.evaluation.comparing.comparator import Comparator, Side
    from tokentape.wire.interaction import Json

    Scope = str | Sequence[str] | None


def assert_llm(reply: object = LAST, *, protocol: str | None = None) -> Assertion:
    """Say something of a reply; what does not hold is an `AssertionError` that shows both sides.

    `reply` is what an SDK gave (openai, anthropic, google-genai, mistralai, cohere, ollama, boto3, litellm,
    ...), the body of a reply, a text, or a recorded call: an interaction, `cassette.calls[-1]`, or the
    cassette itself, which stands for its last call. Without one: the last call of the cassette in force.
    `protocol` names the API of a body whose shape does not tell. Raises `UsageError` for what is no reply.
    """
    __tracebackhide__ = True
    return Assertion(reply, protocol)


class Assertion:
    """What `assert_llm` returns. `text` and `tool_calls` are what the reply says."""

    def __init__(self, reply: object, protocol: str | None = None) -> None:
        __tracebackhide__ = True
        self._side, self._asked = answer_of(reply, protocol=protocol)

    @property
    def text(self) -> str:
        """The visible text."""
        return self._side.text

    @property
    def tool_calls(self) -> list[tuple[str, Json]]:
        """The calls of tools, in order: name and arguments."""
        return [(call.name, arguments_of(call)) for call in self._side.calls]

    def matches_snapshot(
        self,
        name: str | None = None,
        *,
        compare: str = "usual",
        path: str | os.PathLike[str] | None = None,
        update: bool | None = None,
    ) -> Self:
        """The reply is as it was when its snapshot was written; `compare` names comparators that say so.

        The file is `snapshots/<module>/<test>[-name].json` beside the test, or `path`. One that is missing
        is written, but in CI and in modes that only replay; one that differs is written anew with
        `--tokentape-update-snapshots` (or `update=True`).
        """
        __tracebackhide__ = True
        comparators = offline(compare)
        if why := lacking("new", self._side):
            raise AssertionError(f"no snapshot can be compared: {why}")
        snapshot = Snapshot(name, path, update)
        form = form_of(self._side, redact)
        try:
            before = snapshot.read()
            kept = None if before is None else side_from(before)
        except ValueError as error:
            if not snapshot.updates:
                raise snapshot.broken(error) from None
            snapshot.write(form)
            return self
        if kept is None:
            if not snapshot.writes_new:
                raise AssertionError(
                    f"there is no snapshot {snapshot.shown}; write it with\n  {snapshot.command}"
                )
            snapshot.write(form)
            return self
        problems = self._against(comparators, kept, side_from(form), ("snapshot", "now"))
        if problems and snapshot.updates:
            snapshot.write(form)
        elif problems:
            found = "\n".join(problems)
            raise AssertionError(
                f"the reply differs from its snapshot {snapshot.shown}\n{found}\n{snapshot.advice}"
            )
        return self

    def passes(self, compare: str, other: object) -> Self:
        """The reply passes comparators ("json:city,fuzzy:0.9") against another one, of any kind."""
        __tracebackhide__ = True
        return self._passes(offline(compare), answer_of(other).side, ("other", "this"))

    def same_tools_as(self, other: object, *, any_order: bool = False, arguments: bool = True) -> Self:
        """Both replies call the same tools, with the same arguments, in the same order."""
        __tracebackhide__ = True
        before = answer_of(other).side
        if not before.calls and not self._side.calls:
            return self
        calls = ToolCalls("toolcalls", any_order=any_order, only_names=not arguments)
        return self._passes([calls], before, ("other", "this"))

    def calls(self, tool: str, arguments: Mapping[str, object] | None = None, *, scope: Scope = None) -> Self:
        """The reply calls `tool`; with these `arguments`, or those of them that `scope` names."""
        __tracebackhide__ = True
        calls = [(at, call) for at, call in enumerate(self._side.calls) if call.name == tool]
        if not calls:
            names = ", ".join(call.name for call in self._side.calls)
            raise AssertionError(
                f"the reply does not call {tool!r}; it calls {names or 'no tool'}{self._says()}"
            )
        if arguments is None:
            return self
        expected = _json("arguments", dict(arguments))
        tallies = [
            compare_values(
                expected, arguments_of(call), Rules(), scope_of(_paths(scope)), place_of(("calls", at, tool))
            )
            for at, call in calls
        ]
        best = min(tallies, key=lambda tally: tally.differing)
        if best.differing:
            _fail(f"no call of {tool!r} has these arguments", _verdict(best), ("expected", "called"))
        return self

    def calls_no_tool(self) -> Self:
        """The reply calls no tool."""
        __tracebackhide__ = True
        if self._side.calls:
            shown = ", ".join(f"{name}({in_short(arguments)})" for name, arguments in self.tool_calls)
            raise AssertionError(f"the reply calls {shown}")
        return self

    def is_json(self) -> Self:
        """The text is JSON, perhaps in a Markdown fence, without prose around it."""
        __tracebackhide__ = True
        found = self._side.json
        if found is None or found.in_prose:
            what = "JSON with prose around it" if found else "no JSON"
            raise AssertionError(f"the reply is {what}: {in_short(self._side.text)}")
        return self

    def json_equals(self, expected: object, *, scope: Scope = None, any_order: bool = False) -> Self:
        """The JSON in the reply equals `expected`, or does below the paths of `scope` ("items[*].id").

        Spacing and case of texts do not count; `any_order`: neither does the order of lists.
        """
        __tracebackhide__ = True
        paths = _paths(scope)
        jsons = Jsons("json", paths, scope_of(paths), Rules(any_order=any_order))
        return self._passes([jsons], of_text(json.dumps(_json("expected", expected))), ("expected", "reply"))

    def matches_schema(self, schema: object) -> Self:
        """The reply is JSON that fits a JSON schema: as an object, in a file, or that of a pydantic model."""
        __tracebackhide__ = True
        return self._passes([schema_comparator(schema)], self._side, ("schema", "reply"))

    def contains(self, *texts: str) -> Self:
        """The reply contains each of the texts; spacing and case do not count."""
        __tracebackhide__ = True
        wanted = of_text(" ".join(texts))
        return self._passes([Contains("contains", texts)], wanted, ("wanted", "reply"))

    def similar_to(self, text: str, *, at_least: float = 0.8) -> Self:
        """The text of the reply is similar to `text`: the share of characters in the same order."""
        __tracebackhide__ = True
        return self._passes(offline(f"fuzzy:{at_least}"), of_text(text), ("wanted", "reply"))

    def refuses(self) -> Self:
        """The model refuses: its stop reason says so, a refusal, a filter, or the words it begins with."""
        __tracebackhide__ = True
        if not evidence(self._side):
            raise AssertionError(f"the reply does not refuse{self._says()}")
        return self

    def does_not_refuse(self) -> Self:
        """Nothing says that the model refuses."""
        __tracebackhide__ = True
        if found := evidence(self._side):
            raise AssertionError(f"the reply refuses: {found}{self._says()}")
        return self

    def _says(self) -> str:
        return f"; it says {in_short(self._side.text)}" if self._side.text else ""

    def _passes(self, comparators: Sequence[Comparator], before: Side, names: tuple[str, str]) -> Self:
        __tracebackhide__ = True
        if problems := self._against(comparators, before, self._side, names):
            raise AssertionError("\n".join(problems))
        return self

    def _against(
        self, comparators: Sequence[Comparator], before: Side, after: Side, names: tuple[str, str]
    ) -> list[str]:
        """What does not pass. A comparator that does not apply says nothing; if none does, nothing passes."""
        pair = Pair(self._asked, before, after)
        verdicts = [(each.name, each.compare(pair)) for each in comparators]
        applying = [(name, verdict) for name, verdict in verdicts if verdict.passed is not None]
        return [
            "\n".join([f"{name}: {verdict.reason}", *lines_of(verdict, *names)])
            for name, verdict in applying or verdicts
            if not verdict.passed
        ]


def _json(name: str, value: object) -> Json:
    """The JSON of what a test wrote down: any object is taken, since types of dictionaries are invariant."""
    try:
        found: Json = json.loads(json.dumps(value))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name}= is no JSON: {error}") from None
    return found


def _paths(scope: Scope) -> tuple[str, ...]:
    if scope is None:
        return ()
    return (scope,) if isinstance(scope, str) else tuple(scope)


def _verdict(tally: Tally) -> Verdict:
    differences: tuple[Difference, ...] = tally.listed
    return Verdict(tally.score, False, summed_up(differences, tally.differing), differences)


def _fail(what: str, verdict: Verdict, names: tuple[str, str]) -> None:
    __tracebackhide__ = True
    raise AssertionError("\n".join([f"{what}: {verdict.reason}", *lines_of(verdict, *names)]))
