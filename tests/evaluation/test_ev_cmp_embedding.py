"""Cosines: what they are of, where there is none, and that the small model needs no network."""

from __future__ import annotations

import logging
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.evaluation.comparing.comparator import Pair, Texts, Vectors
from tokentape.evaluation.comparing.embedding import CUT, PIECE, PIECES, cosine
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.testing.contracts.asking import driven
from tokentape.testing.contracts.replies import ASKED, calling, said

BY = comparators_of("embedding:openai/text-embedding-3-small")[0]

numbers = st.floats(-1e6, 1e6)


@st.composite
def groups(draw):
    """Two groups of vectors of one length."""
    vector = st.lists(numbers, min_size=4, max_size=4)
    return draw(st.lists(vector, min_size=1, max_size=3)), draw(st.lists(vector, min_size=1, max_size=3))


@given(both=groups())
def test_a_cosine_is_symmetric_and_bounded(both):
    found = cosine(*both)
    assert found == cosine(*reversed(both))
    assert found is None or -1 <= found <= 1


@given(vector=st.lists(numbers, min_size=1, max_size=4).filter(lambda v: any(abs(n) > 1e-3 for n in v)))
def test_a_vector_is_like_itself_and_its_multiples(vector):
    assert cosine([vector], [vector]) == pytest.approx(1)
    assert cosine([vector], [[3 * n for n in vector], vector]) == pytest.approx(1)
    assert cosine([vector], [[-n for n in vector]]) == pytest.approx(-1)


@pytest.mark.parametrize(
    ("one", "other"),
    [([], [[1.0]]), ([[]], [[]]), ([[0.0]], [[1.0]]), ([[1.0, 2.0]], [[1.0]]), ([[float("nan")]], [[1.0]])],
)
def test_where_there_is_none(one, other):
    assert cosine(one, other) is None


@pytest.mark.parametrize("group", [[[1e308], [1e308]], [[float("inf")], [float("-inf")]]])
def test_numbers_beyond_all_sums_have_none(group):
    assert cosine(group, [[1.0]]) is cosine([[1.0]], group) is None


def asked(pair, *vectors):
    left = list(vectors)
    return driven(BY, pair, lambda question: Vectors(left.pop(0)))


def test_each_reply_is_embedded_by_itself():
    verdict, questions = asked(
        Pair(ASKED, said("One."), said("```\nTwo.\n```", calling("f", {"a": 1}))),
        ((1.0, 0.0),),
        ((1.0, 1.0),),
    )
    assert questions[0] == Texts("openai/text-embedding-3-small", ("One.",))
    assert questions[1].texts[0].startswith("Two.\n")
    assert 'call f({"a":1})' in questions[1].texts[0]
    assert verdict.score == pytest.approx(0.5**0.5)
    assert (verdict.passed, verdict.reason) == (None, "similar by 0.707")


def test_opposites_score_0_and_others_never_1():
    pair = Pair(ASKED, said("One."), said("Two."))
    assert asked(pair, ((1.0,),), ((-1.0,),))[0].score == 0
    assert 0.99 < asked(pair, ((1.0,),), ((2.0,),))[0].score < 1


def test_long_texts_are_embedded_in_pieces():
    pair = Pair(ASKED, said("a" * PIECE + "b"), said("c"))
    verdict, questions = asked(pair, ((1.0, 0.0), (0.0, 1.0)), ((1.0, 1.0),))
    assert [len(text) for text in questions[0].texts] == [PIECE, 1]
    assert verdict.score == pytest.approx(1, abs=1e-5)
    assert verdict.flags == ()
    long = Pair(ASKED, said("a" * PIECE * (PIECES + 1)), said("c"))
    assert asked(long, ((1.0,),) * PIECES, ((1.0,),))[0].flags == (CUT,)


def test_an_empty_reply_is_like_no_other():
    verdict, questions = asked(Pair(ASKED, said("One."), said("")))
    assert (verdict.score, verdict.passed, questions) == (0.0, False, [])


class TestOffline:
    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("wordllama")

    @pytest.fixture(autouse=True)
    def _no_network(self, monkeypatch):
        def never(*args, **more):
            raise AssertionError("somebody is asked")

        monkeypatch.setattr(socket, "socket", never)

    def score(self, before, after):
        (comparator,) = comparators_of("embedding")
        return comparator.compare(Pair(ASKED, said(before), said(after))).score

    def test_what_the_reference_says_of_the_small_model(self):
        assert self.score("It is in stock.", "The item is available.") == pytest.approx(0.3, abs=0.05)
        assert self.score("It is in stock.", "It is not in stock.") == pytest.approx(0.91, abs=0.01)

    def test_likeness_counts(self):
        asked = "The capital of France is Paris."
        near = self.score(asked, "Paris is France's capital city.")
        assert near > self.score(asked, "Quarterly revenue fell by 3%.")

    def test_the_logging_of_the_program_stays_its_own(self):
        from tokentape.evaluation.comparing import wordvectors

        root = logging.getLogger()
        before = (list(root.handlers), root.level)
        wordvectors._model.cache_clear()
        self.score("One.", "Two.")
        assert (list(root.handlers), root.level) == before

    def test_a_threshold(self):
        (comparator,) = comparators_of("embedding:threshold=0.9")
        verdict = comparator.compare(Pair(ASKED, said("It is in stock."), said("The item is available.")))
        assert verdict.passed is False
        assert "not enough for 0.9" in verdict.reason


def test_without_the_extra_a_line_says_which(monkeypatch):
    from tokentape.errors import UsageError
    from tokentape.evaluation.comparing import extras

    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'tokentape\[embeddings\]'"):
        comparators_of("embedding")
    assert comparators_of("embedding:openai/text-embedding-3-small")
