"""The tape at the client's edge: names, modes, misses, what is on it and what is not."""

from __future__ import annotations

import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, unquote

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
from running import running, setup, upstream

import tokentape
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.gateway.tapes import RecordOptions, Tapes
from tokentape.gateway.trace.options import TraceOptions
from tokentape.options import Options
from tokentape.testing.provider.faults import late
from tokentape.upstreams.auth.header import HeaderKey
from tokentape.upstreams.upstream import Credential, Secret, Upstream

CHAT = "/v1/chat/completions"
NOWHERE = "http://127.0.0.1:9"


def asks(text="Hello?", **more):
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


def post(gateway, text="Hello?", path=CHAT, headers=None, **more):
    return httpx.post(gateway.url + path, json=asks(text, **more), headers=headers, timeout=20)


def gateway_of(url, root, mode="new_episodes", cassette="gateway", dialect="openai.chat", **more):
    record = RecordOptions(str(root), cassette, mode, **more)
    return running(setup(upstream(url, dialect)), record=record)


def names(root):
    return DirectoryStore(root).names()


def interactions(root, name="gateway"):
    cassette = DirectoryStore(root).load(name)
    return [cassette.interaction(nth) for nth in range(len(cassette.entries))]


def test_names_by_path_and_by_header(provider, tmp_path):
    with gateway_of(provider.url, tmp_path) as gateway:
        post(gateway, path="/tape/by-path" + CHAT)
        post(gateway, headers={"X-Tokentape-Cassette": "by-header"})
        post(gateway, path="/tape/by-path" + CHAT, headers={"X-Tokentape-Cassette": "header-wins"})
        post(gateway)
    assert sorted(names(tmp_path)) == ["by-header", "by-path", "gateway", "header-wins"]
    assert [seen.path for seen in provider.requests] == [CHAT] * 4
    assert not any(seen.header("x-tokentape-cassette") for seen in provider.requests)
    (taped,) = interactions(tmp_path, "by-path")
    assert taped.request.url.endswith(f"{gateway.port}{CHAT}")
    assert taped.request.header("x-tokentape-cassette") is None


@pytest.mark.parametrize("name", ["../up", "a/b", "..", ".hidden", "%2e%2e", "a%2fb", "x" * 101, "-x", "a b"])
def test_a_name_is_no_path(provider, tmp_path, name):
    with gateway_of(provider.url, tmp_path / "root") as gateway:
        by_header = post(gateway, headers={"X-Tokentape-Cassette": name})
        assert by_header.status_code == 400
        assert "is no name" in by_header.json()["error"]["message"]
        peer = http.client.HTTPConnection(
            "127.0.0.1", gateway.port, timeout=20
        )  # which sends dots as they are
        fields = {"content-type": "application/json"}
        peer.request("POST", f"/tape/{quote(unquote(name), safe='')}{CHAT}", json.dumps(asks()), fields)
        assert peer.getresponse().status == 400
        peer.close()
    assert provider.count == 0
    assert not [path for path in tmp_path.rglob("*.json") if path.stem != "gateway"]


def test_tags_and_sessions_are_on_the_recording(provider, tmp_path):
    with gateway_of(provider.url, tmp_path) as gateway:
        post(gateway, path="/session/run-7/tag/login" + CHAT)
    (taped,) = interactions(tmp_path)
    assert {"tag": "login", "session": "run-7"}.items() <= taped.metadata.items()


def test_each_session_plays_from_the_start(provider, tmp_path):
    """Two runs at once, of the same cassette, get the same answers."""
    with gateway_of(provider.url, tmp_path) as gateway:
        provider.answers("First.")
        provider.answers("Second.")
        live = [post(gateway).content, post(gateway).content]
    with gateway_of(NOWHERE, tmp_path, "none") as gateway:
        for nth in (0, 1):
            for session in ("one", "two"):
                assert post(gateway, headers={"X-Tokentape-Session": session}).content == live[nth]
        assert post(gateway, headers={"X-Tokentape-Session": "one"}).content == live[0]  # and anew


@pytest.mark.parametrize("dialect", ["openai.chat", "anthropic.messages"])
@pytest.mark.parametrize("mode", ["once", "none", "new_episodes", "refresh", "all", "off"])
def test_modes(provider, tmp_path, mode, dialect):
    """On a finished cassette, as in process."""
    with gateway_of(provider.url, tmp_path, "once", dialect=dialect) as gateway:
        known = post(gateway, "Known?")
    with gateway_of(provider.url, tmp_path, mode, dialect=dialect) as gateway:
        again, new = post(gateway, "Known?"), post(gateway, "New?")
    lives = {
        "once": (0, 400),
        "none": (0, 400),
        "new_episodes": (1, 200),
        "refresh": (1, 200),
        "all": (2, 200),
    }
    more, status = lives.get(mode, (2, 200))
    assert (provider.count - 1, new.status_code) == (more, status)
    assert again.status_code == 200
    if more < 2:
        assert again.content == known.content
        assert again.headers["x-tokentape-replayed"]
    kept = {"new_episodes": 2, "refresh": 2, "all": 2}.get(mode, 1)
    assert len(interactions(tmp_path)) == kept


@pytest.mark.parametrize("dialect", ["openai.chat", "anthropic.messages"])
def test_a_miss_is_one_clear_400(provider, tmp_path, dialect):
    with gateway_of(provider.url, tmp_path, dialect=dialect) as gateway:
        post(gateway, "What is the weather in Paris?")
    with gateway_of(provider.url, tmp_path, "none", dialect=dialect) as gateway:
        miss = post(gateway, "What is the weather in Rome?")
        with_stream = post(gateway, "What is the weather in Rome?", stream=True)
    assert miss.status_code == with_stream.status_code == 400
    assert miss.headers["x-should-retry"] == "false"
    said = miss.json()["error"]["message"]
    assert "tokentape serve --mode " in said
    assert "Paris" in said
    assert "Rome" in said
    assert provider.count == 1


def test_a_broken_cassette_is_no_reason_to_go_live(provider, tmp_path):
    (tmp_path / "gateway.json").write_text('{"tokentape": 1, "interactions": [{"broken')
    with gateway_of(provider.url, tmp_path, "none") as gateway:
        for _ in range(2):
            reply = post(gateway)
            assert reply.status_code == 400
            assert reply.headers["x-should-retry"] == "false"
            assert "gateway.json" in reply.json()["error"]["message"]
    with gateway_of(provider.url, tmp_path, "new_episodes") as gateway:
        assert post(gateway).status_code == 400
    assert provider.count == 0


def test_no_cassette_in_none(provider, tmp_path):
    with gateway_of(provider.url, tmp_path, "none") as gateway:
        reply = post(gateway, path="/tape/nothing" + CHAT)
        assert reply.status_code == 400
        assert "nothing" in reply.json()["error"]["message"]
    assert provider.count == 0
    assert names(tmp_path) == []


def test_parallel_calls(provider, tmp_path):
    """All are recorded, each with its own reply; the cassette is opened once."""
    with gateway_of(provider.url, tmp_path) as gateway, ThreadPoolExecutor(16) as pool:
        live = list(pool.map(lambda number: post(gateway, f"Number {number}").content, range(48)))
        assert len(gateway.services.tapes.listed()) == 1
    with gateway_of(NOWHERE, tmp_path, "none") as gateway, ThreadPoolExecutor(16) as pool:
        again = list(pool.map(lambda number: post(gateway, f"Number {number}").content, range(48)))
    assert again == live


def test_idle_cassettes_are_closed_and_opened_anew(provider, tmp_path):
    with gateway_of(provider.url, tmp_path, idle=0.0) as gateway:
        first = post(gateway)
        wait_for_none(gateway)
        assert post(gateway).content == first.content
    assert provider.count == 1


def wait_for_none(gateway):
    gone = threading.Event()
    for _ in range(400):
        if not gateway.services.tapes.listed():
            return
        gone.wait(0.025)
    raise AssertionError("it stays open")


def test_a_cassette_in_use_is_not_closed(provider, tmp_path):
    go_on = threading.Event()
    provider.changes(late(go_on))
    with gateway_of(provider.url, tmp_path, idle=0.0) as gateway, ThreadPoolExecutor(1) as pool:
        asking = pool.submit(post, gateway)
        provider.wait_for(1)
        gateway.call(gateway.services.tapes.close_idle())
        assert len(gateway.services.tapes.listed()) == 1
        go_on.set()
        assert asking.result(20).status_code == 200
    assert len(interactions(tmp_path)) == 1


def test_once_stays_open(provider, tmp_path):
    """An agent that thinks for an hour has not ended its run."""
    with gateway_of(provider.url, tmp_path, "once", idle=0.0) as gateway:
        post(gateway, "One?")
        gateway.call(gateway.services.tapes.close_idle())
        assert post(gateway, "Two?").status_code == 200
        assert gateway.call(gateway.services.tapes.close("gateway")) == 1
        assert post(gateway, "Three?").status_code == 400
    assert len(interactions(tmp_path)) == 2


def test_errors_of_the_provider_are_recorded(provider, tmp_path):
    provider.fails(400, message="Too hot.")
    with gateway_of(provider.url, tmp_path) as gateway:
        live = post(gateway)
    with gateway_of(NOWHERE, tmp_path, "none") as gateway:
        again = post(gateway)
    assert (again.status_code, again.content) == (400, live.content)
    assert again.json()["error"]["message"] == "Too hot."


@pytest.mark.parametrize("dialect", ["openai.chat", "anthropic.messages", "gemini"])
def test_what_the_client_saw_is_on_tape(provider, tmp_path, dialect):
    """A translated call is recorded in the client's dialect, without what only the gateway says."""
    with gateway_of(provider.url, tmp_path, dialect=dialect) as gateway:
        live = post(gateway, stream=True)
    (taped,) = interactions(tmp_path)
    assert json.loads(taped.request.body) == asks(stream=True)
    assert taped.response.body == live.content
    assert "chat.completion.chunk" in taped.response.body.decode()
    assert not [name for name, _ in taped.response.headers if name.lower().startswith("x-tokentape")]
    assert live.headers["x-tokentape-id"]
    path = tmp_path / "gateway.json"
    with tokentape.use_cassette(path, mode="none"):
        again = httpx.post(NOWHERE + CHAT, json=asks(stream=True))
    assert again.content == live.content


PLANTED = ("sk-client-7f3a9b1c2d4e", "sk-upstream-91aa22bb33cc", "gw-own-key-5d6e7f8091a2")


@pytest.mark.parametrize("dialect", ["openai.chat", "anthropic.messages"])
def test_no_key_on_disk_or_in_errors(provider, tmp_path, caplog, dialect):
    """Not the client's, not the upstream's, not the gateway's own: nowhere."""
    from tokentape.gateway.safety import SafetyOptions

    client, secret, own = PLANTED
    made = Upstream(
        "up", dialect, provider.url, HeaderKey(), credentials=(Credential("main", Secret(secret)),)
    )
    provider.answers("Yes.")
    provider.fails(401, message=f"Incorrect API key provided: {secret}.")
    provider.fails(400, message="No.")
    record = RecordOptions(str(tmp_path / "tapes"))
    trace = TraceOptions(directory=str(tmp_path / "traces"))
    safety = SafetyOptions(keys=(("team", Secret(own)),))
    headers = {"authorization": f"Bearer {client}", "x-tokentape-key": own}
    caplog.set_level("DEBUG")
    with running(setup(made, safety=safety), record=record, trace=trace) as gateway:
        replies = [post(gateway, f"Number {nth}", headers=headers, stream=nth == 0) for nth in range(3)]
        shown = [httpx.get(f"{gateway.url}{page}", headers=headers).text for page in ("/quota", "/upstreams")]
    assert replies[0].status_code == 200
    for seen in provider.requests:
        assert seen.header("authorization") == f"Bearer {secret}"
        assert all(key not in str(seen.headers) for key in (client, own))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} >= {"tapes"}
    everything = [path.read_bytes().decode("latin-1") for path in files]
    everything += [caplog.text, *shown, *(str(reply.headers) for reply in replies)]
    for key in PLANTED:
        assert not [text for text in everything if key in text], key


async def test_opening_happens_once(tmp_path, monkeypatch):
    import asyncio

    from tokentape.gateway.call import Naming

    opened = []
    tapes = Tapes(RecordOptions(str(tmp_path)))
    real = tapes._open
    monkeypatch.setattr(tapes, "_open", lambda name: opened.append(name) or real(name))

    async def use(name):
        async with tapes.using(Naming(), name) as deck:
            await asyncio.sleep(0)
            return deck

    decks = await asyncio.gather(*(use(f"tape-{number % 3}") for number in range(30)))
    assert sorted(opened) == ["tape-0", "tape-1", "tape-2"]
    assert len(set(map(id, decks))) == 3
    assert await tapes.close() == 3


test_opening_happens_once = pytest.mark.asyncio(test_opening_happens_once)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_answered_with_for_ever(provider, tmp_path, status):
    with gateway_of(provider.url, tmp_path) as gateway:
        provider.fails(status)
        assert post(gateway).status_code == status
    assert names(tmp_path) == [] or interactions(tmp_path) == []
    with gateway_of(provider.url, tmp_path) as gateway:
        assert post(gateway).status_code == 200


def test_a_refused_key_is_recorded_where_that_is_asked_for(provider, tmp_path):
    with gateway_of(provider.url, tmp_path, options=Options.of({"errors": "record"})) as gateway:
        provider.fails(401)
        assert post(gateway).status_code == 401
    assert [one.response.status for one in interactions(tmp_path)] == [401]
