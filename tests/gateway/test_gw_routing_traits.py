"""What a request holds, as routing conditions ask."""

from __future__ import annotations

import pytest

from tokentape.gateway.targets import TRAITS, NoRoute, Traits, no_traits
from tokentape.gateway.traits import traits_of
from tokentape.protocols.codec import Source
from tokentape.protocols.translation import read_request

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
TEXT = {"type": "text", "text": "What is this?"}
FILE = {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}


def traits(*parts, **more):
    body = {"model": "m", "messages": [{"role": "user", "content": list(parts) or "Hi"}], **more}
    return traits_of(read_request(body, Source("openai.chat", "m", False)))


@pytest.mark.parametrize(
    ("parts", "more", "has"),
    [
        ((), {}, set()),
        ((TEXT,), {}, set()),
        ((TEXT, IMAGE), {}, {"images"}),
        ((FILE,), {}, {"documents"}),
        ((SOUND,), {}, {"audio"}),
        ((), {"tools": [TOOL]}, {"tools"}),
        ((), {"reasoning_effort": "high"}, {"thinking"}),
        ((), {"reasoning_effort": "none"}, set()),
        ((), {"response_format": SCHEMA}, {"schema"}),
        ((), {"response_format": {"type": "json_object"}}, set()),
        ((IMAGE, FILE), {"tools": [TOOL]}, {"images", "documents", "tools"}),
    ],
)
def test_what_a_request_holds(parts, more, has):
    assert traits(*parts, **more).has == has
    assert has <= set(TRAITS)


def test_images_in_results_of_tools_count():
    body = {
        "model": "m",
        "max_tokens": 9,
        "messages": [
            {"role": "user", "content": "Look."},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t",
                        "content": [
                            {
                                "type": "image",
                                "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                            }
                        ],
                    }
                ],
            },
        ],
    }
    assert traits_of(read_request(body, Source("anthropic.messages", "m", False))).has == {"images"}


def test_a_longer_request_has_more_tokens():
    assert traits({"type": "text", "text": "word " * 1000}).tokens > traits(TEXT).tokens > 0


def test_no_traits():
    assert no_traits() == Traits(frozenset(), 0)


def test_a_refusal_has_a_status():
    assert (str(NoRoute("no")), NoRoute("no").status, NoRoute("no", 400).status) == ("no", 404, 400)
