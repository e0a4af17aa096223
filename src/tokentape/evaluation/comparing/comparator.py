"""What is compared, and what comes of it: the types that every comparator stands on.

A comparator never raises over data: a reply that is odd, hostile or broken gives a verdict that says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tokentape.evaluation.comparing.found import found_json
from tokentape.evaluation.comparing.plain import calls_of, folded, spoken, text_of
from tokentape.protocols.canonical.failure import broken_off
from tokentape.protocols.canonical.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping
    from decimal import Decimal

    from tokentape.evaluation.comparing.found import FoundJson
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.items import ToolCall
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json


@dataclass(frozen=True)
class Side:
    """One answer, as comparators look at it; of a reply with several choices, the first.

    `is_whole` is False for a stream that was cut and for an error: never equal to a whole one. `seconds` is
    how long the whole reply took, `first` how long its first chunk; `cost` is in USD, None (never 0) where
    no rate is known, and `unpriced` says why. What several comparators ask for is found out once, when the
    first one asks.
    """

    reply: Reply
    is_whole: bool = True
    seconds: float | None = None
    first: float | None = None
    usage: Usage | None = None
    cost: Decimal | None = None
    unpriced: str = ""

    @cached_property
    def text(self) -> str:
        """The visible text, in order, as it was written."""
        return text_of(self.reply)

    @cached_property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls of the caller's tools, in order."""
        return calls_of(self.reply)

    @cached_property
    def folded(self) -> str:
        """Everything that the reply says, its calls included, without fences, spacing and case."""
        return folded(spoken(self.reply, self.text))

    @cached_property
    def json(self) -> FoundJson | None:
        """The JSON in the text; None where there is none."""
        return found_json(self.text)

    @property
    def answers(self) -> bool:
        """True for a whole reply that is no error."""
        reply = self.reply
        return self.is_whole and reply.complete and reply.failure is None and broken_off(reply.stop) is None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one question: `before` is the recorded one, `after` the one that is judged."""

    asked: Conversation
    before: Side
    after: Side
    metadata: Mapping[str, Json] = field(default_factory=dict)


class Difference(NamedTuple):
    """One place where the answers differ, values cut where they are long.

    `note` says what the values cannot: "missing" and "added" (None stands there, and is not null), or why it
    does not count.
    """

    path: str
    before: Json
    after: Json
    note: str = ""


class Verdict(NamedTuple):
    """What a comparator says of a pair.

    `score` runs from 0 to 1, None where the comparator does not apply; `passed` is None where it does not
    apply, or nobody said what would be enough. `reason` is one line. `flags` are what a person should look
    at ("judges disagree").
    """

    score: float | None
    passed: bool | None
    reason: str
    differences: tuple[Difference, ...] = ()
    flags: tuple[str, ...] = ()


class Comparator(Protocol):
    """Compares offline. `name` is what the command line calls it, with its arguments: `json:category`."""

    @property
    def name(self) -> str: ...

    def compare(self, pair: Pair) -> Verdict:
        """The verdict; never raises over data, and is the same each time."""


class Prompt(NamedTuple):
    """A question to a model: `model` as upstreams name it ("anthropic/claude-haiku-4-5")."""

    model: str
    asked: Conversation


class Texts(NamedTuple):
    """Texts to embed."""

    model: str
    texts: tuple[str, ...]


class Vectors(NamedTuple):
    """The embeddings of texts, in their order."""

    vectors: tuple[tuple[float, ...], ...]


class Unanswered(NamedTuple):
    """No answer could be had; `why` is one line."""

    why: str


Question = Prompt | Texts
Answer = Reply | Vectors | Unanswered


class Asking(Protocol):
    """A comparator that has to ask somebody: a judge, an embedding by an endpoint.

    `plan` yields what to ask and is sent the answer, so that it does no I/O of its own. `models` are all that
    it may ask (`UPSTREAM/MODEL`), so that a missing key is told before a run. The same pair gives the same
    questions, each time and in each process: answers are recorded, and found again by their question.
    """

    @property
    def name(self) -> str: ...

    @property
    def models(self) -> tuple[str, ...]: ...

    def plan(self, pair: Pair) -> Generator[Question, Answer, Verdict]:
        """Questions, then the verdict. Never raises over data, nor over an answer."""


def models_in(comparators: Iterable[Comparator | Asking]) -> list[str]:
    """All that they may ask, each once, in their order."""
    return [*dict.fromkeys(model for each in comparators for model in getattr(each, "models", ()))]


def does_not_apply(reason: str, *flags: str) -> Verdict:
    """A verdict that says nothing about the pair, and why."""
    return Verdict(None, None, reason, (), flags)


def unfit(pair: Pair) -> Verdict | None:
    """The verdict where one of the answers is no whole one; None where both are.

    A recorded answer that was cut or failed is no measure for another. A new one that was cut or failed is
    worth nothing.
    """
    if why := lacking("recorded", pair.before):
        return does_not_apply(why)
    if why := lacking("new", pair.after):
        return Verdict(0.0, False, why, (), ("not whole",))
    return None


def lacking(which: str, side: Side) -> str:
    """Why the answer is no whole one, in one line; "" if it is."""
    if side.answers:
        return ""
    return f"the {which} reply is not whole: {_why(side)}"


def _why(side: Side) -> str:
    failure = side.reply.failure or broken_off(side.reply.stop)
    return f"it failed ({failure.kind})" if failure else "it was cut"
