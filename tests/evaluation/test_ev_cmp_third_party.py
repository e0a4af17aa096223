"""A comparator of somebody else's passes the contract, and the contract finds what it is there to find."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tokentape.evaluation.comparing.comparator import Verdict, unfit
from tokentape.evaluation.comparing.kind import Kind
from tokentape.testing.contracts import ComparatorContract
from tokentape.testing.contracts.comparator import judged
from tokentape.testing.contracts.replies import ordinary, said


@dataclass(frozen=True)
class Rhymes:
    """1 if both texts end alike."""

    name: str

    def compare(self, pair):
        if (verdict := unfit(pair)) is not None:
            return verdict
        same = pair.before.folded[-2:] == pair.after.folded[-2:]
        return Verdict(float(same), same, "they rhyme" if same else "they do not rhyme")


KIND = Kind("rhymes", means="1 if both end alike", passes="they do", make=lambda given: Rhymes(given.name))


class TestRhymes(ComparatorContract):
    @pytest.fixture
    def kind(self):
        return KIND


def test_a_suite_without_its_fixture_says_what_to_override():
    with pytest.raises(NotImplementedError, match="override the fixture 'kind'"):
        ComparatorContract.kind.__wrapped__(ComparatorContract())


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(1.5, True, "more than all"),
        Verdict(float("nan"), None, "no number"),
        Verdict(None, True, "passed without a score"),
        Verdict(1.0, True, ""),
        Verdict(1.0, True, "two\nlines"),
        Verdict(1.0, True, "x" * 500),
    ],
    ids=lambda each: each.reason[:24] or "no reason",
)
def test_what_is_no_verdict_is_found(verdict):
    class Wrong:
        def compare(self, pair):
            return verdict

    with pytest.raises(AssertionError):
        judged(Wrong(), said("x"), said("x"))


def test_a_comparator_that_takes_a_cut_reply_for_a_whole_one_is_found():
    class Careless(Rhymes):
        def compare(self, pair):
            return Verdict(1.0, True, "whatever")

    with pytest.raises(AssertionError):
        ComparatorContract().test_a_new_reply_that_was_cut_is_never_good(Careless("rhymes"), ordinary())
