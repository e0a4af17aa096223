"""The recording most like a request."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from matching_requests import EMBEDDINGS, chat, post, user, weather

from tokentape.matching.key import Matcher
from tokentape.matching.nearest import items, likeness, nearest

form = Matcher().canonical


def best(wanted, *candidates, unused=()):
    return nearest(form(wanted), [(form(request), n in unused) for n, request in enumerate(candidates)])


def test_none_among_none():
    assert best(chat()) is None


def test_the_most_alike():
    wanted = chat(user("What is the capital of France?"), temperature=0.5)
    assert (
        best(wanted, chat(user("Tell a joke")), chat(user("What is the capital of Spain?")), chat(user("No")))
        == 1
    )


def test_the_same_operation_first():
    assert (
        best(chat(user("a b c")), post(EMBEDDINGS, {"input": "a b c"}), chat(user("else"), tools=[weather()]))
        == 1
    )


def test_of_two_alike_the_unused_one_and_else_the_first():
    assert best(chat(user("a b")), chat(user("a c")), chat(user("a d"))) == 0
    assert best(chat(user("a b")), chat(user("a c")), chat(user("a d")), unused=(1,)) == 1


def test_an_equal_one_even_if_used():
    assert best(chat(user("a b")), chat(user("a c")), chat(user("a b")), unused=(0,)) == 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["a b", "a c", "d", "d e f"]), min_size=1, max_size=6))
def test_the_answer_is_always_the_same(texts):
    candidates = [chat(user(text)) for text in texts]
    assert best(chat(user("a b c")), *candidates) == best(chat(user("a b c")), *candidates)


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda v: st.lists(v) | st.dictionaries(st.text(), v),
    )
)
def test_likeness_is_between_0_and_1(value):
    assert 0 <= likeness(items(value), items({"a": value})) <= 1


def test_a_huge_request_is_looked_at_in_part():
    assert len(items({"input": list(range(100_000))})) <= 5000
