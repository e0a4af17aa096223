"""generateContent replies as chunks, in both framings, and chunks as replies."""

from __future__ import annotations

import json

import pytest
from folding_laws import extras, stream_of, synthesis, texts, there_and_back, tokens, unfolded, values
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.protocols.gemini.form import neutral
from tokentape.protocols.synthesis import Asked, NotConvertible
from tokentape.wire.message import Request

NAME = "gemini"
URL = "https://h/v1beta/models/gemini-2.5-flash:streamGenerateContent"
SSE, ARRAY = Asked(f"{URL}?alt=sse", {}), Asked(URL, {})
parts = st.one_of(
    st.fixed_dictionaries(
        {"text": texts},
        optional={"thought": st.booleans(), "thoughtSignature": texts, "videoMetadata": extras},
    ),
    st.fixed_dictionaries(
        {"functionCall": st.fixed_dictionaries({"name": texts, "args": values})},
        optional={"thoughtSignature": texts},
    ),
    st.fixed_dictionaries({"inlineData": extras}),
    extras,
)
candidates = st.fixed_dictionaries(
    {"finishReason": st.sampled_from(["STOP", "MAX_TOKENS", "SAFETY"])},
    optional={
        "content": st.fixed_dictionaries({"role": st.just("model")}, optional={"parts": st.lists(parts, max_size=4)}),
        "safetyRatings": st.lists(extras, max_size=2),
        "citationMetadata": st.fixed_dictionaries({"citationSources": st.lists(extras, max_size=2)}),
        "groundingMetadata": extras, "avgLogprobs": st.floats(-9, 0), "tokenCount": tokens,
    },
)  # fmt: skip
replies = st.builds(
    lambda found, given, more: {
        "candidates": [{**candidate, "index": at} for at, candidate in enumerate(found)], **given, **more
    },
    st.lists(candidates, min_size=1, max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "usageMetadata": st.fixed_dictionaries({"totalTokenCount": tokens}), "modelVersion": texts,
            "responseId": texts, "createTime": texts, "promptFeedback": st.none() | extras,
        },
    ),
    extras,
)  # fmt: skip


def joined(reply):
    """The reply with neighbouring texts as one part: a stream cannot tell them apart."""
    found = json.loads(json.dumps(reply))
    for candidate in found["candidates"]:
        content = candidate.get("content", {})
        if "parts" in content:
            content["parts"] = _joined(content["parts"])
    return found


def _joined(parts):
    together = []
    for part in parts:
        last = together[-1] if together else {}
        plain = (
            "text" in last
            and last.keys() <= {"text", "thought"}
            and last.get("thought") == part.get("thought")
        )
        if plain and "text" in part:
            together[-1] = {**last, **part, "text": last["text"] + part["text"]}
        else:
            together.append(part)
    return together


@settings(max_examples=60, deadline=None)
@given(replies, st.sampled_from([SSE, ARRAY]))
def test_a_reply_made_a_stream_and_whole_again_is_the_same(reply, asked):
    assert there_and_back(NAME, reply, asked) == joined(reply)


def reply(*parts):
    content = {"role": "model", "parts": list(parts)}
    usage = {"promptTokenCount": 2, "totalTokenCount": 9}
    head = {"modelVersion": "m", "responseId": "r"}
    return {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
        "usageMetadata": usage,
        **head,
    }


CALL = {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "abc"}


def test_text_comes_bit_by_bit_and_calls_whole():
    chunks = [payload.json for payload in unfolded(NAME, reply({"text": "One two."}, CALL), SSE)]
    assert [chunk["candidates"][0]["content"]["parts"] for chunk in chunks] == [
        [{"text": "One "}],
        [{"text": "two."}],
        [CALL],
    ]
    assert ["finishReason" in chunk["candidates"][0] for chunk in chunks] == [False, False, True]
    assert ["usageMetadata" in chunk for chunk in chunks] == [False, False, True]
    assert all((chunk["modelVersion"], chunk["responseId"]) == ("m", "r") for chunk in chunks)


def test_a_signature_comes_with_the_last_bit_and_thought_with_each():
    part = {"text": "Hm hm.", "thought": True, "thoughtSignature": "s"}
    chunks = [payload.json for payload in unfolded(NAME, reply(part), SSE)]
    assert [chunk["candidates"][0]["content"]["parts"][0] for chunk in chunks] == [
        {"text": "Hm ", "thought": True}, {"text": "hm.", "thought": True, "thoughtSignature": "s"},
    ]  # fmt: skip


def test_the_two_framings():
    wanted = synthesis(NAME)
    value = reply({"text": "One two."})
    assert wanted.stream_type(SSE) == "text/event-stream"
    assert all(e.startswith(b"data: {") and e.endswith(b"}\r\n\r\n") for e in wanted.unfold(value, SSE))
    assert wanted.stream_type(ARRAY) == "application/json; charset=UTF-8"
    assert len(json.loads(b"".join(wanted.unfold(value, ARRAY)))) == 2


def test_a_blocked_prompt_is_one_chunk():
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 2}}
    for asked in (SSE, ARRAY):
        assert len(unfolded(NAME, blocked, asked)) == 1
        assert there_and_back(NAME, blocked, asked) == blocked


@pytest.mark.parametrize(
    "value", [{}, {"error": {"code": 400}, "candidates": []}, {"candidates": [{"index": 1}, {"index": 1}]}]
)
def test_what_is_no_reply_has_no_stream(value):
    with pytest.raises(NotConvertible):
        synthesis(NAME).unfold(value, SSE)


def array(*values):
    return stream_of(NAME, [json.dumps(values).encode()], ARRAY)


def chunk(*parts, **candidate):
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, **candidate}]}


def test_a_signature_that_comes_alone_belongs_to_the_text_before():
    stream = array(
        chunk({"text": "One"}), chunk({"text": ".", "thoughtSignature": "s"}), chunk({"text": "Two"})
    )
    [found] = synthesis(NAME).fold(stream)["candidates"]
    assert found["content"]["parts"] == [{"text": "One.", "thoughtSignature": "s"}, {"text": "Two"}]


def test_what_grows_is_added_up_and_what_is_told_again_is_not():
    sources = [{"citationSources": [{"uri": uri}]} for uri in "ab"]
    first = chunk({"text": "a"}, citationMetadata=sources[0], groundingMetadata={"q": [1], "n": 1}) | {
        "usageMetadata": {"a": 1, "b": 1}
    }
    last = chunk({"text": "b"}, citationMetadata=sources[1], groundingMetadata={"q": [1, 2]}) | {
        "usageMetadata": {"a": 2}
    }
    found = synthesis(NAME).fold(array(first, last))
    assert found["candidates"][0]["citationMetadata"] == {"citationSources": [{"uri": "a"}, {"uri": "b"}]}
    assert found["candidates"][0]["groundingMetadata"] == {"q": [1, 2], "n": 1}
    assert found["usageMetadata"] == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    "stream", [array(chunk(), {"error": {"code": 503}}), array({"x": 1})], ids=["error", "other"]
)
def test_what_is_no_whole_stream_has_no_whole_reply(stream):
    with pytest.raises(NotConvertible):
        synthesis(NAME).fold(stream)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://h/v1beta/models/m:streamGenerateContent?alt=sse",
            "https://h/v1beta/models/m:generateContent",
        ),
        (
            "https://h/v1beta/models/m:streamGenerateContent?key=k&alt=sse",
            "https://h/v1beta/models/m:generateContent?key=k",
        ),
        ("https://h/v1beta/models/m%3AstreamGenerateContent", "https://h/v1beta/models/m%3AgenerateContent"),
        ("https://h/v1beta/models/m:generateContent", "https://h/v1beta/models/m:generateContent"),
        ("https://h/v1beta/models/m:countTokens", None),
        ("https://h/v1beta/interactions", None),
    ],
)
def test_the_operation_says_how_the_reply_comes(url, expected):
    found = neutral(Request("POST", url, (), b"{}"), {})
    assert (found and found.url) == expected
