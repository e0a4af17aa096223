"""A value that comes in parts: the same as joining them one by one, but not quadratic in their number."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tokentape.protocols.canonical.events import Amend
from tokentape.protocols.codec import Source
from tokentape.protocols.folding import Growing, grown
from tokentape.protocols.payload import Payload
from tokentape.protocols.translation import codec_of

entries = st.fixed_dictionaries(
    {"index": st.integers(0, 2), "text": st.text(max_size=3)}, optional={"id": st.text(max_size=2)}
)


@given(st.lists(st.lists(entries, max_size=3), max_size=12))
def test_parts_of_lists(parts):
    growing, expected = Growing([]), []
    for part in parts:
        growing.add(part)
        expected = grown(expected, part)
        assert growing.value == expected


@given(st.lists(st.dictionaries(st.sampled_from(["a", "id"]), st.text(max_size=3)), max_size=12))
def test_parts_of_objects(parts):
    growing, expected = Growing(), None
    for part in parts:
        growing.add(part)
        expected = grown(expected, part)
    assert growing.value == expected


def test_a_long_thought_in_details_comes_to_its_end():
    """Each of two hundred thousand pieces copied what came before: twenty gigabytes of memory traffic."""
    reader = codec_of("openai.chat").reader(Source("openai.chat"))
    detail = {"type": "reasoning.text", "index": 0, "text": "x" * 20}
    choice = {"index": 0, "delta": {"reasoning_details": [detail]}}
    payload = Payload(None, json.dumps({"id": "c", "model": "m", "choices": [choice]}).encode())
    for _ in range(200_000):
        reader.read(payload)
    choice["finish_reason"] = "stop"
    events = reader.read(Payload(None, json.dumps({"choices": [choice]}).encode()))
    (blob,) = (event.value for event in events if isinstance(event, Amend))
    assert len(blob.data["text"]) == 200_001 * 20
