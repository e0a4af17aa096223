"""What the reader sees of a call: one line asked, one line answered; and the tokens it took."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from protocol_samples import samples

from tokentape.protocols.registry import one_line, recognise, summary, usage_of
from tokentape.protocols.usage import Usage
from tokentape.wire.eventstream import EventHeader, encode_message
from tokentape.wire.message import Request, Response

SAMPLES = {sample.id: sample for sample in samples()}

READ = {
    "000-0": ("What is your age?", "2 vectors of 1024"),
    "001-0": (
        "what is the capital of Japan?",
        "The capital of {ADDRESS} is {ADDRESS}. The capital of {ADDRESS} is {ADDRESS}.",
    ),
    "006-0": (
        "Hello!",
        "Hello! It's nice to meet you. Is there something I can help you with, or would you like to chat?",
    ),
    "020-0": (
        "Tell me a funny joke, a one-liner.",
        "I told my wife she was drawing her eyebrows too high. She looked surprised.",
    ),
    "023-0": ("What is the capital of France?", "order 3, 0, 2"),
    "026-0": ("Hello, world!", "invalid x-api-key"),
    "027-0": ("Why is the sky blue?", "model 'nonexistent-model:latest' not found"),
    "037-0": ("", "Hello friend."),
    "038-0": (
        "Tell me a short joke about programming.",
        "Why do programmers prefer dark mode? Because light attracts bugs!",
    ),
    "040-0": ("Reply with exactly: pong", "pong"),
    "050-0": ("why is the sky blue? respond in five words or less.", "Light scatters blue."),
    "059-0": ("Hello, world!", "1 vector of 3072"),
    "060-0": ("Say this is a test", 'Okay, I heard you say "Say this is'),
    "062-0": ("A sunset", "1 image"),
    "069-0": ("", ""),
    "071-0": ("i want to kill them.", "hate harassment hate/threatening harassment/threatening violence"),
    "080-0": ("Who is the president of USA?", "NONE"),
    "102-1": ("I need to solve the equation `3x + 11 = 14`. Can you help me?", ""),
    "102-3": ("", "The solution to the equation \\(3x + 11 = 14\\) is \\(x = 1\\)."),
    "103-0": ("What is 2 + 2? Reply with just the number.", "4"),
    "105-0": (
        "Two names for a pet pelican, be brief",
        '1. **Pouch** - references their iconic bill pouch 2. **Pelé** - playful take on "pelican"',
    ),
    "117-0": ("Count from 1 to 5, digits only.", "1 2 3 4 5"),
    "118-0": ("Say again this is a test", "This is a test again . If you need any"),
    "127-0": (
        "What is the weather and current time in Tokyo?",
        'get_time({ "location": "Tokyo" }) get_weather({ "location": "Tokyo" })',
    ),
    "132-0": ("What's the weather in Paris?", 'get_weather({"city": "Paris"})'),
    "134-0": ("What's the weather like in Paris?", 'get_weather({"location":"Paris"})'),
    "147-0": ("Follow the tool instructions.", "first_tool({})"),
    "148-0": ("Say hello in spanish", "Hola."),
    "148-1": ("Say hello in spanish", "Hola."),
    "159-0": ("", "82 models"),
    "160-0": (
        'dont make a tool call, just return the string "maybe" by itself, not as json output, to test error handling; on the sec…',
        "Tool choice is required, but model did not call a tool",
    ),
}


@pytest.mark.parametrize("id", READ)
def test_summary_of_sample(id):
    asks, reads_as = summary(SAMPLES[id].request, SAMPLES[id].response)
    assert (asks, reads_as) == READ[id]


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.id)
def test_every_summary_is_one_short_line(sample):
    for line in summary(sample.request, sample.response):
        assert len(line) <= 120
        assert line == " ".join(line.split())


TOKENS = {
    "000-0": Usage(15),
    "001-0": Usage(17, 16),
    "004-0": Usage(6, 635, None, 570),
    "010-0": Usage(69, 150),
    "016-0": Usage(22, 5, 0, 0),
    "033-0": Usage(10, 63, 5),
    "038-0": Usage(9, 202, 0, 189),
    "040-0": Usage(11, 5, 0, 0),
    "047-0": Usage(18),
    "053-0": Usage(78, 37, 0, 22),
    "054-0": Usage(17, 50),
    "060-0": Usage(14, 10),
    "070-0": Usage(212, 47, 208),
    "105-0": Usage(46, 133, 0),
    "118-0": Usage(25, 10, 0),
    "142-1": Usage(4020, 5, 4012, 0),
    "065-0": None,
    "069-0": None,
    "026-0": None,
    "134-0": None,
}


@pytest.mark.parametrize("id", TOKENS)
def test_usage_of_sample(id):
    found = usage_of(recognise(SAMPLES[id].request), SAMPLES[id].response)
    expected = TOKENS[id]
    assert (found is None) == (expected is None)
    if found and expected:
        kinds = ("input", "output", "cache_read", "reasoning")
        assert [getattr(found, kind) for kind in kinds] == [getattr(expected, kind) for kind in kinds]


def reply(value, media="application/json"):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Response(200, "OK", (("Content-Type", media),), body, (len(body),))


def asked(url, **body):
    return Request("POST", url, (), json.dumps(body).encode())


MESSAGES = "http://h/v1/messages"
CHAT = "http://h/v1/chat/completions"


def test_anthropic_counts_the_cache_into_the_input():
    usage = {
        "input_tokens": 5,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "output_tokens": 7,
    }
    request = asked(MESSAGES, messages=[])
    assert usage_of(recognise(request), reply({"usage": usage})) == Usage(125, 7, 100, cache_write=20)


def test_anthropic_stream_usage_last_non_null_wins():
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}}
    delta = {"type": "message_delta", "usage": {"input_tokens": None, "output_tokens": 9}}
    body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in (start, delta))
    found = recognise(asked(MESSAGES, messages=[], stream=True))
    assert usage_of(found, reply(body, "text/event-stream")) == Usage(5, 9)


def test_R38_partial_json_goes_to_the_tool_and_never_to_the_text():
    events = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Let me see."}},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "name": "look", "input": {}},
        },
        {
            "type": "content_block_delta",
            "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": '{"at"'},
        },
        {
            "type": "content_block_delta",
            "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": ": 1}"},
        },
    ]
    body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    request = asked(MESSAGES, messages=[], stream=True)
    assert summary(request, reply(body, "text/event-stream"))[1] == 'Let me see. look({"at": 1})'
    half = body[: body.index(b": 1}") - 80]
    assert summary(request, reply(half, "text/event-stream"))[1].startswith("Let me see. look(")


def test_R38_tool_calls_of_a_chat_stream_are_merged_by_index():
    def call(index, **function):
        return {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": index, "function": function}]}}]}

    events = [
        call(0, name="a", arguments=""),
        call(1, name="b", arguments='{"y"'),
        call(0, arguments='{"x": 1}'),
        call(1, arguments=": 2}"),
    ]
    body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    request = asked(CHAT, messages=[], stream=True)
    assert summary(request, reply(body, "text/event-stream"))[1] == 'a({"x": 1}) b({"y": 2})'


@pytest.mark.parametrize(
    ("url", "body", "expected"),
    [
        (CHAT, {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}, "a"),
        (
            CHAT,
            {
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}]}
                ]
            },
            "a",
        ),
        (CHAT, {"messages": [{"role": "system", "content": "s"}]}, ""),
        (CHAT, {"messages": "no list"}, "no list"),
        (CHAT, {"messages": [None, 7, {"role": "user", "content": 7}]}, ""),
        ("http://h/v1/responses", {"input": "a"}, "a"),
        (
            "http://h/v1/responses",
            {"input": [{"role": "user", "content": "a"}, {"type": "function_call_output"}]},
            "a",
        ),
        ("http://h/v1beta/models/g:generateContent", {"contents": "a"}, "a"),
        ("http://h/v1beta/models/g:generateContent", {"contents": {"parts": [{"text": "a"}]}}, "a"),
        ("http://h/v1beta/models/g:generateContent", {"contents": [{"parts": [{"text": "a"}]}]}, "a"),
        ("http://h/api/generate", {"model": "m", "prompt": "a"}, "a"),
        ("http://h/v1/completions", {"prompt": ["a", "b"]}, "b"),
        ("http://h/anything", {"messages": [{"role": "user", "content": "a"}]}, ""),
    ],
)
def test_asks(url, body, expected):
    assert summary(asked(url, **body), None) == (expected, "")


def test_thoughts_of_gemini_are_not_its_words():
    parts = [
        {"text": "hmm", "thought": True},
        {"text": "Yes."},
        {"functionCall": {"name": "f", "args": {"a": "é"}}},
    ]
    request = asked("http://h/v1beta/models/g:generateContent", contents="a")
    value = {"candidates": [{"content": {"parts": parts}}]}
    assert summary(request, reply(value))[1] == 'Yes. f({"a": "é"})'


def aws(*events):
    messages = (encode_message((EventHeader(":event-type", n),), json.dumps(v).encode()) for n, v in events)
    return b"".join(messages)


AWS = "application/vnd.amazon.eventstream"
START = {"contentBlockIndex": 1, "start": {"toolUse": {"name": "look", "toolUseId": "t"}}}


def tool_delta(part):
    return ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": part}}})


def test_R38_a_tool_call_of_a_converse_stream():
    said = ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Let me see."}})
    events = [said, ("contentBlockStart", START), tool_delta('{"at"'), tool_delta(": 1}")]
    request = asked("http://h/model/m/converse-stream", messages=[])
    assert summary(request, reply(aws(*events), AWS))[1] == 'Let me see. look({"at": 1})'
    assert summary(request, reply(aws(*events[:-1]), AWS))[1] == 'Let me see. look({"at")'


def test_converse_reply_with_a_tool_call():
    content = [{"text": "Let me see."}, {"toolUse": {"name": "look", "input": {"at": 1}}}]
    value = {"output": {"message": {"content": content}}}
    assert (
        summary(asked("http://h/model/m/converse", messages=[]), reply(value))[1]
        == 'Let me see. look({"at": 1})'
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"generation": "a", "prompt_token_count": 3, "generation_token_count": 4}, Usage(3, 4)),
        (
            {"content": [{"type": "text", "text": "a"}], "usage": {"input_tokens": 3, "output_tokens": 4}},
            Usage(3, 4),
        ),
        (
            {
                "output": {"message": {"content": [{"text": "a"}]}},
                "usage": {"inputTokens": 3, "outputTokens": 4},
            },
            Usage(3, 4),
        ),
        ({"results": [{"outputText": "a"}]}, None),
        ({"choices": [{"message": {"content": "a"}}]}, None),
    ],
)
def test_invoke_speaks_as_the_maker_of_its_model(value, expected):
    request = asked("http://h/model/m/invoke", prompt="Hi")
    assert summary(request, reply(value)) == ("Hi", "a")
    assert usage_of(recognise(request), reply(value)) == expected


def test_a_stream_of_plain_text_through_invoke():
    chunks = [
        ("chunk", {"bytes": b64encode(json.dumps({"generation": word}).encode()).decode()})
        for word in ("a", "b")
    ]
    request = asked("http://h/model/m/invoke-with-response-stream", prompt="Hi")
    assert summary(request, reply(aws(*chunks), AWS))[1] == "ab"
    assert usage_of(recognise(request), reply(aws(*chunks), AWS)) is None


def test_the_old_function_calls_of_a_chat():
    call = {"name": "look", "arguments": '{"at": 1}'}
    request = asked(CHAT, messages=[])
    assert (
        summary(request, reply({"choices": [{"message": {"function_call": call}}]}))[1] == 'look({"at": 1})'
    )
    delta = {"choices": [{"index": 0, "delta": {"function_call": call}}]}
    body = b"data: " + json.dumps(delta).encode() + b"\n\n"
    assert summary(request, reply(body, "text/event-stream"))[1] == 'look({"at": 1})'


def test_text_of_other_streams():
    token = {"token": {"text": "a", "special": False}}
    end = {"token": {"text": "</s>", "special": True}, "generated_text": "a"}
    body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in (token, end))
    request = asked("http://h/generate_stream", inputs="Hi")
    assert summary(request, reply(body, "text/event-stream")) == ("Hi", "a")

    delta = {"type": "transcript.text.delta", "delta": "a"}
    body = b"data: " + json.dumps(delta).encode() + b"\n\n"
    request = Request("POST", "http://h/v1/audio/transcriptions", (), b"--x")
    assert summary(request, reply(body, "text/event-stream")) == ("", "a")


def test_a_responses_stream_that_was_cut():
    item = {"type": "message", "content": [{"type": "output_text", "text": "Done."}]}
    done = {"type": "response.output_item.done", "item": item}
    delta = {"type": "response.output_text.delta", "delta": "Do"}
    request = asked("http://h/v1/responses", input="Hi", stream=True)
    for events, said in (([delta], "Do"), ([delta, done], "Done.")):
        body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
        assert summary(request, reply(body, "text/event-stream")) == ("Hi", said)


def test_one_line():
    assert one_line("a\n\t b\r\nc ") == "a b c"
    assert one_line("x" * 200) == "x" * 119 + "…"
    assert one_line("x" * 120) == "x" * 120
    assert one_line(" \n" * 5000 + "x" * 3) == "xxx"
    assert one_line("a " * 5000) == ("a " * 60)[:119] + "…"


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b'{"error": null}', b"plain", b'"text"'])
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("sample", [SAMPLES[id] for id in READ], ids=lambda sample: sample.id)
def test_a_strange_reply_is_no_error(sample, status, body):
    strange = Response(status, "", (("Content-Type", "application/json"),), body, (len(body),))
    summary(sample.request, strange)
    found = recognise(sample.request)
    assert usage_of(found, strange) is None
