"""What makes no difference within a dialect, and what does."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matching_requests import (
    CHAT,
    CONVERSE,
    EMBEDDINGS,
    GEMINI,
    MESSAGES,
    OTHER,
    RESPONSES,
    chat,
    post,
    search,
    user,
    weather,
)

from tokentape.matching.key import Matcher
from tokentape.wire.message import Request

key = Matcher().key

text = st.text(max_size=30)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=15,
)


def shuffled(value, rng):
    """The same JSON with keys in another order."""
    if isinstance(value, dict):
        names = list(value)
        rng.shuffle(names)
        return {name: shuffled(value[name], rng) for name in names}
    return [shuffled(child, rng) for child in value] if isinstance(value, list) else value


@settings(max_examples=100, deadline=None)
@given(json_values, st.integers(), st.booleans(), st.sampled_from([None, 1, "\t"]))
@pytest.mark.parametrize("url", [CHAT, MESSAGES, OTHER])
def test_order_of_keys_white_space_and_escapes_make_no_difference(url, value, seed, ascii_only, indent):
    body = {"model": "m", "messages": [user("Grüße 👋")], "extra": value}
    other = shuffled(body, random.Random(seed))
    written = json.dumps(other, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    assert key(post(url, body)) == key(post(url, written))


@settings(max_examples=150, deadline=None)
@given(json_values, json_values)
def test_unknown_json_makes_a_difference_exactly_if_its_values_do(one, other):
    one_key, other_key = (key(post(OTHER, {"odd": value})) for value in (one, other))
    assert (one_key == other_key) is (told(one) == told(other))


def told(value):
    """A value in a form that is equal where the values are: whole floats are integers, True is not 1."""
    if isinstance(value, dict):
        return {name: told(child) for name, child in value.items()}
    if isinstance(value, list):
        return [told(child) for child in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        value = int(value)
    return type(value).__name__, value


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=60),
    st.binary(max_size=60),
    st.sampled_from(["application/json", "text/plain", "image/png"]),
)
def test_bytes_of_any_kind_have_a_key_and_no_two_collide(one, other, media):
    requests = [Request("POST", OTHER, (("content-type", media),), body) for body in (one, other)]
    assert (key(requests[0]) == key(requests[1])) is (json_or(one) == json_or(other))


def json_or(body):
    try:
        return told(json.loads(body))
    except ValueError:
        return body


SAME = {
    "content as text or block": (
        chat(user("Hi")),
        chat(user([{"type": "text", "text": "Hi"}])),
    ),
    "content as text or block (messages)": (
        post(MESSAGES, {"model": "m", "messages": [user("Hi")]}),
        post(MESSAGES, {"model": "m", "messages": [user([{"type": "text", "text": "Hi"}])]}),
    ),
    "input as text, turn, or item with a block": (
        post(RESPONSES, {"model": "m", "input": "Hi"}),
        post(RESPONSES, {"model": "m", "input": [user("Hi")]}),
        post(
            RESPONSES,
            {"model": "m", "input": [{"type": "message", **user([{"type": "input_text", "text": "Hi"}])}]},
        ),
    ),
    "tool result as text or block": tuple(
        post(
            MESSAGES,
            {"model": "m", "messages": [user([{"type": "tool_result", "tool_use_id": "a", "content": c}])]},
        )
        for c in ("22", [{"type": "text", "text": "22"}])
    ),
    "system field as text or block, cached or not": tuple(
        post(MESSAGES, {"model": "m", "system": system, "messages": [user("Hi")]})
        for system in (
            "Be brief.",
            [{"type": "text", "text": "Be brief."}],
            [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        )
    ),
    "instructions or leading turn": (
        post(RESPONSES, {"model": "m", "instructions": "Be brief.", "input": "Hi"}),
        post(RESPONSES, {"model": "m", "input": [{"role": "system", "content": "Be brief."}, user("Hi")]}),
        post(RESPONSES, {"model": "m", "input": [{"role": "developer", "content": "Be brief."}, user("Hi")]}),
    ),
    "system and developer": (
        chat({"role": "system", "content": "Be brief."}, user("Hi")),
        chat({"role": "developer", "content": "Be brief."}, user("Hi")),
    ),
    "tool order": (chat(tools=[weather(), search()]), chat(tools=[search(), weather()])),
    "tool order inside one tool": tuple(
        post(GEMINI, {"contents": [], "tools": [{"functionDeclarations": [{"name": n} for n in names]}]})
        for names in ("ab", "ba")
    ),
    "snake case": (
        post(
            GEMINI,
            {
                "contents": [{"role": "user", "parts": [{"text": "x"}]}],
                "systemInstruction": {"parts": [{"text": "s"}]},
                "generationConfig": {"topK": 1},
            },
        ),
        post(
            GEMINI,
            {
                "contents": [{"parts": [{"text": "x"}]}],
                "system_instruction": {"role": "user", "parts": [{"text": "s"}]},
                "generation_config": {"top_k": 1},
            },
        ),
    ),
    "null and absent": (
        chat(),
        chat(temperature=None, tools=None),
        chat({**user("Capital of France?"), "name": None}),
    ),
    "stream false and absent": (chat(), chat(stream=False)),
    "caching marks": (
        chat(user([{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}])),
        chat(user("Hi")),
    ),
    "cache points": tuple(
        post(CONVERSE, {"messages": [user([{"text": "Hi"}, *more])]})
        for more in ([], [{"cachePoint": {"type": "default"}}])
    ),
    "tool ids": tuple(
        chat(
            {
                "role": "assistant",
                "tool_calls": [{"id": a, "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": a, "content": "1"},
        )
        for a in ("call_1", "pyd_ai_90ba")
    ),
    "ids in whatever order their keys are": tuple(
        post(
            RESPONSES,
            {
                "input": [
                    dict([("type", "function_call"), *pairs]),
                    {"type": "function_call_output", "call_id": "c", "output": "1"},
                ]
            },
        )
        for pairs in ((("id", "fc"), ("call_id", "c")), (("call_id", "c"), ("id", "fc")))
    ),
    "whole numbers": (
        chat(temperature=1),
        chat(temperature=1.0),
        post(CHAT, chat(temperature=7).body.replace(b"7", b"10e-1")),
    ),
    "one text to embed or a list of it": (
        post(EMBEDDINGS, {"model": "m", "input": "Hi"}),
        post(EMBEDDINGS, {"model": "m", "input": ["Hi"]}),
    ),
    "headers": (chat(), Request("POST", CHAT, (("x-stainless-retry-count", "2"),), chat().body)),
    "host and base path": (
        chat(),
        post("http://127.0.0.1:4000/v1/chat/completions", chat().body),
        post("https://proxy.example/openai/v1/chat/completions", chat().body),
    ),
    "order of the query": (post(f"{CHAT}?a=1&b=2", b"{}"), post(f"{CHAT}?b=2&a=1", b"{}")),
    "credentials in the query": (
        post(GEMINI, {"contents": []}),
        post(f"{GEMINI}?key=[redacted]", {"contents": []}),
        post(f"{GEMINI}?key=%5Bredacted%5D", {"contents": []}),
    ),
    "length of placeholders": (chat(user("key [redacted]")), chat(user("key [redacted~~~~]"))),
    "loopback and its ports": tuple(
        post(f"http://{host}/search", {"q": 1})
        for host in ("localhost:80", "127.0.0.1:4711", "[::1]:9", "LOCALHOST")
    ),
    "no body and an empty one": (Request("GET", OTHER), Request("GET", OTHER, (), b"")),
    "project and place in the path": tuple(
        post(
            f"https://x.googleapis.com/v1/projects/{project}/models/gemini-2.5-pro:generateContent",
            {"contents": []},
        )
        for project in ("p1/locations/global/publishers/google", "p2/locations/us/publishers/google")
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_makes_no_difference(case):
    keys = {key(request) for request in SAME[case]}
    assert len(keys) == 1


def image(data):
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


DIFFERENT = {
    "model": (chat(), chat(model="gpt-4o-mini")),
    "model in the path": (post(GEMINI, {}), post(GEMINI.replace("2.5", "3"), {})),
    "text": (chat(), chat(user("Capital of Spain?"))),
    "white space in a text": (chat(user("a b")), chat(user("a  b"))),
    "role": (chat(), chat({"role": "assistant", "content": "Capital of France?"})),
    "order of turns": (chat(user("a"), user("b")), chat(user("b"), user("a"))),
    "two texts or one": (chat(user("ab")), chat(user([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]))),
    "image": (chat(user([image("AAAA")])), chat(user([image("AAAB")]))),
    "place of a system turn in the middle": (
        chat(user("a"), {"role": "system", "content": "s"}, user("b")),
        chat({"role": "system", "content": "s"}, user("a"), user("b")),
    ),
    "system text": tuple(post(MESSAGES, {"messages": [], "system": text}) for text in ("a", "b", "")),
    "tools": (chat(), chat(tools=[weather()]), chat(tools=[weather(), search()])),
    "tool schema": (chat(tools=[weather()]), chat(tools=[weather(city={"type": "integer"})])),
    "order of an enum": tuple(chat(tools=[weather(city={"enum": names})]) for names in (["a", "b"], ["b", "a"])),
    "null inside a schema": tuple(chat(tools=[weather(city=c)]) for c in ({"default": None}, {})),
    "tool choice": (chat(), chat(tool_choice="none"), chat(tool_choice="required")),
    "reasoning": (chat(), chat(reasoning_effort="low"), chat(reasoning_effort="high")),
    "sampling": (chat(), chat(temperature=0), chat(temperature=0.5), chat(top_p=0.5), chat(seed=1), chat(max_tokens=9)),
    "output schema": tuple(
        chat(response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": t}}}) for t in ("object", "array")
    ),
    "stream flag": (chat(), chat(stream=True)),
    "query": (post(CHAT, b"{}"), post(f"{CHAT}?beta=true", b"{}"), post(f"{CHAT}?beta=false", b"{}")),
    "order of a repeated query field": (post(f"{CHAT}?a=1&a=2", b"{}"), post(f"{CHAT}?a=2&a=1", b"{}")),
    "unknown field": (chat(), chat(odd=1), chat(odd=2), chat(odd=True), chat(odd="1"), chat(odd=[])),
    "which call a result answers": tuple(
        chat(
            {"role": "assistant", "tool_calls": [{"id": i, "function": {"name": "f"}} for i in "ab"]},
            {"role": "tool", "tool_call_id": answered, "content": "1"},
        )
        for answered in "ab"
    ),
    "ids inside tool arguments": tuple(
        post(MESSAGES, {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "x", "name": "f", "input": {"id": i}}]}]})
        for i in ("user-1", "user-2")
    ),
    "reference to an item kept at the provider": tuple(
        post(RESPONSES, {"input": [{"type": "item_reference", "id": i}]}) for i in ("msg_1", "msg_2")
    ),
    "previous response": tuple(post(RESPONSES, {"input": "x", "previous_response_id": i}) for i in ("resp_1", "resp_2")),
    "dialect": (chat(), post(RESPONSES, chat().body)),
    "counting and generating": (post(MESSAGES, {"messages": []}), post(f"{MESSAGES}/count_tokens", {"messages": []})),
    "R48 input": tuple(post(EMBEDDINGS, {"model": "m", "input": i}) for i in ("a", "b", ["a", "b"], ["b", "a"], [1, 2])),
    "R48 contents": tuple(post(GEMINI, {"contents": [{"parts": [{"text": t}]}]}) for t in "ab"),
    "things kept at the provider": tuple(
        Request("GET", f"https://api.openai.com/v1/{path}") for path in ("files/file-1", "files/file-2", "models/a", "models/b")
    ),
    "method": tuple(Request(m, "https://api.openai.com/v1/files/file-1") for m in ("GET", "DELETE")),
    "host, where nothing is known": (post(OTHER, {"q": 1}), post("https://example.com/search", {"q": 1})),
    "port, where nothing is known": (post(OTHER, {"q": 1}), post("https://example.org:8443/search", {"q": 1})),
    "path, where nothing is known": (post(OTHER, {"q": 1}), post(OTHER + "/2", {"q": 1})),
    "JSON and a text that looks like a section": (
        post(OTHER, {"text": "a"}), Request("POST", OTHER, (), b"a"), post(OTHER, {"body": {"text": "a"}}),
    ),
    "empty object and no body": (post(OTHER, {}), Request("POST", OTHER), post(OTHER, b"null"), post(OTHER, b"[]")),
}  # fmt: skip


@pytest.mark.parametrize("case", DIFFERENT)
def test_makes_a_difference(case):
    keys = [key(request) for request in DIFFERENT[case]]
    assert len(set(keys)) == len(keys)


ODD_BODIES = [
    b'{"a":1}', b'{"a":1,"a":1}', b'{"a":2,"a":1}', b'{"a":1,"a":2}', b'{"a" :2, "a" :1}', b'{"b":{"a\\\\":2,"a\\\\":1}}',
    b'{"b":{"a\\\\":1}}', b'{"a":"\\":","a":1}', b'{"a":NaN}', b'{"a":"NaN"}', b'{"a":Infinity}', b'{"a":null}',
    b'{"a":true}', b'{"a":"\\ud800"}', b'{"a":"\\udc00"}', b'{"a":12345678901234567890123}',
    b'{"a":12345678901234567890124}', b'{"a":1' + b"0" * 5000 + b"}", b'{"a":-Infinity}', b'{"a":1.5}',
    b'{"a":"[1.0,2]"}', b'{"a":"[1,2]"}', b"[" * 90000 + b"]" * 90000, b"[" * 90001 + b"]" * 90001, b"{", b"\xff\xfe",
]  # fmt: skip


@pytest.mark.parametrize("url", [OTHER, CHAT])
def test_odd_bodies_neither_crash_nor_collide(url):
    keys = [key(post(url, body)) for body in ODD_BODIES]
    assert len(set(keys)) == len(keys)


def test_the_form_compared_is_what_the_key_is_made_of():
    one, other = Matcher().canonical(chat(temperature=1.0)), Matcher().canonical(chat(temperature=1))
    assert one == other
    assert one["messages"] == [user("Capital of France?")]
    assert (one["model"], one["body"]) == ("gpt-4o", {"temperature": 1})
