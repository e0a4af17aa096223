"""Retries and duplicates count once; turns of one conversation are one cluster, in whatever order they come."""

from __future__ import annotations

from itertools import permutations

import pytest
from ev_corpora import bot, call, chat, responses, row, tape, user
from hypothesis import given
from hypothesis import strategies as st

from tokentape.errors import UsageError
from tokentape.evaluation.corpus.choosing import Corpus
from tokentape.evaluation.corpus.grouping import Groups
from tokentape.protocols.canonical.semantic import key_and_links, semantic_key
from tokentape.wire.interaction import How

RULES = {"role": "system", "content": "Be brief."}


def at(second):
    return f"2026-11-21T09:00:{second:02d}Z"


def texts(corpus):
    return [found.reply.items[0].parts[0].text for found in corpus]


def test_the_last_whole_answer_stands(tmp_path):
    place = tape(
        tmp_path / "a.json",
        chat("Hi", reply="First.", at=at(1)),
        chat("Hi", reply="Last.", at=at(2)),
        chat("Hi", reply={"error": {"message": "slow down"}}, status=429, at=at(3)),
        chat("Hi", reply="Half", how=How.CUT, at=at(4)),
        chat("Ho", reply="Other.", at=at(5)),
    )
    with Corpus(place) as corpus:
        assert texts(corpus) == ["Last.", "Other."]
        assert [found.times for found in corpus] == [4, 1]
        found = corpus.summary
    assert (found.seen.rows, found.matching, found.calls, found.usable, found.chosen) == (5, 5, 2, 2, 2)
    assert found.reasons == ()


def test_where_no_answer_is_whole_the_call_is_counted_with_its_reason(tmp_path):
    place = tape(
        tmp_path / "a.json",
        chat("Hi", reply={"error": {"message": "slow down"}}, status=429, at=at(1)),
        chat("Hi", reply="Half", how=How.CUT, at=at(2)),
        chat("Ho"),
    )
    with Corpus(place) as corpus:
        assert len(corpus) == 1
        assert corpus.summary.reasons == (("the reply was cut (cut)", 1),)


def test_duplicates_in_other_cassettes_and_streamed_or_not_count_once(tmp_path):
    first = tape(tmp_path / "a.json", chat("Hi", reply="Old.", at=at(1), user="me"))
    second = tape(f"sqlite:{tmp_path}/b.db#x", chat("Hi", reply="New.", at=at(2), store=True))
    with Corpus([second, first]) as corpus:
        assert texts(corpus) == ["New."]


@pytest.mark.parametrize(
    "other",
    [
        {"model": "gpt-4o-mini"},
        {"temperature": 0.5},
        {"max_tokens": 5},
        {"response_format": {"type": "json_object"}},
        {"reasoning_effort": "low"},
        {"tool_choice": "none"},
        {"unheard_of": 1},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]},
    ],
    ids=str,
)
def test_another_model_parameter_or_tool_is_another_call(other):
    assert row(chat("Hi")).same != row(chat("Hi", **other)).same


def conversation():
    first = [RULES, user("Hi")]
    second = [*first, bot("Hello."), user("How are you?")]
    third = [*second, bot("Well."), user("Bye")]
    fork = [*first, bot("Hey."), user("And you?")]
    other = [RULES, user("Hello")]
    return [first, second, third, fork, other]


def clusters(*calls):
    groups = Groups()
    roots = [groups.clusters.add(row(each, str(number))) for number, each in enumerate(calls)]
    names = [groups.clusters.name(root) for root in roots]
    groups.close()
    return names


@pytest.mark.parametrize("order", list(permutations(range(5))), ids=str)
def test_turns_of_one_conversation_are_one_cluster_in_any_order(order):
    turns = conversation()
    named = clusters(*(chat(*turns[number]) for number in order))
    by_turn = dict(zip(order, named, strict=True))
    assert len({by_turn[number] for number in range(4)}) == 1
    assert by_turn[4] != by_turn[0]
    assert by_turn[0] == clusters(chat(*turns[0]))[0]


def test_the_same_rules_before_two_conversations_join_nothing():
    rules_alone = chat(RULES, reply="Yes.")
    one, two, three = clusters(rules_alone, chat(RULES, user("a")), chat(RULES, user("b")))
    assert len({one, two, three}) == 3


def steps(turns):
    """How many statements SQLite is given for a conversation of so many turns, the last one first."""
    counted, groups = [], Groups()
    said = [user("a") if number % 2 == 0 else bot("b") for number in range(2 * turns)]
    rows = [row(chat(*said[: 2 * number + 1]), str(number)) for number in reversed(range(turns))]
    groups.connection.set_trace_callback(counted.append)
    names = {groups.clusters.name(each) for each in [groups.clusters.add(each) for each in rows]}
    groups.close()
    assert len(names) == 1
    return len(counted)


def test_turns_that_come_last_first_cost_no_more_than_their_histories_are_long():
    """All histories together are as long as the square of the turns."""
    assert steps(64) < 5 * steps(32)


def test_turns_without_their_first_one_find_each_other():
    _, second, third, fork, _ = conversation()
    one, two, three = clusters(chat(*third), chat(*second), chat(*fork))
    assert one == two != three


@given(st.permutations(range(4)))
def test_turns_that_go_on_by_the_id_of_a_reply_are_one_cluster(order):
    calls = [
        responses("Hi", id="r1"),
        responses("More", id="r2", previous="r1"),
        responses("And more", id="r3", previous="r2"),
        responses("Other", id="r4"),
    ]
    named = dict(zip(order, clusters(*(calls[number] for number in order)), strict=True))
    assert named[0] == named[1] == named[2] != named[3]


def test_turns_of_a_conversation_that_the_provider_keeps_are_one_cluster():
    url = "https://api.openai.com/v1/responses"
    body = {"id": "r", "object": "response", "status": "completed", "model": "gpt-5", "output": []}
    kept = [
        call(url, {"model": "gpt-5", "input": text, "conversation": name}, {**body, "id": text})
        for text, name in [("a", "conv_1"), ("b", "conv_2"), ("c", "conv_1")]
    ]
    one, two, three = clusters(*kept)
    assert one == three != two


@pytest.mark.parametrize(
    "wrong", [{"where": "x"}, {"sample": "x"}, {"by": "x == 1"}, {"places": "none.txt"}], ids=str
)
def test_what_is_wrong_with_a_corpus_is_told_at_once(tmp_path, wrong):
    place = tape(tmp_path / "a.json", chat("Hi"))
    with pytest.raises(UsageError):
        Corpus(**{"places": place, **wrong})


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), min_size=1, max_size=12))
def test_clusters_are_those_of_the_shortest_conversation_that_a_history_begins_with(histories):
    def turns(letters):
        return [user(each) if number % 2 == 0 else bot(each) for number, each in enumerate(letters)]

    known = {tuple(each) for each in histories}
    roots = [
        next(tuple(each[:size]) for size in range(1, len(each) + 1) if tuple(each[:size]) in known)
        for each in histories
    ]
    named = clusters(*(chat(*turns(each)) for each in histories))
    for one, root in zip(named, roots, strict=True):
        assert [other == one for other in named] == [other == root for other in roots]


def test_the_key_is_the_semantic_key_and_the_links_are_bytes_of_its_turns():
    found = row(chat(RULES, user("Hi"), bot("Hello."), user("Bye"))).conversation
    key, links = key_and_links(found)
    assert key == semantic_key(found)
    assert [len(link) for link in links] == [16, 16, 16]


def test_a_corpus_knows_the_clusters_also_where_a_turn_is_not_chosen(tmp_path):
    first, second, _, fork, other = conversation()
    place = tape(
        tmp_path / "a.json",
        chat(*first, at=at(1), metadata={"category": "greeting"}),
        chat(*second, at=at(2)),
        chat(*fork, at=at(3)),
        chat(*other, at=at(4)),
    )
    with Corpus(place, where="not category") as corpus:
        one, two, three = [found.cluster for found in corpus]
        assert one == two != three
        assert (corpus.summary.clusters, corpus.summary.chosen, corpus.summary.seen.rows) == (2, 3, 4)


def test_what_was_recorded_since_is_left_out(tmp_path):
    place = tape(tmp_path / "a.json", chat("1", at=at(1)))
    with Corpus(place) as corpus:
        tape(tmp_path / "a.json", chat("2", at=at(2)))
        assert [found.times for found in corpus] == [1]


def test_half_a_character_and_a_day_without_time_do_no_harm(tmp_path):
    half = "\ud83d"
    place = tape(tmp_path / "a.json", chat(half, reply=half, at="", metadata={"category": half}))
    with Corpus(place, by="category") as corpus:
        assert len(list(corpus)) == 1
