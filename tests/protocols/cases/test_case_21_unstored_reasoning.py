"""Case 21: what is not stored travels with its encrypted content, never by id alone (bifrost#5410)."""

from __future__ import annotations

from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of

NAME = "openai.responses"
THOUGHT = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "Two and two."}],
    "encrypted_content": "c2ln",
}
CODEC = codec_of(NAME)


def test_the_item_is_whole_and_no_reference():
    body = {
        "model": "gpt-5-mini",
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "input": [THOUGHT, {"role": "user", "content": "Sure?"}],
    }
    target = Target(NAME)
    written = CODEC.write_request(CODEC.read_request(body, Source(NAME)), target).body
    assert written == body
    assert not target.losses.report


def test_a_streamed_thought_can_be_sent_back():
    reply = {"id": "resp_1", "object": "response", "status": "completed", "output": [THOUGHT]}
    events = list(unfold(CODEC.read_reply(reply, Source(NAME))))
    writer = CODEC.writer(Target(NAME))
    wire = [event.json for given in events for event in writer.write(given)]
    done = next(event["item"] for event in wire if event["type"] == "response.output_item.done")
    assert done == THOUGHT == wire[-1]["response"]["output"][0]
    asked = CODEC.read_request({"model": "gpt-5-mini", "store": False, "input": [done]}, Source(NAME))
    assert asked.items == fold(events).items
