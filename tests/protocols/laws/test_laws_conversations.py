"""Random conversations, replies and streams, written in each dialect and read back."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conversations import conversations, event_sequences, replies
from hypothesis import HealthCheck, given, settings
from law_dialects import IN_THE_PATH, PRESENT

sys.path.insert(0, str(Path(__file__).parents[3]))

from matrix.protocols_facets import answered, asked, differences, named

from tokentape.protocols.canonical.events import Ended, Failed
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of, write_reply, write_request
from tokentape.testing.contracts.codec import read, written

MODELS = {
    "openai.chat": "gpt-5-mini",
    "openai.responses": "gpt-5-mini",
    "anthropic.messages": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "bedrock.converse": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "ollama": "qwen3",
    "cohere": "command-a-03-2025",
}
each = pytest.mark.parametrize("name", PRESENT)
many = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def unexplained(before, after, losses):
    return [
        (facet, before.get(facet), after.get(facet))
        for facet in differences(before, after)
        if not named(facet, losses)
    ]


def source_of(name, conversation):
    """What the path says, where it says anything."""
    return Source(name, MODELS[name], conversation.stream) if name in IN_THE_PATH else Source(name)


IMPLIED = {
    "thinking": "a history with thoughts is not a request to think",
    "effort": "the same",
}
"""Facets that a writer may add, since its dialect has to say something there."""


@each
@many
@given(conversation=conversations())
def test_a_request_is_what_it_was_but_for_its_losses(name, conversation):
    target = Target(name, model=MODELS[name])
    outgoing = write_request(conversation, target, allow_losses=True).result
    source = source_of(name, conversation)
    again = codec_of(name).read_request(outgoing.body, source)
    after = {facet: value for facet, value in asked(again).items() if facet not in IMPLIED}
    if conversation.options.max_output_tokens is None:
        after.pop("option max_output_tokens", None)  # Anthropic wants a limit: the model's own (case 29)
    assert unexplained(asked(conversation), after, target.losses.report) == []


@each
@many
@given(conversation=conversations())
def test_what_was_written_once_is_written_again_as_it_is(name, conversation):
    codec, source = codec_of(name), source_of(name, conversation)
    body = codec.write_request(conversation, Target(name, model=MODELS[name])).body
    target = Target(name)
    assert codec.write_request(codec.read_request(body, source), target).body == body
    assert str(target.losses.report) == "nothing is lost"


@each
@many
@given(reply=replies())
def test_a_reply_is_what_it_was_but_for_its_losses(name, reply):
    target = Target(name, model=MODELS[name])
    body = write_reply(reply, target).result
    again = codec_of(name).read_reply(body, Source(name, model=MODELS[name]))
    assert unexplained(answered(reply), answered(again), target.losses.report) == []
    assert codec_of(name).write_reply(again, Target(name)) == body


@each
@many
@given(reply=replies())
def test_a_streamed_reply_says_what_the_whole_one_says(name, reply):
    target = Target(name, model=MODELS[name])
    whole = codec_of(name).read_reply(write_reply(reply, target).result, Source(name, model=MODELS[name]))
    streamed = fold(
        read(codec_of(name), written(codec_of(name), unfold(reply), target), Source(name, model=MODELS[name]))
    )
    assert differences(answered(whole), answered(streamed)) == []


@each
@many
@given(events=event_sequences())
def test_any_sequence_of_events_amounts_to_the_same(name, events):
    target = Target(name, model=MODELS[name])
    again = fold(
        read(codec_of(name), written(codec_of(name), events, target), Source(name, model=MODELS[name]))
    )
    meant = joined(answered(fold(events)))
    assert unexplained(meant, joined(answered(again)), target.losses.report) == []


@each
@many
@given(events=event_sequences())
def test_a_stream_that_is_cut_anywhere_is_an_error(name, events):
    for at in range(0, len(events) - 1, 3):
        again = fold(read(codec_of(name), written(codec_of(name), (*events[:at], Ended(False)))))
        assert not again.complete
        assert again.failure is not None
        assert not any(isinstance(event, Failed) for event in events)


def joined(facets):
    """Thoughts as one text: where a thought is interrupted and goes on, some dialects have two. Calls in any
    order: where they come whole, they come as they end.
    """
    changed = {"reasoning": "".join(facets.get("reasoning", ())), "calls": sorted(facets.get("calls", ()))}
    return {**facets, **{name: value for name, value in changed.items() if value}}
