"""When a recording serves in the other form, and when it does not (R04)."""

from __future__ import annotations

import gzip
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

import tokentape
from tokentape.deck import Tally
from tokentape.errors import UsageError
from tokentape.protocols.registry import recognise
from tokentape.synthesis.making import form, other_form
from tokentape.testing.provider import Turn, faults
from tokentape.wire.event import decode
from tokentape.wire.eventstream import EventStreamDecoder
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response

httpx2 = pytest.importorskip("httpx2")

CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
GEMINI = "/v1beta/models/gemini-2.5-flash:{}"


@pytest.fixture
def tape(provider, outside):
    return Tape(provider, outside / "a.json")


class Tape:
    """Asks the loopback provider over httpx2, under a cassette."""

    def __init__(self, provider, path):
        self.provider, self.path, self.deck = provider, path, None

    def ask(self, text="Say hello.", path=CHAT, **more):
        body = {"model": "m", "messages": [{"role": "user", "content": text}], **more}
        return httpx2.post(self.provider.url + path, json=body)

    def stream(self, text="Say hello.", **more):
        return self.ask(text, stream=True, **more)

    def record(self, *asks):
        with tokentape.use_cassette(self.path, errors="record"):
            return [ask() for ask in asks]

    def replay(self, *asks, **options):
        options = {"mode": "none", "synthesize": True, **options}
        with tokentape.use_cassette(self.path, **options) as self.deck:
            return [ask() for ask in asks]

    def miss(self, ask, **options):
        with pytest.raises(tokentape.ReplayMiss) as caught:
            self.replay(ask, **options)
        return caught.value.explanation


def text_of(reply):
    """What a reply says, streamed or whole."""
    if not reply.headers["content-type"].startswith("text/event-stream"):
        return reply.json()["choices"][0]["message"]["content"]
    events = [line[6:] for line in reply.text.splitlines() if line.startswith("data: {")]
    found = [json.loads(event)["choices"] for event in events]
    return "".join(choices[0]["delta"].get("content") or "" for choices in found if choices)


def test_it_is_never_silent(tape, caplog):
    [live] = tape.record(tape.ask)
    with caplog.at_level(logging.INFO, logger="tokentape"):
        [reply] = tape.replay(tape.stream)
    assert reply.headers["x-tokentape-synthesized"] == "stream"
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert "content-length" not in reply.headers
    assert reply.headers["x-request-id"] == live.headers["x-request-id"]
    assert text_of(reply) == text_of(live)
    assert reply.text.endswith("data: [DONE]\n\n")
    assert tape.deck.tally == Tally(replayed=1, synthesized=1)
    [said] = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert said.startswith("made a stream reply of recording ")


def test_the_reverse_has_a_length(tape):
    [live] = tape.record(lambda: tape.stream(stream_options={"include_usage": True}))
    [reply] = tape.replay(tape.ask)
    assert reply.headers["x-tokentape-synthesized"] == "whole"
    assert reply.headers["content-type"] == "application/json"
    assert int(reply.headers["content-length"]) == len(reply.content)
    assert "transfer-encoding" not in reply.headers
    assert text_of(reply) == text_of(live)
    assert reply.json()["usage"]["total_tokens"] > 0


def test_without_it_the_miss_says_that_it_would_help(tape):
    tape.record(tape.ask)
    note = tape.miss(tape.stream, synthesize=False).note
    assert note == (
        "only the stream flag differs: the recording is not streamed, this request is; synthesize=True would serve it"
    )


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("generateContent", "streamGenerateContent?alt=sse"),
        ("streamGenerateContent?alt=sse", "generateContent"),
    ],
)
def test_gemini_without_it_says_so_too(tape, kept, asked):
    body = {"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]}
    asks = [
        lambda op=op: httpx2.post(tape.provider.url + GEMINI.format(op), json=body) for op in (kept, asked)
    ]
    tape.record(asks[0])
    assert tape.miss(asks[1], synthesize=False).note.endswith("; synthesize=True would serve it")


def test_gemini_streams_in_the_framing_asked_for(tape):
    body = {"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]}
    ops = ("generateContent", "streamGenerateContent", "streamGenerateContent?alt=sse")
    asks = {op: lambda op=op: httpx2.post(tape.provider.url + GEMINI.format(op), json=body) for op in ops}
    [whole] = tape.record(asks[ops[0]])
    array, sse = tape.replay(asks[ops[1]], asks[ops[2]], repeat="last")
    said = whole.json()["candidates"][0]["content"]["parts"][0]["text"]
    lines = [json.loads(line[6:]) for line in sse.text.splitlines() if line]
    for chunks in (array.json(), lines):
        assert "".join(chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in chunks) == said
    assert array.headers["content-type"] == "application/json; charset=UTF-8"


def test_converse_and_converse_stream_serve_each_other(tape):
    body = {"messages": [{"role": "user", "content": [{"text": "Say hello."}]}]}
    url = tape.provider.url + "/model/amazon.nova-lite-v1%3A0/"
    asks = {op: lambda op=op: httpx2.post(url + op, json=body) for op in ("converse", "converse-stream")}
    [whole] = tape.record(asks["converse"])
    [stream] = tape.replay(asks["converse-stream"])
    assert stream.headers["content-type"] == "application/vnd.amazon.eventstream"
    events = decode(EventStreamDecoder(), [stream.content])
    said = [json.loads(event.data)["delta"]["text"] for event in events if event.name == "contentBlockDelta"]
    assert "".join(said) == whole.json()["output"]["message"]["content"][0]["text"]
    tape.path.unlink()
    tape.record(asks["converse-stream"])
    [again] = tape.replay(asks["converse"])
    assert again.json()["output"] == whole.json()["output"]


def test_an_exact_recording_always_wins(tape):
    whole, stream = tape.record(tape.ask, tape.stream)
    first, second = tape.replay(tape.stream, tape.ask)
    assert (first.content, second.content) == (stream.content, whole.content)
    assert tape.deck.tally == Tally(replayed=2)


def test_several_serve_in_their_order_and_once(tape):
    for text in ("One.", "Two."):
        tape.provider.answers(text)
    tape.record(tape.ask, tape.ask)
    assert [text_of(reply) for reply in tape.replay(tape.stream, tape.stream)] == ["One.", "Two."]
    assert tape.deck.unused == []
    with pytest.raises(tokentape.ReplayMiss) as caught:
        tape.replay(tape.stream, tape.stream, tape.stream)
    assert (
        caught.value.explanation.note == "every recording of this call, streamed or not, was played already"
    )


def test_exact_ones_and_others_are_played_once_in_all(tape):
    for text in ("One.", "Two."):
        tape.provider.answers(text)
    tape.record(tape.ask, tape.ask)
    assert [text_of(r) for r in tape.replay(tape.stream, tape.ask)] == ["One.", "Two."]


@pytest.mark.parametrize(
    ("repeat", "expected"),
    [("last", ["One.", "Two.", "Two.", "Two."]), ("cycle", ["One.", "Two.", "One.", "Two."])],
)
def test_repeat_holds(tape, repeat, expected):
    for text in ("One.", "Two."):
        tape.provider.answers(text)
    tape.record(tape.ask, tape.ask)
    replies = tape.replay(*[tape.stream] * 4, repeat=repeat)
    assert [text_of(reply) for reply in replies] == expected


def test_stream_options_of_the_recording_do_not_count(tape):
    tape.provider.answers("One.")
    tape.provider.answers("Two.")
    tape.record(tape.stream, lambda: tape.stream(stream_options={"include_usage": True}))
    one, two = tape.replay(tape.ask, tape.ask)
    assert (text_of(one), text_of(two)) == ("One.", "Two.")
    assert ("usage" in one.json(), "usage" in two.json()) == (False, True)


def test_another_call_is_still_a_miss(tape):
    tape.record(tape.ask)
    assert "messages" in str(tape.miss(lambda: tape.stream("Say goodbye.")))


@pytest.mark.parametrize("status", [401, 429, 503])
def test_errors_are_served_as_they_are(tape, status):
    tape.provider.fails(status)
    [live] = tape.record(tape.stream)
    [reply] = tape.replay(tape.ask)
    assert (reply.status_code, reply.content) == (status, live.content)
    assert "x-tokentape-synthesized" not in reply.headers
    assert tape.deck.tally == Tally(replayed=1)


def test_retries_come_in_their_order(tape):
    tape.provider.fails(503)
    tape.record(tape.stream, tape.stream)
    assert [reply.status_code for reply in tape.replay(tape.ask, tape.ask)] == [503, 200]


def test_a_failed_connection_fails_in_both_forms(tape):
    tape.provider.stop()
    with tokentape.use_cassette(tape.path, errors="record"), pytest.raises(httpx2.ConnectError):
        tape.ask()
    with tokentape.use_cassette(tape.path, mode="none", synthesize=True), pytest.raises(httpx2.ConnectError):
        tape.stream()


def cut(tape):
    tape.provider.changes(faults.cut(after=3))
    with pytest.raises(httpx2.RemoteProtocolError):
        tape.stream()


def left(tape):
    with httpx2.stream("POST", tape.provider.url + CHAT, json=json.loads(BODY)) as reply:
        next(reply.iter_raw())


BODY = '{"model": "m", "messages": [{"role": "user", "content": "Say hello."}], "stream": true}'


def told_an_error(tape):
    tape.provider.fails_midway(after=2)
    tape.stream()


@pytest.mark.parametrize(
    ("break_off", "why"),
    [
        (cut, "it is not complete (ended: cut)"),
        (left, "it is not complete (ended: closed_by_caller)"),
        (told_an_error, "the stream ended with an error"),
    ],
)
def test_a_stream_that_is_not_whole_is_a_miss_that_says_why(tape, break_off, why):
    tape.record(lambda: break_off(tape))
    said = tape.miss(tape.ask)
    assert said.note == f"a recording of this call is there, but no whole reply can be made of it: {why}"
    assert said.unused == (said.nearest_id,)
    hint = tape.miss(tape.ask, synthesize=False).note
    assert ("synthesize=True" in hint) is (break_off is told_an_error)


def test_what_cannot_be_made_is_passed_over(tape):
    tape.record(lambda: cut(tape), tape.stream)
    [reply] = tape.replay(tape.ask)
    assert text_of(reply)
    assert len(tape.deck.unused) == 1


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_compressed_recordings_are_decoded(tape, coding, path):
    more = {"max_tokens": 9} if path == MESSAGES else {}
    tape.provider.changes(faults.coded(coding), times=None)
    whole, stream = tape.record(
        lambda: tape.ask(path=path, **more), lambda: tape.stream("Count.", path=path, **more)
    )
    assert whole.headers["content-encoding"] == stream.headers["content-encoding"] == coding
    other, back = tape.replay(
        lambda: tape.stream(path=path, **more), lambda: tape.ask("Count.", path=path, **more)
    )
    assert "content-encoding" not in {*other.headers, *back.headers}
    assert other.text.startswith(("data: {", "event: message_start"))
    assert back.json()["model"] == "m"


@pytest.mark.parametrize("mode", ["new_episodes", "once"])
def test_while_recording_what_is_known_is_not_sent(tape, mode):
    tape.record(tape.ask)
    before = tape.provider.count
    first, *_ = tape.replay(tape.stream, mode=mode)
    assert first.headers["x-tokentape-synthesized"] == "stream"
    assert tape.provider.count == before
    assert tape.deck.tally.recorded == 0


def test_mode_all_records_again(tape):
    tape.record(tape.ask)
    [reply] = tape.replay(tape.stream, mode="all")
    assert "x-tokentape-synthesized" not in reply.headers
    assert tape.deck.tally.recorded == 1


def test_a_dialect_without_a_second_form_says_so(tape):
    url = tape.provider.url + "/api/chat"
    body = {"model": "m", "messages": [{"role": "user", "content": "Say hello."}]}
    tape.record(lambda: httpx2.post(url, json={**body, "stream": False}))
    said = tape.miss(lambda: httpx2.post(url, json={**body, "stream": True})).note
    assert said.endswith("; for ollama none can be made of the other")


def test_secrets_do_not_keep_the_forms_apart(tape):
    def asking(stream):
        header = {"authorization": "Bearer sk-proj-abcdefghijklmnop0123456789"}
        text = "My key is sk-proj-abcdefghijklmnop0123456789, is it safe?"
        body = {"model": "m", "messages": [{"role": "user", "content": text}], **stream}
        return httpx2.post(tape.provider.url + CHAT, json=body, headers=header)

    tape.record(lambda: asking({}))
    assert "sk-proj-abcdefghijklmnop" not in tape.path.read_text()
    assert text_of(tape.replay(lambda: asking({"stream": True}))[0])


def test_threads_share_the_recordings(tape):
    for number in range(8):
        tape.provider.answers(f"Answer {number}.")
    tape.record(*[tape.ask] * 8)
    with tokentape.use_cassette(tape.path, mode="none", synthesize=True), ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(tokentape.bind(tape.stream)) for _ in range(8)]
        said = sorted(text_of(future.result()) for future in asking)
    assert said == [f"Answer {number}." for number in range(8)]


def test_an_edited_reply_is_what_the_other_form_says(tape):
    tape.provider.answers("Oslo.")
    tape.record(tape.ask)
    tape.path.write_text(tape.path.read_text().replace("Oslo.", "Rome."))
    [reply] = tape.replay(tape.stream)
    assert text_of(reply) == "Rome."


def test_the_option_is_a_switch(outside):
    with pytest.raises(UsageError, match="synthesize='yes' is not known; use True or False"):
        tokentape.use_cassette("a.json", synthesize="yes")


def test_the_projects_setting(tape, outside):
    tape.record(tape.ask)
    (outside / "pyproject.toml").write_text("[tool.tokentape]\nsynthesize = true\n")
    with tokentape.use_cassette(tape.path, mode="none"):
        assert text_of(tape.stream())


def test_a_client_of_its_own(tape):
    tape.record(tape.ask)
    with tokentape.client(tape.path, mode="none", synthesize=True, library="httpx2") as client:
        assert text_of(client.post(tape.provider.url + CHAT, json=json.loads(BODY)))


# What is made of one recording, without a deck.


def taped(reply, *, asked="{}", ended=None, status=200, media="application/json", url=CHAT, **head):
    request = Request("POST", f"https://h{url}", (), asked.encode())
    headers = (("Content-Type", media), *head.items())
    response = None if reply is None else Response(status, "", headers, reply, (len(reply),))
    timing = Timing(datetime.now(UTC).isoformat(), 100, (20, 30))
    return Interaction("a", request, response, ended or Ended(How.EOF), timing)


def made(recording, body=BODY):
    request = Request("POST", "https://h" + CHAT, (), body.encode())
    return other_form(recording, request, recognise(request))


WHOLE = (
    b'{"id": "c", "object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant"}}]}'
)


def test_the_whole_time_passes_before_the_head():
    found = made(taped(WHOLE))
    assert (found.timing.head_ms, found.timing.chunk_ms) == (150, ())
    assert found.ended == Ended(How.EOF, True)
    assert sum(found.response.chunks) == len(found.response.body)
    assert found.request.body == BODY.encode()


def test_header_fields_of_the_old_body_go():
    fields = {"Content-Encoding": "gzip", "ETag": "x", "Content-MD5": "y", "Trailer": "z", "X-Kept": "k"}
    found = made(taped(gzip.compress(WHOLE), **fields))
    assert {name for name, _ in found.response.headers} == {
        "Content-Type",
        "X-Kept",
        "x-tokentape-synthesized",
    }


def test_what_came_in_the_form_asked_for_anyway_is_left_as_it_is():
    stream = b'data: {"choices": []}\n\ndata: [DONE]\n\n'
    found = made(taped(stream, media="text/event-stream"))
    assert (found.response.body, found.origin) == (stream, "live")


@pytest.mark.parametrize(
    ("recording", "why"),
    [
        (taped(b"<html>"), "the reply is no JSON, or its coding cannot be read here"),
        (
            taped(b"\x28\xb5\x2f\xfd", **{"Content-Encoding": "unknown"}),
            "the reply is no JSON, or its coding",
        ),
        (taped(b"[]"), "the reply is no JSON object"),
        (taped(b"{}"), "the reply is no chat completion"),
        (taped(WHOLE, ended=Ended(How.CUT)), "it is not complete"),
        (taped(None, ended=Ended(How.CANCELLED)), "the recorded caller gave up before a reply came"),
    ],
)
def test_what_has_no_other_form_says_why(recording, why):
    with pytest.raises(ValueError, match=why):
        made(recording)


def test_an_operation_with_one_form_says_so():
    request = Request("POST", "https://h/v1/embeddings", (), b'{"input": "a", "model": "m"}')
    with pytest.raises(ValueError, match="openai.embeddings/create has one form only"):
        other_form(taped(b"{}"), request, recognise(request))


def test_every_prefix_of_a_made_stream_is_known_to_be_cut(tape):
    """What is made can be told from a part of it, as a real stream can."""
    turn = Turn("One.", thinking="Hm.")
    for path, body in {
        CHAT: {"messages": [{"role": "user", "content": "a"}]},
        MESSAGES: {"messages": [{"role": "user", "content": "a"}], "max_tokens": 9},
        RESPONSES: {"input": "a"},
    }.items():
        tape.provider.answers(turn)
        whole = httpx2.post(tape.provider.url + path, json={"model": "m", **body}).content
        request = Request(
            "POST", "https://h" + path, (), json.dumps({"model": "m", "stream": True, **body}).encode()
        )
        found = other_form(taped(whole, url=path), request, recognise(request))
        back = json.dumps({"model": "m", **body}).encode()
        asked = Request("POST", request.url, (), back)
        for end in range(1, len(found.response.chunks)):
            data = b"".join(list(found.response.pieces())[:end])
            part = Response(200, "", found.response.headers, data, (len(data),))
            torn = Interaction("a", request, part, Ended(How.EOF, False), found.timing)
            with pytest.raises(ValueError, match="it is not complete"):
                other_form(torn, asked, recognise(asked))
        again = other_form(found, asked, recognise(asked))
        assert form(streams=False) == dict(again.response.headers)["x-tokentape-synthesized"]
