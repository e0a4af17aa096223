"""Calls of tools: which ones, in which order, with which arguments."""

from __future__ import annotations

import pytest

from tokentape.evaluation.comparing.comparator import Difference, Pair
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.protocols.canonical.conversation import Conversation, Tool
from tokentape.testing.contracts.replies import calling, said

PLAIN = Conversation(())


def compared(spec, before, after, asked=PLAIN):
    (comparator,) = comparators_of(spec)
    return comparator.compare(
        Pair(
            asked,
            said("", *(calling(*call) for call in before)),
            said("", *(calling(*call) for call in after)),
        )
    )


PARIS, LYON, STOP = ("search", {"q": "Paris", "n": 1}), ("search", {"q": "Lyon", "n": 1}), ("stop", {})


@pytest.mark.parametrize(
    ("before", "after", "score"),
    [
        ([PARIS], [PARIS], 1),
        ([PARIS], [("search", '{"n": 1.0,\n "q": "paris"}')], 1),
        ([PARIS], [LYON], 0.5),
        ([PARIS], [STOP], 0),
        ([PARIS], [], 0),
        ([], [PARIS], 0),
        ([PARIS, STOP], [PARIS], 0.5),
        ([PARIS, STOP], [STOP, PARIS], 0.5),
        ([PARIS, LYON], [("look", {}), PARIS, LYON], 2 / 3),
        ([STOP], [("stop", "")], 1),
        ([STOP], [("stop", "{broken")], 0),
        ([("sh", "ls -l")], [("sh", "ls -l ")], 1),
        ([PARIS] * 3, [PARIS] * 3, 1),
    ],
)
def test_the_score_is_the_mean_over_the_calls(before, after, score):
    verdict = compared("toolcalls", before, after)
    assert verdict.score == pytest.approx(score)
    assert verdict.passed is (score == 1)


def test_missing_added_and_changed_calls_are_told():
    verdict = compared("toolcalls", [PARIS, ("old", {"x": 1})], [LYON, ("new", {})])
    assert verdict.differences == (
        Difference("calls[0].search.q", "Paris", "Lyon"),
        Difference("calls[1]", {"name": "old", "arguments": {"x": 1}}, None, "missing"),
        Difference("calls[1]", None, {"name": "new", "arguments": {}}, "added"),
    )
    assert verdict.reason.startswith('calls[0].search.q: "Paris", now "Lyon"; calls[1] is missing, was {')


def test_parallel_calls_may_come_in_any_order_where_that_is_said():
    assert compared("toolcalls", [PARIS, LYON, STOP], [STOP, LYON, PARIS]).score < 1
    assert compared("toolcalls:order=any", [PARIS, LYON, STOP], [STOP, LYON, PARIS]).passed
    verdict = compared("toolcalls:order=any", [PARIS, STOP], [("search", {"q": "Nice", "n": 1}), PARIS])
    assert verdict.score == 0.5
    assert [(each.path, each.note) for each in verdict.differences] == [
        ("calls[1]", "missing"),
        ("calls[0]", "added"),
    ]


def test_only_the_choice_of_tools_counts_where_that_is_said():
    assert compared("toolcalls:arguments=ignored", [PARIS, STOP], [LYON, STOP]).score == 1
    assert compared("toolcalls:arguments=ignored", [PARIS, STOP], [STOP, LYON]).score == 0.5


def test_to_call_nothing_is_a_choice_where_there_are_tools():
    assert compared("toolcalls", [], []).score is None
    verdict = compared("toolcalls", [], [], Conversation((), tools=(Tool("search"),)))
    assert (verdict.score, verdict.passed, verdict.reason) == (1, True, "neither reply calls a tool")


def test_arguments_that_are_nested_too_deep_are_compared_by_position(monkeypatch):
    def deep(*_):
        raise RecursionError

    monkeypatch.setattr("tokentape.evaluation.comparing.toolcalls.align", deep)
    assert compared("toolcalls", [PARIS, STOP], [PARIS, STOP]).score == 1
    verdict = compared("toolcalls", [PARIS, STOP], [STOP])
    assert (verdict.score, [each.note for each in verdict.differences]) == (0, ["", "missing"])
