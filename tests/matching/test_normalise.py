"""Normalisers of the user's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from matching_requests import chat, user

from tokentape.errors import UsageError
from tokentape.matching.key import Matcher
from tokentape.matching.normalise import register_normalizer, registered, unregister_normalizer


def has_trace(request):
    return b"trace-" in (request.body or b"")


def without_trace(request):
    return replace(request, body=request.body.replace(b"trace-1", b"").replace(b"trace-2", b""))


@pytest.fixture
def normalizer():
    yield register_normalizer(has_trace, without_trace, name="traces")
    unregister_normalizer("traces")


def test_it_runs_before_the_key_is_computed(normalizer):
    key = Matcher().key
    assert key(chat(user("trace-1"))) == key(chat(user("trace-2"))) == key(chat(user("")))
    assert key(chat(user("trace-3"))) != key(chat(user("")))


def test_it_is_part_of_the_rules_with_its_version(normalizer):
    first = Matcher().rules
    unregister_normalizer("traces")
    bare = Matcher().rules
    register_normalizer(has_trace, without_trace, name="traces", version="2")
    assert len({first, bare, Matcher().rules}) == 3


def test_a_matcher_keeps_those_it_was_made_with():
    matcher = Matcher()
    register_normalizer(has_trace, without_trace)
    try:
        assert registered()[-1].name == "without_trace"
        assert matcher.key(chat(user("trace-1"))) != matcher.key(chat(user("trace-2")))
    finally:
        unregister_normalizer("without_trace")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: register_normalizer(None, without_trace), "detect=None"),
        (lambda: register_normalizer(has_trace, "x"), "normalize='x'"),
        (
            lambda: register_normalizer(has_trace, without_trace, name="traces"),
            "'traces' is registered already",
        ),
        (lambda: unregister_normalizer("other"), "'other' is not registered; registered are: traces"),
    ],
)
def test_wrong_use_is_told_in_one_line(normalizer, wrong, said):
    with pytest.raises(UsageError, match=".*") as caught:
        wrong()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
