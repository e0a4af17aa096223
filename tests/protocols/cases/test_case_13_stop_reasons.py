"""Case 13: a refusal is a content filter's stop, a full context window is a length, a pause is no end; the
word itself is kept.
"""

from __future__ import annotations

import pytest
from messages_cases import CODEC, NAME, reply_in

from tokentape.protocols.canonical.reply import StopReason
from tokentape.protocols.codec import Source, Target

WORDS = {
    "refusal": StopReason.REFUSAL,
    "pause_turn": StopReason.PAUSE,
    "model_context_window_exceeded": StopReason.CONTEXT_WINDOW,
    "of_tomorrow": StopReason.OTHER,
}


@pytest.mark.parametrize(("word", "reason"), WORDS.items())
def test_the_word_is_kept_beside_what_it_means(word, reason):
    body = {"content": [], "stop_reason": word}
    reply = CODEC.read_reply(body, Source(NAME))
    assert (reply.stop.reason, reply.stop.raw) == (reason, word)
    assert CODEC.write_reply(reply, Target(NAME)) == body


@pytest.mark.parametrize(
    ("word", "finish"), [("refusal", "content_filter"), ("model_context_window_exceeded", "length")]
)
def test_in_chat(word, finish):
    body, _ = reply_in("openai.chat", content=[{"type": "text", "text": "I"}], stop_reason=word)
    assert body["choices"][0]["finish_reason"] == finish


def test_a_pause_is_no_silent_end():
    """Chat has no word for it: the caller is told that the turn is not over."""
    _, losses = reply_in("openai.chat", content=[{"type": "text", "text": "I"}], stop_reason="pause_turn")
    assert any("pause" in f"{loss.what} {loss.why}" for loss in losses)


def test_the_sequence_that_was_met_is_told():
    reply = CODEC.read_reply(
        {"content": [], "stop_reason": "stop_sequence", "stop_sequence": "END"}, Source(NAME)
    )
    assert (reply.stop.reason, reply.stop.sequence) == (StopReason.STOP_SEQUENCE, "END")
