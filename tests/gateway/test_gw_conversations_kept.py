"""What is remembered: bounds, ages, restarts, compactions, and which credential goes on."""

from __future__ import annotations

import json

import pytest
from test_gw_conversations import Clock, ask, chat, reply, responses, tracker

from tokentape.gateway.conversations.affinity import Affinity
from tokentape.gateway.conversations.identity import Identity
from tokentape.gateway.conversations.saved import SCHEMA, load, save
from tokentape.protocols.codec import Source
from tokentape.protocols.translation import codec_of

# ---- bounds


def test_memory_is_bounded_for_each_client():
    tracked = tracker(entries=10)
    for number in range(50):
        ask(tracked, chat(f"hi {number}"), "hello")
    assert len(tracked.places) == 10


def test_memory_is_bounded_in_all_and_idle_clients_go_first():
    tracked = tracker(total=4, clients=3)
    for name in "abcde":
        ask(tracked, chat("hi", client=name), "hello")
    assert len(tracked.places) <= 4
    assert {client for client, _, _ in tracked.places} <= set("cde")


def test_what_is_not_used_grows_old():
    clock = Clock()
    tracked = tracker(clock, ttl=10)
    first = ask(tracked, chat("hi"), "hello")
    clock.now = 9
    assert ask(tracked, chat("hi", "hello", "a"), "b").id == first.id
    clock.now = 18
    assert tracked.identify(chat("hi", "hello", "a", "b", "c")).id == first.id
    clock.now = 40
    assert tracked.identify(chat("hi", "hello", "a", "b", "c")).id != first.id


def test_no_text_is_kept():
    tracked = tracker()
    identity = ask(tracked, chat("my SECRET question"), "a SECRET answer", given="chatcmpl-SECRET")
    held = repr([entry for entry in tracked.places]) + json.dumps(save(tracked.places, 0))
    assert "SECRET" not in held
    assert "SECRET" not in repr(identity)


# ---- restarts


def test_a_restart_keeps_identities():
    clock = Clock()
    tracked = tracker(clock)
    first = ask(tracked, chat("hi"), "hello")
    ask(tracked, chat("hi", "hello", "a"), "b")
    ask(tracked, chat("same"), "same")
    ask(tracked, chat("same"), "same")
    clock.now = 100
    saved = json.loads(json.dumps(save(tracked.places, clock.now)))
    later = Clock()
    again = tracker(later)
    assert load(again.places, saved, later.now, away=5) == len(tracked.places)
    assert again.identify(chat("hi", "hello", "a", "b", "c")).id == first.id
    assert again.identify(chat("hi", "hello", "A!")).linked == first.id
    assert again.identify(chat("same", "same", "x")).evidence.startswith("new: several")


def test_ages_go_on_over_a_restart():
    clock = Clock()
    tracked = tracker(clock, ttl=10)
    ask(tracked, chat("hi"), "hello")
    clock.now = 4
    saved = save(tracked.places, clock.now)
    for away, known in ((5, True), (7, False)):
        again = tracker(Clock(), ttl=10)
        load(again.places, saved, 0.0, away=away)
        found = again.identify(chat("hi", "hello", "a"))
        assert (found.evidence == "the history of an earlier exchange") is known


@pytest.mark.parametrize(
    "saved",
    [
        None,
        [],
        {},
        {
            "tokentape_conversations": SCHEMA + 1,
            "entries": [{"client": "a", "key": "65", "age": 0, "known": [["c", None]]}],
        },
        {
            "tokentape_conversations": SCHEMA,
            "entries": [{"client": "a", "key": "zz", "age": 0, "known": [["c", None]]}],
        },
        {
            "tokentape_conversations": SCHEMA,
            "entries": [{"client": "a", "key": "65", "age": "0", "known": [["c", None]]}],
        },
        {
            "tokentape_conversations": SCHEMA,
            "entries": [{"client": "a", "key": "65", "age": 0, "known": [[3]]}, 7],
        },
    ],
)
def test_what_cannot_be_read_is_left_out(saved):
    tracked = tracker()
    assert load(tracked.places, saved, 0.0) == 0
    assert len(tracked.places) == 0


def test_what_was_learned_since_stays():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    saved = save(tracked.places, 0.0)
    for entry in saved["entries"]:
        entry["known"] = [["conv_old", None]]
    load(tracked.places, saved, 0.0)
    assert tracked.identify(chat("hi", "hello", "a")).id == first.id


# ---- compaction


def test_codex_summary_word_for_word_links_the_new_conversation():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    ask(tracked, chat("hi", "hello", "Sum it up.", kind="compaction"), "They greeted each other.")
    begun = (
        "Another language model started to solve this problem and produced a summary of its thinking "
        "process.\nThey greeted each other."
    )
    after = tracked.identify(chat(begun))
    assert after.id != first.id
    assert (after.linked, after.evidence) == (first.id, "new: after a compaction")


def test_a_summary_that_the_gateway_carries_itself_links():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    ask(tracked, chat("hi", "hello", "Sum it up.", kind="compaction"), "They greeted.")
    carried = "Earlier parts of this conversation were compacted: this summary is theirs.\n\nThey greeted."
    assert tracked.identify(chat("go on", system=carried)).linked == first.id


def test_claude_codes_summary_is_found_in_its_tags():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    ask(
        tracked,
        chat("hi", "hello", "Sum.", kind="compaction"),
        "<analysis>x</analysis><summary>\n1. Hi\n</summary>",
    )
    begun = "This session is being continued from a previous conversation that ran out of context.\nSummary:\n1. Hi"
    assert tracked.identify(chat(begun)).linked == first.id


@pytest.mark.parametrize(
    "said",
    [
        "They greeted each other.",
        "Please sum up:\nThey greeted each other.",
        "This session is being continued from a previous conversation.\nThey argued.",
    ],
)
def test_false_compaction_families_what_only_looks_like_it_is_not_linked(said):
    tracked = tracker()
    ask(tracked, chat("hi"), "hello")
    ask(tracked, chat("hi", "hello", "Sum it up.", kind="compaction"), "They greeted each other.")
    assert tracked.identify(chat(said)).linked is None


def test_false_compaction_families_another_clients_summary_links_nothing():
    tracked = tracker()
    ask(tracked, chat("hi"), "hello")
    ask(tracked, chat("hi", "hello", "Sum.", kind="compaction"), "They greeted.")
    begun = "Another language model started to solve this problem.\nThey greeted."
    assert tracked.identify(chat(begun, client="b")).linked is None


def test_false_compaction_families_a_summary_of_two_conversations_links_to_neither():
    tracked = tracker()
    for hi in ("hi", "hey"):
        ask(tracked, chat(hi), "hello")
        ask(tracked, chat(hi, "hello", "Sum.", kind="compaction"), "They greeted.")
    found = tracked.identify(chat("Another language model started to solve this problem.\nThey greeted."))
    assert (found.linked, found.evidence) == (None, "new: after a compaction of one not known")


def test_a_providers_compaction_item_links():
    tracked = tracker()
    seen = responses({"model": "m", "input": "hi"})
    first = tracked.identify(seen)
    item = {"type": "compaction", "id": "cmp_1", "encrypted_content": "SEALED"}
    body = {"id": "resp_c", "object": "response", "status": "completed", "model": "m", "output": [item]}
    tracked.answered(first, seen, codec_of("responses").read_reply(body, Source("openai.responses")))
    after = responses({"model": "m", "input": [item, {"role": "user", "content": "go on"}]})
    found = tracked.identify(after)
    assert found.linked == first.id


def test_a_history_that_was_cut_at_its_end_and_goes_on_otherwise_is_linked():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    ask(tracked, chat("hi", "hello", "a long question"), "a long answer")
    compacted = tracked.identify(chat("hi", "hello", "[removed]", "a long answer", "so?"))
    assert compacted.linked == first.id


# ---- affinity


def who(name="c", linked=None):
    return Identity(name, "", linked)


def test_the_credential_that_answered_is_preferred_at_its_upstream():
    affinity = Affinity(clock=Clock())
    assert affinity.of(who(), "openai") is None
    affinity.made(who(), "key1", "openai")
    affinity.made(who(), "key9", "anthropic")
    assert affinity.of(who(), "openai") == "key1"
    assert affinity.of(who(), "anthropic") == "key9"
    assert affinity.of(who("other"), "openai") is None
    affinity.made(who(), "key2", "openai")
    assert affinity.of(who(), "openai") == "key2"


def test_a_linked_conversation_prefers_what_its_origin_had_and_is_not_bound_by_it():
    affinity = Affinity(clock=Clock())
    affinity.made(who(), "key1", is_bound=True)
    assert affinity.of(who("d", linked="c")) == "key1"
    assert not affinity.is_bound(who("d", linked="c"))


def test_bound_state_stays_with_its_credential_until_another_makes_some():
    affinity = Affinity(clock=Clock())
    affinity.made(who(), "key1", is_bound=True)
    affinity.made(who(), "key2")
    assert (affinity.of(who()), affinity.is_bound(who())) == ("key1", True)
    affinity.made(who(), "key1")
    assert affinity.is_bound(who())
    affinity.made(who(), "key2", is_bound=True)
    assert affinity.of(who()) == "key2"


def test_a_credential_that_is_gone_is_not_preferred():
    affinity = Affinity(clock=Clock())
    affinity.made(who(), "key1", "openai", is_bound=True)
    affinity.made(who("d"), "key1", "azure")
    affinity.forget("openai", "key1")
    assert affinity.of(who(), "openai") is None
    assert affinity.of(who("d"), "azure") == "key1"


def test_affinity_is_bounded_and_grows_old():
    clock = Clock()
    affinity = Affinity(clock=clock, most=2, ttl=10)
    for name in "abc":
        affinity.made(who(name), "key1")
    assert [affinity.of(who(name)) for name in "abc"] == [None, "key1", "key1"]
    clock.now = 11
    assert affinity.of(who("b")) is None


def test_a_reply_told_twice_changes_nothing():
    tracked = tracker()
    seen = chat("hi")
    first = tracked.identify(seen)
    for _ in range(2):
        tracked.answered(first, seen, reply("hello"))
    assert tracked.identify(chat("hi", "hello", "x")).id == first.id
