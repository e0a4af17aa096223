"""A miss explains itself."""

from __future__ import annotations

import dataclasses
import pickle

import pytest
from matching_requests import CHAT, OTHER, chat, post, recorded, user, weather

from tokentape.errors import ReplayMiss
from tokentape.matching.explain import explain
from tokentape.matching.fields import MatchOn
from tokentape.matching.key import Matcher


def explained(request, *candidates, matcher=None, **more):
    more = {"cassette": "tapes/trip.json", "mode": "none", **more}
    return explain(matcher or Matcher(), request, candidates, **more)


def test_the_text():
    asked = chat(
        {"role": "system", "content": "Be brief."},
        user("Capital of Spain?"),
        temperature=0.7,
        tools=[weather()],
    )
    first = chat(
        {"role": "system", "content": "Be brief."},
        user("Capital of France?"),
        temperature=0.2,
        tools=[weather()],
    )
    other = chat(user("Tell me a joke."), model="gpt-4o-mini")
    found = explained(
        asked,
        recorded("7c1e90ab", first, "Capital of France?"),
        recorded("0a11ce00", other),
        unused=("7c1e90ab", "0a11ce00"),
        command="pytest --tokentape-mode=new_episodes tests/test_trip.py::test_capital",
    )
    assert str(found).splitlines() == [
        "No recording in tapes/trip.json fits this request (mode none).",
        f'  request: POST {CHAT} (openai.chat/create) (asks "Capital of Spain?")',
        '  nearest recording: 7c1e90ab (asks "Capital of France?")',
        '    messages[1].content: recorded "Capital of France?", now "Capital of Spain?"',
        "    temperature: recorded 0.2, now 0.7",
        "  not played yet: 7c1e90ab, 0a11ce00",
        "  to record it: pytest --tokentape-mode=new_episodes tests/test_trip.py::test_capital",
    ]


EDITS = {
    "an edited prompt": ([user("Name the capital of Spain.")], {}, True),
    "an edited setting": ([user("Name the capital of France.")], {"temperature": 0.5}, True),
    "another prompt": ([user("Write me a long poem on rivers, rain and the sea.")], {}, False),
    "one more turn": ([user("Name the capital of France."), user("Now.")], {}, False),
    "one more tool": ([user("Name the capital of France.")], {"tools": [weather()]}, False),
}


@pytest.mark.parametrize("name", EDITS)
def test_refresh_is_told_where_the_call_was_edited_and_new_episodes_where_it_is_new(name):
    turns, changes, is_edited = EDITS[name]
    base = {"temperature": 0.2, "max_tokens": 100}
    near = recorded("7c1e90ab", chat(user("Name the capital of France."), **base))
    found = explained(chat(*turns, **{**base, **changes}), near, unused=("7c1e90ab",), command="run {mode}")
    last = (
        "  to record it in place of 7c1e90ab: run refresh"
        if is_edited
        else "  to record it: run new_episodes"
    )
    assert str(found).splitlines()[-1] == last
    played = explained(chat(*turns, **{**base, **changes}), near, command="run {mode}")
    assert str(played).splitlines()[-1] == "  to record it: run new_episodes"


def test_turns_are_numbered_as_in_the_body_on_both_sides():
    one, two = {"role": "system", "content": "Be brief."}, {"role": "developer", "content": "Be kind."}
    turns = [user("a"), {"role": "assistant", "content": "b"}, user("c")]
    found = explained(chat(one, two, *turns), recorded("a", chat(one, *turns[:2], user("d"))))
    assert [difference.path for difference in found.differences] == ["system[1]", "messages[4].content"]
    found = explained(chat(one, two, turns[0]), recorded("a", chat(one, *turns)))
    assert [difference.path for difference in found.differences] == [
        "system[1]",
        "messages[2]",
        "messages[3]",
    ]


def test_an_empty_cassette():
    found = explained(chat())
    assert found.nearest_id == ""
    assert "nearest recording: none, the cassette is empty" in str(found)


@pytest.mark.parametrize(
    ("asked", "kept", "unused", "words"),
    [
        (chat(stream=True), chat(), ("a",), "only the stream flag differs: the recording is not streamed, this request is; "
         "synthesize=True would serve it"),
        (chat(), chat(stream=True), ("a",), "only the stream flag differs: the recording is streamed, this request is not; "
         "synthesize=True would serve it"),
        (chat(), chat(), (), "this very call is recorded, and every recording of it was played already"),
        (post(OTHER, {"q": 1}), post("https://example.com:81/search", {"q": 1}), ("a",),
         "only the host differs: recorded for example.com:81, asked of example.org"),
        (chat(), chat(model="other"), ("a",), ""),
        (chat(), chat(), ("a",), "the recording asks the same, but of api.openai.com, under another key"),
    ],
)  # fmt: skip
def test_a_difference_in_one_thing_is_said_in_words(asked, kept, unused, words):
    found = explained(asked, recorded("a", kept), unused=unused)
    assert found.note == words
    assert ("note: " in str(found)) is bool(words)


def test_what_the_caller_knows_goes_first():
    found = explained(chat(), recorded("a", chat()), note="this key is recorded 2 times and both were played")
    assert "  note: this key is recorded 2 times and both were played" in str(found).splitlines()


def test_long_lists_are_cut():
    many = {f"field_{n}": n for n in range(20)}
    found = explained(chat(**many), recorded("a", chat()), unused=tuple(f"id{n}" for n in range(20)))
    assert len(found.differences) == 20
    assert "    and 12 more differences" in str(found).splitlines()
    assert "id7 and 12 more" in str(found)


def test_at_most_200_candidates_are_read():
    read = []

    def candidates():
        for number in range(1000):
            read.append(number)
            yield recorded(str(number), chat(user(str(number))))

    explain(Matcher(), chat(), candidates(), cassette="c", mode="none")
    assert len(read) == 200


def test_what_match_on_leaves_out_is_no_difference():
    found = explained(
        chat(user("x"), model="b"), recorded("a", chat(model="a")), matcher=Matcher(MatchOn.of("-model"))
    )
    assert [difference.path for difference in found.differences] == ["messages[0].content"]


def test_it_is_frozen_and_survives_pickling_also_inside_the_error():
    found = explained(chat(odd=[1]), recorded("a", chat()))
    assert pickle.loads(pickle.dumps(found)) == found
    miss = pickle.loads(pickle.dumps(ReplayMiss(found, (found,))))
    assert (miss.explanation, miss.others) == (found, (found,))
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.note = "x"
