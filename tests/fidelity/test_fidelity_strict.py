"""What a replay must never do: go live, mix calls up, or pass one call off as another."""

from __future__ import annotations

import json
import threading

import httpx2
import pytest
from fidelity_calls import PATH

import tokentape
from tokentape.errors import CassetteError, TokentapeWarning
from tokentape.testing.contracts.scripts import WHOLE, Ask
from tokentape.testing.provider import Provider

CHAT = {"model": "m", "messages": [{"role": "user", "content": "Hi."}]}
RESPONSES = {"model": "m", "input": "Hi."}
GEMINI = {"contents": [{"role": "user", "parts": [{"text": "Hi."}]}]}
GEMINI_PATH = "/v1beta/models/gemini-flash:generateContent"
EMBEDDING = {"model": "m", "input": ["Hi."]}

PAIRS = {
    "responses input": ("/v1/responses", RESPONSES, {**RESPONSES, "input": "Ho."}),
    "embeddings input": ("/v1/embeddings", EMBEDDING, {**EMBEDDING, "input": ["Ho."]}),
    "gemini contents": (GEMINI_PATH, GEMINI, {"contents": [{"role": "user", "parts": [{"text": "Ho."}]}]}),
    "temperature": (PATH, CHAT, {**CHAT, "temperature": 0.5}),
    "max tokens": (PATH, {**CHAT, "max_tokens": 5}, {**CHAT, "max_tokens": 6}),
    "response format": (PATH, CHAT, {**CHAT, "response_format": {"type": "json_object"}}),
    "stream flag": (PATH, CHAT, {**CHAT, "stream": True}),
    "model": (PATH, CHAT, {**CHAT, "model": "n"}),
    "gemini config": (GEMINI_PATH, GEMINI, {**GEMINI, "generationConfig": {"temperature": 0}}),
    "query": (f"{PATH}?api-version=1", CHAT, None),
}


@pytest.mark.parametrize("name", PAIRS)
def test_R48_calls_that_differ_replay_apart(rig, name):
    path, one, other = PAIRS[name]
    second = path if other else path.replace("=1", "=2")
    with Provider() as provider:
        asks = [
            Ask(provider.url + path, body=json.dumps(one).encode(), reads=WHOLE),
            Ask(provider.url + second, body=json.dumps(other or one).encode(), reads=WHOLE),
        ]
        with rig.recording():
            recorded = [rig.way.call(ask) for ask in asks]
    with tokentape.use_cassette(rig.file, mode="none"):
        assert [rig.way.call(ask) for ask in reversed(asks)] == recorded[::-1]
    first, second = rig.kept()
    assert first.key != second.key


@pytest.mark.parametrize("name", PAIRS)
def test_R48_and_one_is_no_answer_to_the_other(rig, name):
    path, one, other = PAIRS[name]
    second = path if other else path.replace("=1", "=2")
    with Provider() as provider:
        url = provider.url
        with rig.recording():
            rig.way.call(Ask(url + path, body=json.dumps(one).encode(), reads=WHOLE))
    with pytest.raises(tokentape.ReplayMiss), tokentape.use_cassette(rig.file, mode="none"):
        got = rig.way.call(Ask(url + second, body=json.dumps(other or one).encode(), reads=WHOLE))
    assert got.status == 400


class Gone(tokentape.MemoryStore):
    """A store that cannot be read."""

    def load(self, name):
        raise CassetteError(name, "the store is gone")


def test_R16_a_store_that_cannot_be_read_never_goes_live(provider, outside):
    with pytest.raises(CassetteError, match="the store is gone"):
        with tokentape.use_cassette(Gone(), name="a", mode="none"):
            httpx2.post(provider.url + PATH, json=CHAT)
    assert provider.count == 0


JOURNAL = type(tokentape.MemoryStore().journal("a"))


def test_R16_a_store_that_cannot_be_written_leaves_the_call_as_it_is(provider, outside, monkeypatch):
    def full(self, interaction):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(JOURNAL, "append", full)
    plain = httpx2.post(provider.url + PATH, json=CHAT)
    provider.forget()
    with pytest.warns(TokentapeWarning, match="No space left"):
        with tokentape.use_cassette(tokentape.MemoryStore(), name="a", mode="once") as deck:
            recorded = httpx2.post(provider.url + PATH, json=CHAT)
    assert (recorded.status_code, recorded.content) == (200, plain.content)
    assert deck.tally.recorded == 0


def test_R16_a_store_is_asked_when_the_caller_has_the_last_chunk_and_not_before(
    provider, outside, monkeypatch
):
    """So that a slow one holds up no chunk."""
    have, asked, append = [], [], JOURNAL.append

    def noted(self, interaction):
        asked.append(len(have))
        append(self, interaction)

    monkeypatch.setattr(JOURNAL, "append", noted)
    with tokentape.use_cassette(tokentape.MemoryStore(), name="a", mode="once"), httpx2.Client() as client:
        with client.stream("POST", provider.url + PATH, json={**CHAT, "stream": True}) as response:
            for chunk in response.iter_raw():
                have.append(chunk)
                assert asked == []
    assert asked == [len(have)]


def test_R24_a_fixed_key_is_the_identity_whatever_the_request_says(provider, outside):
    url = provider.url + PATH
    with tokentape.client("a.json", key="weather") as client:
        first = client.post(url, json=CHAT).content
    with tokentape.client("a.json", key="weather", mode="none") as client:
        again = client.post(url, json={**CHAT, "model": "other"}, headers={"x-tag": "1"}).content
    assert (again, provider.count) == (first, 1)


def test_R24_the_order_of_arguments_is_no_difference(provider, outside):
    url = provider.url + PATH
    with tokentape.use_cassette("a.json", mode="once"):
        first = httpx2.post(url, json={"model": "m", "temperature": 1, "messages": CHAT["messages"]}).content
    with tokentape.use_cassette("a.json", mode="none"):
        again = httpx2.post(url, json={"messages": CHAT["messages"], "temperature": 1, "model": "m"}).content
    assert (again, provider.count) == (first, 1)


def test_R12_as_many_calls_as_were_made_are_recorded(provider, outside):
    """Through every SDK that is installed, whichever of the two libraries it brings."""
    openai, anthropic = pytest.importorskip("openai"), pytest.importorskip("anthropic")
    with tokentape.use_cassette("a.json", mode="once") as deck:
        for number in range(3):
            message = [{"role": "user", "content": f"number {number}"}]
            with openai.OpenAI(api_key="sk-not-a-key", base_url=f"{provider.url}/v1") as sdk:
                sdk.chat.completions.create(model="m", messages=message)
            with anthropic.Anthropic(api_key="sk-not-a-key", base_url=provider.url) as sdk:
                sdk.messages.create(model="m", max_tokens=9, messages=message)
    assert (deck.tally.recorded, provider.count) == (6, 6)


def test_R43_doctor_names_each_library_with_version_and_state(outside):
    from click.testing import CliRunner

    from tokentape.cli.doctor import command

    told = json.loads(CliRunner().invoke(command, ["--json"]).output)["libraries"]
    states = {library["name"]: (library["version"], library["state"]) for library in told}
    assert states["httpx2"] == (httpx2.__version__, "ready")
    with tokentape.use_cassette("a.json", mode="once"):
        told = json.loads(CliRunner().invoke(command, ["--json"]).output)["libraries"]
    states = {library["name"]: (library["version"], library["state"]) for library in told}
    assert states["httpx2"] == (httpx2.__version__, "patched")


def test_R49_a_call_beyond_the_recorded_ones_is_a_miss(provider, outside):
    url, got = provider.url + PATH, []

    def ask():
        got.append(httpx2.post(url, json=CHAT).json()["id"])

    def at_once(count):
        got.clear()
        threads = [threading.Thread(target=ask) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(got)

    with tokentape.use_cassette("a.json", mode="once"):
        recorded = at_once(30)
    with pytest.raises(tokentape.ReplayMiss, match="played"), tokentape.use_cassette("a.json", mode="none"):
        assert at_once(30) == recorded
        assert httpx2.post(url, json=CHAT).status_code == 400
    assert (len(set(recorded)), provider.count) == (30, 30)
