"""Thoughts in pieces, as a client sends them back that read a stream: one thought, and the same pieces."""

from __future__ import annotations

from dataclasses import replace

from gemini_bodies import again, asked

from tokentape.protocols.canonical.items import Reasoning
from tokentape.protocols.codec import Target
from tokentape.protocols.gemini.codec import CODEC


def thought(text, **more):
    return {"text": text, "thought": True, **more}


def body(*parts):
    return {
        "contents": [
            {"role": "user", "parts": [{"text": "2+2?"}]},
            {"role": "model", "parts": [*parts, {"text": "4"}]},
            {"role": "user", "parts": [{"text": "Sure?"}]},
        ]
    }


PIECES = body(thought("Two "), thought("and "), thought("two.", thoughtSignature="c2ln"))


def thoughts(given):
    return [item for item in asked(given).items if isinstance(item, Reasoning)]


def test_pieces_are_one_thought():
    (whole,) = thoughts(PIECES)
    assert whole.text == "Two and two."
    assert [blob.data for blob in whole.opaque] == ["c2ln"]


def test_they_come_back_in_pieces():
    assert again(PIECES) == PIECES


def test_a_signed_thought_is_over():
    two = body(thought("One.", thoughtSignature="b25l"), thought("Two"), thought("."))
    assert [found.text for found in thoughts(two)] == ["One.", "Two."]
    assert again(two) == two


def test_what_is_told_of_a_piece_keeps_it_apart():
    odd = body(thought("One."), thought("Two.", new=True), thought("Three."))
    assert len(thoughts(odd)) == 3
    assert again(odd) == odd


def test_an_edited_thought_comes_out_edited():
    conversation = asked(PIECES)
    items = (
        replace(item, text="Nothing.") if isinstance(item, Reasoning) else item for item in conversation.items
    )
    written = CODEC.write_request(replace(conversation, items=tuple(items)), Target("gemini")).body
    assert written["contents"][1]["parts"][0] == thought("Nothing.", thoughtSignature="c2ln")
