"""`tokentape translate`, as somebody meets it: the result, what it loses, and wrong input."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest

from cli_runs import refused, run

CHAT = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5}
REPLY = {
    "id": "x",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hey"}, "finish_reason": "stop"}],
}
STREAM = "".join(
    f"data: {line}\n\n"
    for line in (
        '{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi é"}}]}',
        '{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
        "[DONE]",
    )
)


@pytest.fixture
def wrote(tmp_path):
    def write(content):
        path = tmp_path / "file"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


def test_the_result_and_the_report_are_apart(wrote):
    found = run("translate", "--to", "gemini", "--model", "gemini-2.5-flash", wrote({**CHAT, "user": "u"}))
    assert found.returncode == 0
    assert json.loads(found.stdout)["generationConfig"] == {"maxOutputTokens": 5}
    assert found.stderr.splitlines() == [
        "openai.chat -> gemini, to v1beta/models/gemini-2.5-flash:generateContent",
        "lost (tuning): user: user: the dialect has no such option",
    ]


def test_a_loss_of_meaning_is_refused_and_json_lists_it(wrote):
    path = wrote({**CHAT, "n": 2, "seed": 1})
    plain = run("translate", "--to", "anthropic", path)
    assert (plain.returncode, plain.stdout) == (1, "")
    assert "n: candidates" in plain.stderr
    told = run("translate", "--to", "anthropic", "--json", path)
    assert told.returncode == 1
    shown = json.loads(told.stdout)
    assert shown["body"] is None
    assert {(loss["path"], loss["severity"]) for loss in shown["losses"]} == {
        ("n", "meaning"),
        ("seed", "tuning"),
    }
    allowed = run("translate", "--to", "anthropic", "--json", "--allow-losses", path)
    assert allowed.returncode == 0
    assert json.loads(allowed.stdout)["body"]["max_tokens"] == 5


def test_replies_and_streams(wrote):
    reply = run("translate", "--to", "ollama", "--reply", wrote(REPLY))
    assert json.loads(reply.stdout)["message"]["content"] == "Hey"
    stream = run("translate", "--to", "anthropic", "--stream", "--from", "chat", wrote(STREAM))
    assert "event: message_stop" in stream.stdout
    shown = run("translate", "--to", "anthropic", "--stream", "--from", "chat", "--json", wrote(STREAM))
    assert "Hi é" in json.loads(shown.stdout)["stream"]


def test_a_stream_of_frames_survives_json(wrote):
    found = run("translate", "--to", "converse", "--stream", "--from", "chat", "--json", wrote(STREAM))
    assert '"text":"Hi é"'.encode() in b64decode(json.loads(found.stdout)["stream_base64"])


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("", (), "not JSON"),
        ("[1]", (), "not a JSON object"),
        ({"odd": 1}, (), "add --from with one of chat, responses, anthropic, gemini"),
        (CHAT, ("--reply",), "looks like a request: leave out --reply"),
        (REPLY, (), "looks like a reply: add --reply"),
        (STREAM, ("--stream",), "a stream does not tell its dialect; add --from"),
        (CHAT, ("--from", "nobody"), "no dialect 'nobody' can be translated"),
    ],
)
def test_wrong_input(wrote, content, options, said):
    assert said in refused("translate", "--to", "gemini", *options, wrote(content))


def test_a_body_of_another_shape_says_where(wrote):
    found = run("translate", "--to", "gemini", wrote({"messages": 5}))
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == "tokentape: openai.chat: messages: expected a list, found a number\n"


def test_a_server_that_differs_is_named(wrote):
    found = run("translate", "--from", "anthropic", "--to", "chat", "--server", "mistral", wrote(CHAT))
    assert json.loads(found.stdout)["max_tokens"] == 5
    assert "no server 'nobody' is known" in refused(
        "translate", "--to", "chat", "--server", "nobody", wrote(CHAT)
    )
