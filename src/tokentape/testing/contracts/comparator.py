"""What every comparator does, as tests: subclass, override the fixture `kind`, and pytest runs them.

from tokentape.testing.contracts import ComparatorContract

class TestMyComparator(ComparatorContract):
    @pytest.fixture
    def kind(self):
        return KIND
"""

from __future__ import annotations

import json
import pickle
import re
from typing import TYPE_CHECKING, cast

import pytest

from tokentape.errors import UsageError
from tokentape.evaluation.comparing.comparator import Pair
from tokentape.evaluation.comparing.kind import Given, Word
from tokentape.testing.contracts.replies import (
    ASKED,
    REFUSING,
    cut,
    failed,
    fenced,
    hostile,
    ordinary,
    said,
    turned,
)

if TYPE_CHECKING:
    from tokentape.evaluation.comparing.comparator import Comparator, Side, Verdict
    from tokentape.evaluation.comparing.kind import Kind

_LINE = 400
"""Characters that a reason may have."""
_KEPT = 200_000
"""Characters that the differences of one verdict may have, however large the replies are."""


class ComparatorContract:
    """The suite. `kind` is what is tested; override `comparator`, too, if it cannot be made without
    arguments, and `pairs` if it applies to none of the usual ones.
    """

    @pytest.fixture
    def kind(self) -> Kind:
        """What the registry lists: override it."""
        raise NotImplementedError("override the fixture 'kind' to return the Kind under test")

    @pytest.fixture
    def comparator(self, kind: Kind) -> Comparator:
        """The comparator under test."""
        made = kind.make(Given(kind.name, kind.name))
        assert hasattr(made, "compare"), "one that asks somebody has the AskingContract"
        return cast("Comparator", made)

    @pytest.fixture
    def pairs(self) -> tuple[tuple[Side, Side], ...]:
        """Pairs of whole answers, each with one message."""
        return ordinary()

    # ---- what the registry lists

    def test_the_command_line_can_name_it(self, kind: Kind, comparator: Comparator) -> None:
        assert re.fullmatch(r"[A-Za-z_][\w-]*", kind.name)
        assert comparator.name == kind.name or comparator.name.startswith(f"{kind.name}:")
        assert kind.means
        assert kind.passes

    def test_a_wrong_argument_is_a_usage_error_in_one_line(self, kind: Kind) -> None:
        options = {name: Word("\x00 nonsense", 9) for name in kind.options}
        given = Given(kind.name, kind.name, (Word("\x00(", 3),) if kind.words else (), options)
        assert "\n" not in _complaint(kind, given)

    # ---- scores

    def test_equal_answers_score_1(
        self, kind: Kind, comparator: Comparator, pairs: tuple[tuple[Side, Side], ...]
    ) -> None:
        applied = 0
        for side in (side for pair in pairs for side in pair):
            verdict = judged(comparator, side, side)
            if kind.judges == "both" and verdict.score is not None:
                assert verdict.score == 1
                assert verdict.passed is not False
                assert not verdict.differences
            applied += verdict.score is not None
        assert applied, "it applies to none of the pairs: override the fixture 'pairs'"

    def test_which_is_which_makes_no_difference_where_it_says_so(
        self, kind: Kind, comparator: Comparator, pairs: tuple[tuple[Side, Side], ...]
    ) -> None:
        for before, after in pairs if kind.is_symmetric else ():
            scores = judged(comparator, before, after).score, judged(comparator, after, before).score
            assert None in scores or scores[0] == pytest.approx(scores[1])

    def test_a_verdict_is_the_same_each_time(
        self, comparator: Comparator, pairs: tuple[tuple[Side, Side], ...]
    ) -> None:
        for before, after in pairs:
            assert judged(comparator, before, after) == judged(comparator, before, after)

    def test_another_process_says_the_same(
        self, comparator: Comparator, pairs: tuple[tuple[Side, Side], ...]
    ) -> None:
        sent = pickle.loads(pickle.dumps(comparator))
        for before, after in pairs:
            assert judged(sent, before, after) == judged(comparator, before, after)

    # ---- presentation

    def test_a_fence_makes_no_difference(
        self, comparator: Comparator, pairs: tuple[tuple[Side, Side], ...]
    ) -> None:
        for before, after in pairs:
            expected = judged(comparator, before, after).score
            assert judged(comparator, before, fenced(after)).score == expected
            assert judged(comparator, fenced(before), after).score == expected

    def test_the_order_of_arguments_makes_no_difference(
        self, comparator: Comparator, pairs: tuple[tuple[Side, Side], ...]
    ) -> None:
        for before, after in pairs:
            assert judged(comparator, before, turned(after)).score == judged(comparator, before, after).score

    # ---- answers that are none

    def test_a_new_reply_that_was_cut_is_never_good(
        self, comparator: Comparator, pairs: tuple[tuple[Side, Side], ...]
    ) -> None:
        for before, after in pairs:
            verdict = judged(comparator, before, cut(after))
            assert not verdict.score
            assert not verdict.passed

    def test_a_recorded_reply_that_was_cut_or_failed_says_nothing(self, comparator: Comparator) -> None:
        for before in (cut(said("It")), failed()):
            for after in (said("It is so."), said(REFUSING), cut(said("It")), failed()):
                assert judged(comparator, before, after).score is None

    def test_a_new_reply_that_was_cut_or_failed_is_no_better_than_one_that_refuses(
        self, comparator: Comparator
    ) -> None:
        for after in (cut(said("It")), failed()):
            verdict = judged(comparator, said(REFUSING), after)
            assert not verdict.score
            assert not verdict.passed
            assert "answers now" not in verdict.flags

    # ---- whatever comes

    @pytest.mark.parametrize("name", hostile())
    def test_nothing_that_a_reply_says_is_too_much(self, comparator: Comparator, name: str) -> None:
        odd, plain = hostile()[name], said('{"category": "x", "n": 12}')
        for before, after in ((odd, plain), (plain, odd), (odd, odd)):
            judged(comparator, before, after)


def _complaint(kind: Kind, given: Given) -> str:
    """What making it says is wrong; "" if nothing is."""
    try:
        kind.make(given)
    except UsageError as error:
        return str(error)
    return ""


def judged(comparator: Comparator, before: Side, after: Side) -> Verdict:
    """The verdict, which has to be one."""
    verdict = comparator.compare(Pair(ASKED, before, after))
    score, passed, reason, differences, flags = verdict
    assert score is None or 0 <= score <= 1
    assert passed is None or isinstance(passed, bool)
    assert score is not None or passed is None, "what does not apply is neither passed nor failed"
    assert reason, "a verdict says why"
    assert len(reason) <= _LINE
    assert all(line.isprintable() for line in (reason, *flags)), "one line, without signs that control"
    assert len(json.dumps(differences)) <= _KEPT
    return verdict
