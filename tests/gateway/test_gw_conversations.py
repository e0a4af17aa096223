"""Which conversation a call belongs to: the evidence in its order, and doubt that is new."""

from __future__ import annotations

from itertools import count

import pytest

from tokentape.gateway.call import Naming
from tokentape.gateway.conversations.identity import Seen
from tokentape.gateway.conversations.memory import TrackerOptions
from tokentape.gateway.conversations.tracker import Tracker
from tokentape.protocols.codec import Source
from tokentape.protocols.translation import codec_of, read_request


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def tracker(clock=None, **options):
    numbers = count(1)
    return Tracker(
        clock=clock or Clock(), options=TrackerOptions(**options), mint=lambda: f"conv_{next(numbers)}"
    )


def never():
    raise AssertionError("the history is not read where something else decides")


def chat(*said, client="a", kind="main", system=None, naming=None, headers=(), **more):
    roles = ("user", "assistant")
    messages = [
        one if isinstance(one, dict) else {"role": roles[nth % 2], "content": one}
        for nth, one in enumerate(said)
    ]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    body = {"model": "m", "messages": messages, **more}
    return Seen(
        client,
        naming or Naming(),
        headers,
        "openai.chat",
        body,
        lambda: read_request(body, Source("openai.chat")),
        kind,
    )


def reply(text, *, given=None, finish="stop", calls=()):
    message = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = list(calls)
    body = {"id": given, "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": finish}]}
    return codec_of("chat").read_reply(body, Source("openai.chat"))


def ask(tracked, seen, answer=None, **more):
    identity = tracked.identify(seen)
    if answer is not None:
        tracked.answered(identity, seen, reply(answer, **more))
    return identity


# ---- explicit names


def test_a_named_conversation_is_one_and_is_the_clients_own():
    tracked = tracker()
    naming = Naming(conversation="trip")
    first = tracked.identify(Seen("a", naming, (), "openai.chat", {}, never))
    again = tracked.identify(Seen("a", naming, (), "gemini", {}, never))
    other = tracked.identify(Seen("b", naming, (), "openai.chat", {}, never))
    assert first == again
    assert first.id != other.id
    assert first.evidence == "the client named the conversation"


def test_a_name_goes_before_everything_else_and_a_session_before_markers():
    headers = (("X-Claude-Code-Session-Id", "s1"),)
    both = Seen("a", Naming(conversation="c", session="s"), headers, "openai.chat", {}, never)
    session = Seen("a", Naming(session="s"), headers, "openai.chat", {}, never)
    assert tracker().identify(both).evidence == "the client named the conversation"
    assert tracker().identify(session).evidence == "the client named the session"


def test_names_of_different_kinds_do_not_collide():
    tracked = tracker()
    ids = {
        tracked.identify(Seen("a", Naming(conversation="x"), (), "openai.chat", {}, never)).id,
        tracked.identify(Seen("a", Naming(session="x"), (), "openai.chat", {}, never)).id,
        tracked.identify(Seen("a", Naming(), (), "openai.responses", {"conversation": "x"}, never)).id,
        tracked.identify(Seen("a", Naming(), (("X-Session-Id", "x"),), "openai.chat", {}, never)).id,
    }
    assert len(ids) == 4


# ---- Responses


def responses(body, client="a"):
    return Seen(
        client,
        Naming(),
        (),
        "openai.responses",
        body,
        lambda: read_request(body, Source("openai.responses")),
    )


def response(given, text):
    output = [
        {
            "type": "message",
            "role": "assistant",
            "id": "m",
            "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}],
        }
    ]
    body = {"id": given, "object": "response", "status": "completed", "model": "m", "output": output}
    return codec_of("responses").read_reply(body, Source("openai.responses"))


def test_previous_response_id_goes_on_with_the_conversation_of_that_response():
    tracked = tracker()
    seen = responses({"model": "m", "input": "hi"})
    first = tracked.identify(seen)
    tracked.answered(first, seen, response("resp_1", "hello"))
    second = responses({"model": "m", "input": "and?", "previous_response_id": "resp_1"})
    found = tracked.identify(second)
    assert (found.id, found.evidence, found.linked) == (first.id, "previous_response_id", None)
    tracked.answered(found, second, response("resp_2", "so"))
    third = tracked.identify(responses({"model": "m", "input": "well", "previous_response_id": "resp_2"}))
    assert third.id == first.id


def test_a_response_from_which_two_go_on_is_left_by_the_second():
    tracked = tracker()
    seen = responses({"model": "m", "input": "hi"})
    first = tracked.identify(seen)
    tracked.answered(first, seen, response("resp_1", "hello"))
    one = tracked.identify(responses({"model": "m", "input": "a", "previous_response_id": "resp_1"}))
    two = tracked.identify(responses({"model": "m", "input": "b", "previous_response_id": "resp_1"}))
    retried = tracked.identify(responses({"model": "m", "input": "a", "previous_response_id": "resp_1"}))
    assert (one.id, one.linked) == (first.id, None)
    assert two.id != first.id
    assert two.linked == first.id
    assert retried.id == first.id


def test_a_response_of_another_client_is_not_known():
    tracked = tracker()
    seen = responses({"model": "m", "input": "hi"})
    first = tracked.identify(seen)
    tracked.answered(first, seen, response("resp_1", "hello"))
    other = tracked.identify(
        responses({"model": "m", "input": "b", "previous_response_id": "resp_1"}, client="b")
    )
    assert other.id != first.id
    assert other.evidence == "previous_response_id, of a response that is not known"


@pytest.mark.parametrize("value", ["conv_9", {"id": "conv_9"}])
def test_a_providers_conversation_is_one(value):
    tracked = tracker()
    first = tracked.identify(responses({"model": "m", "input": "hi", "conversation": value}))
    again = tracked.identify(responses({"model": "m", "input": "more", "conversation": {"id": "conv_9"}}))
    assert first.id == again.id


# ---- history


def test_history_of_an_earlier_exchange_is_the_same_conversation():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    second = ask(tracked, chat("hi", "hello", "more"), "fine")
    third = tracked.identify(chat("hi", "hello", "more", "fine", "bye"))
    assert first.evidence == "new: it begins here"
    assert second.id == third.id == first.id
    assert second.evidence == "the history of an earlier exchange"


def test_another_clients_history_is_never_it():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    assert tracked.identify(chat("hi", "hello", "more", client="b")).id != first.id


def test_system_text_and_tools_may_change_under_way():
    tracked = tracker()
    first = ask(tracked, chat("hi", system="It is Monday."), "hello")
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    assert tracked.identify(chat("hi", "hello", "so", system="Tuesday.", tools=[tool])).id == first.id


def test_two_identical_first_messages_are_two_conversations():
    tracked = tracker()
    one, two = ask(tracked, chat("hi"), "hello"), ask(tracked, chat("hi"), "good day")
    assert one.id != two.id
    assert tracked.identify(chat("hi", "good day", "x")).id == two.id
    assert tracked.identify(chat("hi", "hello", "x")).id == one.id


def test_false_compaction_families_identical_beginnings_are_neither_merged_nor_linked():
    """Four incidents of a gateway that told conversations by their beginnings: same words, same answer."""
    tracked = tracker()
    one, two = ask(tracked, chat("hi"), "hello"), ask(tracked, chat("hi"), "hello")
    third = ask(tracked, chat("hi", "hello", "about cats"), "meow")
    fourth = ask(tracked, chat("hi", "hello", "about dogs"), "woof")
    assert len({one.id, two.id, third.id, fourth.id}) == 4
    assert third.linked is fourth.linked is None
    assert third.evidence == "new: several conversations have the history of an earlier exchange"
    # From here on the contents tell them apart.
    assert tracked.identify(chat("hi", "hello", "about cats", "meow", "more")).id == third.id
    assert tracked.identify(chat("hi", "hello", "about dogs", "woof", "more")).id == fourth.id


def test_false_compaction_families_identical_in_question_and_second_question_stay_apart():
    tracked = tracker()
    ask(tracked, chat("hi"), "hello")
    ask(tracked, chat("hi"), "hello")
    third = tracked.identify(chat("hi", "hello", "go on"))
    assert tracked.identify(chat("hi", "hello", "go on")).id != third.id


def test_false_compaction_families_a_shared_question_alone_links_nothing():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    found = tracked.identify(chat("hi", "an answer from elsewhere", "more"))
    assert found.id != first.id
    assert (found.linked, found.evidence) == (None, "new: its history is not known")


def test_false_compaction_families_a_place_once_shared_stays_so_though_one_was_forgotten():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    ask(tracked, chat("hi"), "hello")
    tracked.answered(first, chat("hi"), reply("hello"))
    assert tracked.identify(chat("hi", "hello", "x")).evidence.startswith("new: several")


def test_an_edit_is_a_linked_conversation_and_the_first_one_goes_on():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    ask(tracked, chat("hi", "hello", "a"), "b")
    edited = ask(tracked, chat("hi", "hello", "A!"), "B!")
    assert edited.id != first.id
    assert edited.linked == first.id
    assert edited.evidence.startswith("new: it leaves the history")
    assert tracked.identify(chat("hi", "hello", "a", "b", "c")).id == first.id
    assert tracked.identify(chat("hi", "hello", "A!", "B!", "c")).id == edited.id


def test_an_edited_answer_of_the_model_leaves_where_it_was_edited():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    ask(tracked, chat("hi", "hello", "a"), "b")
    edited = tracked.identify(chat("hi", "hello", "a", "b, edited", "c"))
    assert edited.linked == first.id


def test_a_retry_is_the_same_conversation_and_its_new_answer_may_be_gone_on_from():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    ask(tracked, chat("hi", "hello", "a"), "b")
    retried = ask(tracked, chat("hi", "hello", "a"), "b2")
    assert retried.id == first.id
    assert tracked.identify(chat("hi", "hello", "a", "b2", "c")).id == first.id


def test_agents_that_run_beside_each_other_do_not_steal_each_others_place():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    main, beside, third = chat("hi", "hello", "1"), chat("hi", "hello", "2"), chat("hi", "hello", "3")
    one, two, three = (tracked.identify(each) for each in (main, beside, third))
    assert one.id == first.id
    assert len({one.id, two.id, three.id}) == 3
    assert two.linked == three.linked == first.id
    # Answers come in any order.
    for identity, seen, said in ((three, third, "c"), (one, main, "a"), (two, beside, "b")):
        tracked.answered(identity, seen, reply(said))
    assert tracked.identify(chat("hi", "hello", "2", "b", "x")).id == two.id
    assert tracked.identify(chat("hi", "hello", "1", "a", "x")).id == one.id
    assert tracked.identify(chat("hi", "hello", "3", "c", "x")).id == three.id


@pytest.mark.parametrize("kind", ["title", "background", "compaction", "mine"])
def test_a_side_request_belongs_to_the_conversation_and_does_not_take_its_place(kind):
    tracked = tracker()
    first = ask(tracked, chat("hi"), "hello")
    beside = ask(tracked, chat("hi", "hello", "Name this.", kind=kind), "Greetings")
    assert (beside.id, beside.linked) == (first.id, None)
    after = tracked.identify(chat("hi", "hello", "go on"))
    assert (after.id, after.linked) == (first.id, None)


def test_a_reply_that_broke_off_teaches_nothing():
    tracked = tracker()
    seen = chat("hi")
    first = tracked.identify(seen)
    from dataclasses import replace

    tracked.answered(first, seen, replace(reply("hel"), complete=False))
    tracked.answered(first, seen, None)
    assert tracked.identify(chat("hi", "hel", "more")).id != first.id


def test_each_of_several_answers_may_be_gone_on_from():
    tracked = tracker()
    seen = chat("hi", n=2)
    first = tracked.identify(seen)
    body = {
        "id": "x",
        "model": "m",
        "choices": [
            {"index": n, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
            for n, said in enumerate(("one", "two"))
        ],
    }
    tracked.answered(first, seen, codec_of("chat").read_reply(body, Source("openai.chat")))
    assert tracked.identify(chat("hi", "two", "x")).id == first.id


def test_a_pause_is_gone_on_from_with_the_answer_at_the_end():
    tracked = tracker()
    first = ask(tracked, chat("hi"), "Let me")
    seen = chat("hi", "Let me")
    paused = tracked.identify(seen)
    assert paused.id == first.id
    tracked.answered(paused, seen, reply(" see."))
    assert tracked.identify(chat("hi", "Let me see.", "thanks")).id == first.id


def test_nothing_is_compared_where_that_is_switched_off():
    tracked = tracker(compare=False)
    body = {"model": "m", "messages": []}
    seen = Seen("a", Naming(), (), "openai.chat", body, never)
    one = tracked.identify(seen)
    assert not tracked.wants_reply(one, seen)
    assert one.id != tracked.identify(seen).id


def test_a_request_that_cannot_be_read_is_a_conversation_of_its_own():
    tracked = tracker()
    found = tracked.identify(Seen("a", Naming(), (), "openai.chat", {}, lambda: None))
    assert found.evidence == "nothing names it"
