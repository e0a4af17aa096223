"""The usual comparison: which comparator it is follows from the recorded reply."""

from __future__ import annotations

import pytest

pytest.importorskip("rapidfuzz")

from tokentape.evaluation.comparing.comparator import Pair
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.testing.contracts.replies import calling, said

FOUND = said("", calling("find", {"q": "x"}))
LONG = "The order was sent on Monday and will arrive within three days."


def usual(before, after, spec="usual"):
    (comparator,) = comparators_of(spec)
    return comparator.compare(Pair(Conversation(()), before, after))


@pytest.mark.parametrize(
    ("before", "after", "by", "passed"),
    [
        (said('{"a": 1, "b": 2}'), said('{"b": 2, "a": 1}'), "json", True),
        (said('```json\n{"a": 1}\n```'), said('{"a": 2}'), "json", False),
        (said('{"a": 1}'), said("no idea"), "json", False),
        (said("42"), said("The answer is 42"), "fuzzy", False),
        (said("As in [1], it is so."), said("As in [1], it is so!"), "fuzzy", True),
        (said(LONG), said(LONG.replace("three", "four")), "fuzzy", True),
        (said(LONG), said("No."), "fuzzy", False),
        (FOUND, FOUND, "toolcalls", True),
        (FOUND, said(LONG), "toolcalls", False),
        (said(LONG), FOUND, "toolcalls", False),
    ],
)
def test_the_recorded_reply_says_how(before, after, by, passed):
    verdict = usual(before, after)
    assert verdict.reason.startswith(f"{by}: ")
    assert verdict.passed is passed


def test_a_threshold_is_that_for_prose():
    other = LONG.replace("three days", "a week or so")
    assert usual(said(LONG), said(other), "usual:0.5").passed
    assert not usual(said(LONG), said(other), "usual:0.99").passed
