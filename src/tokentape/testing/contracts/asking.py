"""What every comparator does that has to ask somebody, as tests: all that others do, and what answers may do
to it. Subclass, override the fixtures `kind`, `asking` and `answer`, and pytest runs them.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tokentape.evaluation.comparing.comparator import Pair, Prompt, Unanswered, Vectors
from tokentape.testing.contracts.comparator import ComparatorContract, judged
from tokentape.testing.contracts.replies import ASKED, cut, failed, hostile, ordinary, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.evaluation.comparing.comparator import Answer, Asking, Comparator, Question, Verdict

_MOST = 20
"""Questions that one pair may take."""
_LARGEST = 1_000_000
"""Characters of one question, however large the replies are."""


@dataclass(frozen=True)
class Answered:
    """A comparator that asks, with somebody who answers at once."""

    asking: Asking
    answer: Callable[[Question], Answer]

    @property
    def name(self) -> str:
        """The comparator's."""
        return self.asking.name

    def compare(self, pair: Pair) -> Verdict:
        """What it says in the end."""
        return driven(self.asking, pair, self.answer)[0]


def driven(
    asking: Asking, pair: Pair, answer: Callable[[Question], Answer]
) -> tuple[Verdict, list[Question]]:
    """The verdict, and what was asked for it."""
    asked: list[Question] = []
    plan = asking.plan(pair)
    try:
        question = next(plan)
        while len(asked) < _MOST:
            asked.append(question)
            question = plan.send(answer(question))
    except StopIteration as stop:
        verdict: Verdict = stop.value
        return verdict, asked
    raise AssertionError(f"it asks more than {_MOST} questions about one pair")


class AskingContract(ComparatorContract):
    """The suite. `answer` answers any of its questions, the same one the same each time; it has to be a
    function of a module, since the comparator is sent to another process with it.
    """

    @pytest.fixture
    def asking(self) -> Asking:
        """The comparator under test: override it."""
        raise NotImplementedError("override the fixture 'asking' to return the comparator under test")

    @pytest.fixture
    def answer(self) -> Callable[[Question], Answer]:
        """Answers its questions: override it."""
        raise NotImplementedError("override the fixture 'answer' to return a function that answers")

    @pytest.fixture
    def comparator(self, asking: Asking, answer: Callable[[Question], Answer]) -> Comparator:
        """The comparator with its answers."""
        return Answered(asking, answer)

    def test_it_asks_the_same_each_time_and_in_any_process(
        self, asking: Asking, answer: Callable[[Question], Answer]
    ) -> None:
        sent = pickle.loads(pickle.dumps(asking))
        for before, after in ordinary():
            pair = Pair(ASKED, before, after)
            assert driven(sent, pair, answer)[1] == driven(asking, pair, answer)[1]

    def test_it_asks_those_that_it_names(self, asking: Asking, answer: Callable[[Question], Answer]) -> None:
        asked = [one for sides in ordinary() for one in driven(asking, Pair(ASKED, *sides), answer)[1]]
        assert asked, "it asks nobody"
        assert {one.model for one in asked} <= set(asking.models)
        assert all("/" in model for model in asking.models)

    def test_nobody_is_asked_about_equal_replies_or_those_that_are_not_whole(
        self, asking: Asking, answer: Callable[[Question], Answer]
    ) -> None:
        whole = said("It is so.")
        for before, after in ((whole, whole), (cut(whole), whole), (whole, cut(whole)), (failed(), whole)):
            assert not driven(asking, Pair(ASKED, before, after), answer)[1]

    def test_without_an_answer_there_is_no_verdict(self, asking: Asking) -> None:
        for before, after in ordinary():
            pair = Pair(ASKED, before, after)
            verdict, asked = driven(asking, pair, lambda question: Unanswered("offline\n\x1b[31m" * 99))
            if asked:
                assert (verdict.score, verdict.passed) == (None, None)
                assert "offline" in verdict.reason
                assert verdict.flags

    @pytest.mark.parametrize("name", hostile())
    def test_no_answer_is_too_much(self, asking: Asking, name: str) -> None:
        self._no_pass(asking, hostile()[name].reply)

    @pytest.mark.parametrize("vector", [(), (0.0,), (float("nan"), 1.0), (float("inf"),), (1e308, 1e308)])
    def test_no_vector_is_too_much(self, asking: Asking, vector: tuple[float, ...]) -> None:
        for vectors in ((), (vector,), (vector, (1.0,)), (vector,) * 40):
            self._no_pass(asking, Vectors(vectors))

    def _no_pass(self, asking: Asking, answer: Answer) -> None:
        """What says nothing of the replies is no verdict on them."""
        verdict = judged(Answered(asking, lambda question: answer), said("Yes."), said("No."))
        assert verdict.score is None
        assert verdict.flags

    @pytest.mark.parametrize("name", hostile())
    def test_questions_can_be_written(
        self, asking: Asking, answer: Callable[[Question], Answer], name: str
    ) -> None:
        odd, plain = hostile()[name], said('{"category": "x", "n": 12}')
        for before, after in ((odd, plain), (plain, odd)):
            for question in driven(asking, Pair(ASKED, before, after), answer)[1]:
                text = repr(question.asked if isinstance(question, Prompt) else question.texts)
                assert len(text) < _LARGEST
                text.encode()
