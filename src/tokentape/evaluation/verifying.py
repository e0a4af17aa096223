"""Mode `verify`: how a live reply differs from the recorded one, in lines.

A status that changed says it all. Where both are replies of the model, comparators say what differs; where
both are errors, or nothing can be read of either, nothing does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tokentape.errors import UsageError
from tokentape.evaluation import sides
from tokentape.evaluation.comparing.comparator import Pair
from tokentape.evaluation.comparing.shown import lines_of
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.evaluation.corpus.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.evaluation.comparing.comparator import Comparator, Verdict
    from tokentape.wire.interaction import Interaction

NAMES = ("recorded", "live")


class Comparison:
    """The comparators of `spec`, each of which has to pass. Raises `UsageError` for one that cannot be had,
    or would have to ask somebody.
    """

    def __init__(self, spec: str) -> None:
        self._comparators = offline(spec)

    def difference(self, recorded: Interaction, live: Interaction) -> str | None:
        """What differs, in lines; "" if nothing does. None where no comparator has anything to compare."""
        before, after = Row(recorded, ""), Row(live, "")
        if problem := _of_status(before, after):
            return problem
        if before.reply is None:
            return ""
        if not after.is_whole:
            return f"the live reply is no measure: {after.why_not}"
        if before.conversation is None:
            return None
        pair = Pair(before.conversation, sides.recorded(before), sides.recorded(after), before.metadata)
        verdicts = [(each.name, each.compare(pair)) for each in self._comparators]
        if all(verdict.passed is None for _, verdict in verdicts):
            return None
        return "\n".join(line for named in verdicts for line in _said(*named))


def _said(name: str, verdict: Verdict) -> Iterator[str]:
    if verdict.passed is False:
        yield f"the live reply differs, {name}: {verdict.reason}"
        yield from lines_of(verdict, *NAMES)


def offline(spec: str) -> tuple[Comparator, ...]:
    """The comparators of `spec`. Raises `UsageError`, also for one that has to ask somebody."""
    try:
        found = comparators_of(spec)
    except UsageError as error:
        raise UsageError(str(error).replace("--compare", f"compare={spec!r}", 1)) from None
    for each in found:
        if not hasattr(each, "compare"):
            raise UsageError(f"compare={spec!r}: {each.name} has to ask somebody, and a test does not wait")
    return cast("tuple[Comparator, ...]", found)


def _of_status(before: Row, after: Row) -> str:
    recorded, live = before.interaction.response, after.interaction.response
    if live is None:
        error = after.interaction.ended.error
        why = (
            f"{error.type.removeprefix('builtins.')}: {error.message}"
            if error
            else after.interaction.ended.how.value
        )
        return f"no live reply came ({why})"
    if recorded is None or (recorded.status == live.status):
        return ""
    said = f", {after.failure.message[:200]!r}" if after.failure and after.failure.message else ""
    return f"the status differs: recorded {recorded.status}, live {live.status}{said}"
