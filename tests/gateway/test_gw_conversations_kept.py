"""What is remembered: bounds, ages, compactions, and which credential goes on."""

from __future__ import annotations

import tracemalloc

import pytest
from test_gw_conversations import Clock, ask, chat, reply, responses, tracker

from tokentape.gateway.conversations.affinity import Affinity
from tokentape.gateway.conversations.identity import Identity
from tokentape.gateway.conversations.memory import hashed
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


def test_what_is_remembered_takes_little():
    tracked = tracker(entries=2_000)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(5_000):
        name = f"conv_{number:024x}"
        tracked.places.add("a", hashed(name), name)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(tracked.places) == 2_000
    assert (after - before) / 2_000 < 350


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
    held = repr([entry for entry in tracked.places])
    assert "SECRET" not in held
    assert "SECRET" not in repr(identity)


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
