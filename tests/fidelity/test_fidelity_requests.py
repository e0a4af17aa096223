"""What is sent: redirects with their history, uploads that stream, multipart, cookies, and bodies left unread."""

from __future__ import annotations

import asyncio
import io

import pytest

import tokentape
from tokentape.testing.contracts.scripts import WHOLE
from tokentape.testing.provider import Framing, Provider, redirect, reply

UPLOAD = "/v1/files"


def parts():
    yield b"one "
    yield "größe ".encode()
    yield b"\x00\xff"


async def async_parts():
    for part in parts():
        yield part


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_R52_redirects_with_their_history(rig, status):
    def run(url):
        if rig.way.is_async:
            return asyncio.run(asynchronous(url))
        with rig.way.module.Client(follow_redirects=True, trust_env=False) as client:
            return facts(client.post(url + "/v1/old", content=b'{"a":1}', headers={"x-tag": "1"}))

    async def asynchronous(url):
        async with rig.way.module.AsyncClient(follow_redirects=True, trust_env=False) as client:
            return facts(await client.post(url + "/v1/old", content=b'{"a":1}', headers={"x-tag": "1"}))

    def facts(response):
        steps = [*response.history, response]
        return [
            (step.status_code, str(step.url), step.request.method, step.content, step.headers.raw)
            for step in steps
        ]

    with Provider() as provider:
        provider.play(redirect("/v1/new?x=1", status), path="/v1/old", times=None)
        provider.play(redirect("./newer", 307), path="/v1/new", times=None)
        provider.play(reply(b"here"), path="/v1/newer", times=None)
        plain = run(provider.url)
        with rig.recording():
            recorded = run(provider.url)
        url = provider.url
    with tokentape.use_cassette(rig.file, mode="none") as deck:
        assert run(url) == recorded == plain
        assert deck.tally.replayed == 3
    assert [step[0] for step in recorded] == [status, 307, 200]


def test_R52_an_unfollowed_redirect_is_a_reply(rig):
    calls = rig.thrice(redirect("https://elsewhere.example/a", 307), reads=WHOLE).agree()
    assert ("location", "https://elsewhere.example/a") in calls.replayed.headers


UPLOADS = {
    "generator": (lambda: {"content": parts()}, lambda: {"content": async_parts()}),
    "file": (lambda: {"content": io.BytesIO(b"from a file" * 9000)}, None),
    "form": (
        lambda: {"data": {"a": "1", "b": ["x y", "é"]}},
        lambda: {"data": {"a": "1", "b": ["x y", "é"]}},
    ),
    "multipart": (
        lambda: {
            "files": {"file": ("a.wav", io.BytesIO(b"RIFF\r\n--\xff"), "audio/wav")},
            "data": {"model": "m"},
        },
        lambda: {"files": {"file": ("a.wav", b"RIFF\r\n--\xff", "audio/wav")}, "data": {"model": "m"}},
    ),
    "json": (lambda: {"json": {"a": "é"}}, lambda: {"json": {"a": "é"}}),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_R22_R54_uploads_arrive_as_sent_and_match_again(rig, name):
    """A boundary is random, so the second run of the program sends another one."""
    sync, asynchronous = UPLOADS[name]
    if rig.way.is_async and asynchronous is None:
        pytest.skip("the async client sends no synchronous stream")

    def run(url):
        if rig.way.is_async:
            return asyncio.run(arun(url))
        with rig.way.module.Client(trust_env=False) as client:
            return client.post(url + UPLOAD, **sync()).content

    async def arun(url):
        async with rig.way.module.AsyncClient(trust_env=False) as client:
            return (await client.post(url + UPLOAD, **asynchronous())).content

    with Provider() as provider:
        provider.play(reply(b"ok"), times=None)
        run(provider.url)
        with rig.recording():
            run(provider.url)
        plain, recorded = provider.requests
        url = provider.url
    assert unbound(recorded) == unbound(plain)
    (kept,) = rig.kept()
    assert kept.request.body == recorded.body
    with tokentape.use_cassette(rig.file, mode="none") as deck:
        assert run(url) == b"ok"
    assert deck.unused == []


def unbound(seen):
    """Body and fields, without the random boundary."""
    media = seen.header("content-type") or ""
    boundary = media.partition("boundary=")[2].encode() or b"?"
    return seen.body.replace(boundary, b""), [
        (name, value) for name, value in seen.headers if name.lower() != "content-type"
    ]


def test_R22_another_upload_is_another_call(rig):
    def run(url, data):
        with rig.way.module.Client(trust_env=False) as client:
            files = {"file": ("a.jsonl", data, "application/jsonl")}
            return client.post(url + UPLOAD, files=files, data={"purpose": "batch"})

    with Provider() as provider:
        provider.play(reply(b"ok"), times=None)
        url = provider.url
        with rig.recording():
            run(url, b'{"a":1}\n')
    with pytest.raises(tokentape.ReplayMiss), tokentape.use_cassette(rig.file, mode="none"):
        assert run(url, b'{"a":2}\n').status_code == 400


def test_R06_bodies_left_unread_stay_readable(rig):
    """A response whose transport has not read it, and a request whose body is a stream of the caller's."""
    module = rig.way.module

    async def arun(url):
        async with module.AsyncClient(trust_env=False) as client:
            response = await client.send(
                client.build_request("POST", url, content=async_parts()), stream=True
            )
            unread(response)
            return await response.aread()

    def run(url):
        if rig.way.is_async:
            return asyncio.run(arun(url))
        with module.Client(trust_env=False) as client:
            response = client.send(client.build_request("POST", url, content=parts()), stream=True)
            unread(response)
            return response.read()

    def unread(response):
        with pytest.raises(module.ResponseNotRead):
            _ = response.content
        with pytest.raises(module.RequestNotRead):
            _ = response.request.content

    with Provider() as provider:
        provider.play(reply([b"a", b"b"], framing=Framing.CHUNKED))
        url = provider.url + UPLOAD
        with rig.recording():
            assert run(url) == b"ab"
    with tokentape.use_cassette(rig.file, mode="none"):
        assert run(url) == b"ab"
