"""Cassettes edited by hand: the shown reply wins, through a real SDK; what cannot be used is refused."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest
from fidelity_calls import PATH, QUESTION

import tokentape
from tokentape.errors import CassetteCorrupt, CassetteError, TokentapeWarning
from tokentape.testing.provider import Provider
from tokentape.testing.provider.faults import coded

if TYPE_CHECKING:
    from pathlib import Path

openai = pytest.importorskip("openai")


@dataclass
class Chat:
    """A recorded chat, plain or streamed, and its cassette."""

    file: Path
    url: str
    stream: bool

    def ask(self):
        with openai.OpenAI(
            api_key="sk-not-a-key-0123456789abcdef", base_url=f"{self.url}/v1", max_retries=0
        ) as sdk:
            reply = sdk.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "Capital of France?"}], stream=self.stream
            )
            if not self.stream:
                return reply.choices[0].message.content
            return "".join(event.choices[0].delta.content or "" for event in reply)

    def replay(self):
        """The replayed text, and the warnings that came with it."""
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", TokentapeWarning)
            with tokentape.use_cassette(self.file, mode="none"):
                text = self.ask()
        return text, [str(one.message) for one in said if issubclass(one.category, TokentapeWarning)]

    def edit(self, old, new, times=1):
        """Change the response as a person would, in a text editor."""
        head, mark, rest = self.file.read_text(encoding="utf-8").partition('"response":')
        assert old in rest
        self.file.write_text(head + mark + rest.replace(old, new, times), encoding="utf-8")


@pytest.fixture(params=[False, True], ids=["json", "sse"])
def chat(request, outside):
    return recorded(outside / "chat.json", request.param)


def recorded(file, stream, change=None):
    with Provider() as provider:
        provider.answers("Paris is the capital.", change=change)
        made = Chat(file, provider.url, stream)
        with tokentape.use_cassette(file, mode="once"):
            assert made.ask() == "Paris is the capital."
    return made


def test_an_edit_of_the_same_length_wins(chat):
    chat.edit("Paris", "Lyons")
    assert chat.replay()[0] == "Lyons is the capital."


def test_an_edit_of_another_length_wins_and_is_said_once(chat):
    chat.edit("Paris", "Villeurbanne, près de Lyon,")
    text, said = chat.replay()
    assert text == "Villeurbanne, près de Lyon, is the capital."
    assert len([one for one in said if str(chat.file.name) in one]) == 1


def test_an_edit_leaves_the_rest_of_the_cassette_as_it_is(chat):
    before = chat.file.read_bytes()
    chat.edit("Paris", "Lyons")
    edited = chat.file.read_bytes()
    chat.replay()
    assert chat.file.read_bytes() == edited
    assert (
        before.replace(b"Paris", b"").split(b'"response"')[1]
        == edited.replace(b"Lyons", b"").split(b'"response"')[1]
    )


def test_an_edited_status_replays(chat):
    chat.edit('"status": 200', '"status": 503')
    with pytest.raises(openai.InternalServerError):
        chat.replay()


def test_an_edited_header_replays(chat):
    fields = re.search(r'\["x-request-id", "(req_\w+)"\]', chat.file.read_text())
    chat.edit(fields[1], "req_mine")
    with tokentape.use_cassette(chat.file, mode="none"), httpx2.Client(trust_env=False) as client:
        stream = {"stream": True} if chat.stream else {}
        body = {"messages": [{"role": "user", "content": "Capital of France?"}], "model": "m", **stream}
        reply = client.post(f"{chat.url}{PATH}", json=body)
    assert reply.headers["x-request-id"] == "req_mine"


@pytest.mark.parametrize("stream", [False, True], ids=["json", "sse"])
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_R55_an_edit_of_a_compressed_reply_wins(outside, coding, stream):
    """Through httpx, which has all three codecs; the edited body is coded again, so that the headers fit."""
    for codec in ("brotli", "zstandard"):
        pytest.importorskip(codec)
    body = {"model": "m", "stream": stream, "messages": [{"role": "user", "content": "Capital of France?"}]}
    with Provider() as provider, httpx.Client(trust_env=False) as client:
        provider.answers("Paris is the capital.", change=coded(coding))
        chat = Chat(outside / "chat.json", provider.url, stream)
        with tokentape.use_cassette(chat.file, mode="once"):
            live = client.post(provider.url + PATH, json=body)
    chat.edit("Paris", "Marseille")
    with warnings.catch_warnings(action="ignore"), tokentape.use_cassette(chat.file, mode="none"):
        with httpx.Client(trust_env=False) as client:
            again = client.post(chat.url + PATH, json=body)
    assert again.content == live.content.replace(b"Paris", b"Marseille")
    assert again.headers["content-encoding"] == coding
    assert int(again.headers.get("content-length", again.num_bytes_downloaded)) == again.num_bytes_downloaded


DAMAGE = {
    "truncated": lambda data: data[: len(data) // 2],
    "last line gone": lambda data: data[: data.rindex(b'"count"')],
    "a quote gone": lambda data: data.replace(b'"status":', b'"status:', 1),
    "empty": lambda data: b"",
    "not json": lambda data: b"interactions: []\n",
    "newer": lambda data: data.replace(b'"tokentape": 1', b'"tokentape": 99', 1),
    "no status": lambda data: data.replace(b'"status": 200', b'"status": "fine"', 1),
    "count is wrong": lambda data: re.sub(rb'"count": \d+', b'"count": 7', data),
}


@pytest.mark.parametrize("mode", ["none", "once", "new_episodes", "refresh", "all"])
@pytest.mark.parametrize("name", DAMAGE)
def test_R56_a_damaged_cassette_is_refused_and_stays_as_it_is(outside, name, mode):
    chat = recorded(outside / "chat.json", False)
    damaged = DAMAGE[name](chat.file.read_bytes())
    chat.file.write_bytes(damaged)
    with Provider() as provider:
        chat.url = provider.url
        with pytest.raises(CassetteError) as caught, tokentape.use_cassette(chat.file, mode=mode):
            with pytest.raises(openai.APIError):
                chat.ask()
        assert provider.count == 0
    assert chat.file.read_bytes() == damaged
    assert "chat.json" in str(caught.value)


@pytest.mark.parametrize("mode", ["refresh", "all"])
def test_R56_a_mode_that_drops_recordings_refuses_a_file_with_a_broken_one(outside, mode):
    file = outside / "two.json"
    one, two = (QUESTION.replace(b"hello", text) for text in (b"one", b"two"))
    with Provider() as provider, httpx2.Client(trust_env=False) as client:
        with tokentape.use_cassette(file):
            client.post(provider.url + PATH, content=one)
            client.post(provider.url + PATH, content=two)
        whole = file.read_bytes()
        at = whole.rindex(b'"status"')
        damaged = whole[:at] + whole[at:].replace(b"200", b"null", 1)
        file.write_bytes(damaged)
        with pytest.raises(CassetteCorrupt, match=r"two\.json.*status"):
            with tokentape.use_cassette(file, mode=mode):
                pytest.fail("nothing may be asked")
    assert file.read_bytes() == damaged


@pytest.mark.parametrize("mode", ["none", "once", "new_episodes"])
def test_R16_R56_a_broken_recording_is_an_error_and_never_an_empty_answer_or_a_call(outside, mode):
    """Only one of two recordings is broken: the whole one may be played, the broken one is an error."""
    file = outside / "two.json"
    one, two = (QUESTION.replace(b"hello", text) for text in (b"one", b"two"))
    with Provider() as provider, httpx2.Client(trust_env=False) as client:
        url = provider.url + PATH
        with tokentape.use_cassette(file, mode="once"):
            first = client.post(url, content=one).content
            client.post(url, content=two)
        at = file.read_bytes().rindex(b'"status"')
        damaged = file.read_bytes()[:at] + file.read_bytes()[at:].replace(b"200", b"null", 1)
        file.write_bytes(damaged)
        with pytest.raises(CassetteError, match=r"two\.json"), tokentape.use_cassette(file, mode=mode):
            assert client.post(url, content=one).content == first
            reply = client.post(url, content=two)
        assert provider.count == 2
    assert reply.status_code == 400
    assert "two.json" in reply.json()["error"]["message"]
    assert file.read_bytes() == damaged
