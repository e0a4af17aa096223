"""The keys of all sample requests, frozen.

If this fails, keys have changed, and every cassette in the world computes its keys again when it is
opened. If that was not meant, find the cause. If it was: raise `KEY_VERSION` in matching/key.py, then
write the file again with `python tests/matching/test_golden_keys.py`, and say so in the changelog.
"""

from __future__ import annotations

import json
from pathlib import Path

from matching_samples import sample_requests

from tokentape.matching.fields import MatchOn
from tokentape.matching.key import KEY_VERSION, Matcher
from tokentape.protocols.registry import recognise

FILE = Path(__file__).with_name("golden_keys.json")

SAME_CALL = [
    {"057_cerebras_models#0", "159_openai_models#0"},
    {"133_gemini_models#0", "133_gemini_models#1"},
    {"142_openrouter_responses#0", "142_openrouter_responses#1"},
]
"""Samples with one key: lists of models (the host only breaks ties), and a call that was made twice."""


def computed():
    matcher = Matcher(MatchOn())
    return {name: matcher.key(request) for name, request in sample_requests().items()}


def test_keys_are_as_they_were():
    frozen = json.loads(FILE.read_text())
    assert frozen["version"] == KEY_VERSION, __doc__
    assert frozen["rules"] == Matcher(MatchOn()).rules, __doc__
    assert computed() == frozen["keys"], __doc__


def test_R48_calls_that_differ_in_meaning_have_keys_of_their_own():
    groups: dict[str, set[str]] = {}
    for name, key in computed().items():
        groups.setdefault(key, set()).add(name)
    assert [group for group in groups.values() if len(group) > 1] == SAME_CALL


def test_a_key_is_the_same_with_and_without_recognition_handed_on():
    matcher = Matcher(MatchOn())
    for request in sample_requests().values():
        assert matcher.key(request, recognise(request)) == matcher.key(request)


def test_computing_a_key_changes_nothing():
    matcher = Matcher(MatchOn(ignore=("**.id",), volatile=(r"\d+",)))
    for name, request in sample_requests().items():
        found = recognise(request)
        before = json.dumps(found.body)
        first = matcher.key(request, found)
        matcher.canonical(request, found)
        assert (json.dumps(found.body), matcher.key(request, found)) == (before, first), name


if __name__ == "__main__":
    golden = {"version": KEY_VERSION, "rules": Matcher(MatchOn()).rules, "keys": computed()}
    FILE.write_text(json.dumps(golden, indent=1) + "\n")
