"""The 200 real recordings, made through other stacks, replayed through aiohttp: raw and decoded."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("yaml", reason="needs pyyaml")
aiohttp = pytest.importorskip("aiohttp")
from yarl import URL  # noqa: E402

from tokentape.cassettes.importers.vcr import read_vcr  # noqa: E402
from tokentape.interceptors.aiohttp import AiohttpInterceptor  # noqa: E402
from tokentape.interceptors.registry import Registry  # noqa: E402
from tokentape.outcomes import Replay  # noqa: E402
from tokentape.wire.body import decoded_body  # noqa: E402

FILES = sorted((Path(__file__).parents[1] / "samples").glob("*.yaml"))
FRAMING = {"content-length", "transfer-encoding"}
CODING = {"content-encoding"}


class One:
    """A tape that answers every request with one recording."""

    def __init__(self):
        self.interaction = None
        self.asked = []

    def idle(self):
        return False

    def known_url(self, request):
        return True

    def begin(self, request, *, identity=None):
        self.asked.append(request)
        return Replay(self.interaction)


@pytest.mark.parametrize("decoded", [False, True], ids=["raw", "decoded"])
def test_200_of_200_replay(decoded):
    recordings = [interaction for path in FILES for interaction in read_vcr(path).interactions]
    tape = One()
    registry = Registry((lambda _: AiohttpInterceptor(tape),), tape)

    async def scenario():
        async with aiohttp.ClientSession(auto_decompress=decoded) as session:
            for tape.interaction in recordings:
                await _compare(session, tape, decoded)
            assert not session.connector._acquired
            assert not session.connector._conns

    registry.hold()
    try:
        asyncio.run(scenario())
    finally:
        registry.release()
    assert len(tape.asked) == 200


async def _compare(session, tape, decoded):
    request, response = tape.interaction.request, tape.interaction.response
    headers = {name: value for name, value in request.headers if name.lower() not in FRAMING}
    async with session.request(
        request.method,
        URL(request.url, encoded=True),
        data=request.body,
        headers=headers,
        allow_redirects=False,
    ) as got:
        body = await got.read()
    assert got.status == response.status
    assert got.reason == response.reason or response.http == "2"
    assert body == ((decoded_body(response) if decoded else response.body) or b"")
    left_out = FRAMING | CODING if decoded else FRAMING
    assert _fields(got.headers.items(), left_out) == _fields(response.headers, left_out)
    assert (tape.asked[-1].body or b"") == (request.body or b"")
    assert tape.asked[-1].url == request.url.partition("#")[0].replace(":443/", "/")


def _fields(headers, left_out):
    return Counter((name.lower(), value) for name, value in headers if name.lower() not in left_out)
