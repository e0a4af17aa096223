"""Chat completions as chunks, and chunks as completions."""

from __future__ import annotations

import json

import pytest
from folding_laws import extras, stream_of, synthesis, texts, there_and_back, tokens, unfolded, values
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.protocols.synthesis import Asked, NotConvertible

NAME = "openai.chat"
likely = st.fixed_dictionaries(
    {"token": texts, "logprob": st.floats(-9, 0), "bytes": st.none(), "top_logprobs": st.just([])}
)
functions = st.builds(
    lambda id, name, arguments, more: {
        "id": id, "type": "function", "function": {"name": name, "arguments": arguments}, **more
    },
    st.text(min_size=1, max_size=8) | st.integers(0, 99).map("call_{}".format), texts, texts | values.map(json.dumps), extras,
)  # fmt: skip
customs = st.builds(
    lambda input: {"id": "c", "type": "custom", "custom": {"name": "n", "input": input}}, texts
)
messages = st.builds(
    lambda content, more, extra: {"role": "assistant", "content": content, **more, **extra},
    st.none() | texts | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": texts}), max_size=2),
    st.fixed_dictionaries(
        {},
        optional={
            "refusal": st.none() | texts,
            "reasoning_content": st.none() | texts,
            "reasoning": texts,
            "reasoning_details": st.lists(
                st.fixed_dictionaries({"type": texts, "index": st.just(0)}), max_size=2
            ),
            "tool_calls": st.none() | st.lists(functions | customs, max_size=3),
            "function_call": st.none() | st.fixed_dictionaries({"name": texts, "arguments": texts}),
            "annotations": st.lists(values, max_size=2),
            "audio": st.none() | st.fixed_dictionaries({"id": texts, "data": texts, "expires_at": tokens}),
        },
    ),
    extras,
)
replies = st.builds(
    lambda head, found, more: {
        "object": "chat.completion", **head, **more,
        "choices": [{"index": at, **choice} for at, choice in enumerate(found)],
    },
    st.fixed_dictionaries(
        {"id": texts, "created": tokens, "model": texts},
        optional={
            "usage": st.none() | st.fixed_dictionaries({"prompt_tokens": tokens, "total_tokens": tokens}),
            "system_fingerprint": st.none() | texts,
            "service_tier": st.none() | texts,
        },
    ),
    st.lists(
        st.fixed_dictionaries(
            {"message": messages},
            optional={
                "finish_reason": st.sampled_from([None, "stop", "tool_calls", "length"]),
                "logprobs": st.none() | st.fixed_dictionaries({"content": st.lists(likely, max_size=3), "refusal": st.none()}),
                "content_filter_results": values,
            },
        ),
        max_size=3,
    ),
    extras,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(replies)
def test_a_reply_made_a_stream_and_whole_again_is_the_same(reply):
    assert there_and_back(NAME, reply) == reply


def reply(**message):
    choice = {
        "index": 0,
        "message": {"role": "assistant", **message},
        "logprobs": None,
        "finish_reason": "stop",
    }
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 5,
        "model": "m",
        "choices": [choice],
        "usage": usage,
    }


def chunks(value, **asked):
    return [payload.json for payload in unfolded(NAME, value, Asked("https://h/", asked))][:-1]


def deltas(value, **asked):
    return [chunk["choices"][0]["delta"] for chunk in chunks(value, **asked) if chunk["choices"]]


def test_the_chunks_of_a_text():
    assert deltas(reply(content="One two.", refusal=None)) == [
        {"role": "assistant", "content": "", "refusal": None}, {"content": "One "}, {"content": "two."}, {},
    ]  # fmt: skip
    first, *_, last = chunks(reply(content="One two."))
    assert first["object"] == "chat.completion.chunk"
    assert first["choices"][0]["finish_reason"] is None
    assert last["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}


def test_usage_comes_only_where_it_was_asked_for():
    assert all("usage" not in chunk for chunk in chunks(reply(content="One.")))
    told = chunks(reply(content="One."), stream_options={"include_usage": True})
    assert [chunk["usage"] for chunk in told[:-1]] == [None] * (len(told) - 1)
    assert (told[-1]["choices"], told[-1]["usage"]["total_tokens"]) == ([], 7)


def test_calls_are_opened_and_then_written():
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
        for n in (0, 1)
    ]
    found = [
        delta["tool_calls"][0]
        for delta in deltas(reply(content=None, tool_calls=calls))
        if "tool_calls" in delta
    ]
    assert found[0] == {
        "index": 0,
        "id": "call_0",
        "type": "function",
        "function": {"name": "f", "arguments": ""},
    }
    assert found[1] == {"index": 0, "function": {"arguments": '{"'}}
    assert "".join(part["function"]["arguments"] for part in found if part["index"] == 1) == '{"a":1}'


def test_calls_that_are_named_otherwise_come_whole():
    """Mistral's are nine letters and digits, and its SDK takes no parts."""
    call = {"id": "KF2jgKHZJ", "function": {"name": "f", "arguments": '{"a":1}'}}
    [found] = [delta["tool_calls"] for delta in deltas(reply(tool_calls=[call])) if "tool_calls" in delta]
    assert found == [{"index": 0, **call}]


def test_log_probabilities_come_with_their_tokens():
    told = [
        {"token": token, "logprob": -0.1, "bytes": None, "top_logprobs": []} for token in ("O", "ne", ".")
    ]
    value = reply(content="One.")
    value["choices"][0]["logprobs"] = {"content": told, "refusal": None}
    found = [chunk["choices"][0] for chunk in chunks(value)]
    pairs = [(choice["delta"].get("content"), choice["logprobs"]) for choice in found[1:-1]]
    assert pairs == [(entry["token"], {"content": [entry], "refusal": None}) for entry in told]


def test_lone_surrogates_go_over_the_wire():
    assert there_and_back(NAME, reply(content="a\ud800 b")) == reply(content="a\ud800 b")


@pytest.mark.parametrize(
    "value",
    [{}, {"error": {"message": "x"}, "choices": []}, {"choices": [{"index": 0}]}, {"choices": [3]},
     {"choices": [{"index": 1, "message": {}}, {"index": 1, "message": {}}]}],
)  # fmt: skip
def test_what_is_no_completion_has_no_stream(value):
    with pytest.raises(NotConvertible):
        synthesis(NAME).unfold(value, Asked("https://h/", {}))


def sse(*values):
    events = [b"data: " + json.dumps(value).encode() + b"\n\n" for value in values]
    return stream_of(NAME, [*events, b"data: [DONE]\n\n"])


def chunk(delta, **choice):
    return {"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, **choice}]}


def message(*values):
    return synthesis(NAME).fold(sse(*values))["choices"][0]["message"]


def call(index, **part):
    return chunk({"tool_calls": [{"index": index, **part}]})


def test_calls_are_told_by_index_in_any_order():
    found = message(
        call(1, id="b", type="function", function={"name": "g", "arguments": "{"}),
        call(0, id="a", type="function", function={"name": "f", "arguments": ""}),
        call(1, function={"arguments": "}"}),
        call(0, function={"name": "", "arguments": "[]"}),
    )
    assert [(c["id"], c["function"]) for c in found["tool_calls"]] == [
        ("a", {"name": "f", "arguments": "[]"}), ("b", {"name": "g", "arguments": "{}"}),
    ]  # fmt: skip


def test_calls_that_share_an_index_are_told_by_id():
    parts = [call(0, id=id, type="function", function={"name": "f", "arguments": "{}"}) for id in "ab"]
    assert [c["id"] for c in message(*parts)["tool_calls"]] == ["a", "b"]


def test_calls_without_an_index_are_told_by_place():
    both = [{"id": id, "function": {"name": "f", "arguments": "{}"}} for id in "ab"]
    assert message(chunk({"tool_calls": both}))["tool_calls"] == both


def test_texts_and_parts_of_mistral_are_put_together():
    found = message(
        chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]}),
        chunk(
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "m."}], "closed": True}]}
        ),
        chunk({"content": "One"}),
        chunk({"content": " two."}),
    )
    assert found["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hmm."}], "closed": True},
        {"type": "text", "text": "One two."},
    ]
    assert message(chunk({"content": "a"}), chunk({"content": [{"type": "image"}]}))["content"] == [
        {"type": "text", "text": "a"}, {"type": "image"},
    ]  # fmt: skip


def test_unknown_fields_of_a_delta_are_kept():
    found = message(
        chunk({"role": "assistant", "x_text": "a", "x_map": {"n": 1}, "x_list": [{"index": 0, "text": "a"}]}),
        chunk({"role": "assistant", "x_text": "b", "x_map": {"m": 2}, "x_list": [{"index": 0, "text": "b"}]}),
        chunk({"x_list": [{"index": 1, "text": "c"}, 7], "x_text": None}),
    )
    assert found == {
        "role": "assistant", "x_text": "ab", "x_map": {"n": 1, "m": 2},
        "x_list": [{"index": 0, "text": "ab"}, {"index": 1, "text": "c"}, 7],
    }  # fmt: skip


def test_what_only_streams_have_is_left_out():
    noisy = chunk({"content": "a", "channel": "final", "token_id": 3}, message={"content": None}) | {
        "obfuscation": "x",
        "p": "y",
    }
    found = synthesis(NAME).fold(sse(noisy))
    assert found["choices"][0] == {"index": 0, "message": {"role": "assistant", "content": "a"}}
    assert found.keys() == {"id", "object", "choices"}


def test_the_first_chunk_of_azure_does_not_hide_the_id():
    opening = {"id": "", "created": 0, "model": "", "object": "", "choices": [], "prompt_filter_results": [1]}
    found = synthesis(NAME).fold(sse(opening, chunk({"content": "a"}) | {"created": 7, "model": "m"}))
    assert (found["id"], found["created"], found["model"]) == ("c", 7, "m")
    assert found["prompt_filter_results"] == [1]


def test_the_usage_of_groq_stands_where_whole_replies_have_it():
    found = synthesis(NAME).fold(
        sse(chunk({}) | {"x_groq": {"id": "r"}}, chunk({}) | {"x_groq": {"usage": {"n": 1}}})
    )
    assert (found["usage"], found["x_groq"]) == ({"n": 1}, {"id": "r"})


@pytest.mark.parametrize(
    "stream",
    [sse(chunk({}), {"error": {"message": "overloaded"}}), sse(chunk({}), 3), sse(), sse({"hello": 1})],
    ids=["error", "no object", "nothing", "something else"],
)
def test_what_is_no_whole_stream_has_no_whole_reply(stream):
    with pytest.raises(NotConvertible):
        synthesis(NAME).fold(stream)
