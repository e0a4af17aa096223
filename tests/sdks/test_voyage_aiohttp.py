"""voyageai, async: aiohttp, with a session for each call."""

from __future__ import annotations

import asyncio
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what it imports warns of its own accord
    voyageai = pytest.importorskip("voyageai", reason="needs voyageai")
pytest.importorskip("aiohttp")


def client(url, **options):
    return voyageai.AsyncClient(api_key="pa-test-0123456789abcdef", base_url=url + "/v1", **options)


def test_embeddings_at_once(tape):
    async def scenario(url):
        sdk = client(url)
        replies = await asyncio.gather(*(sdk.embed([f"text {n}"], model="voyage-3") for n in range(8)))
        return [reply.embeddings for reply in replies]

    assert len(tape.twice(scenario)) == 8


@pytest.mark.parametrize("status", [400, 401, 429, 503])
def test_R17_errors_are_the_same_exceptions(tape, status):
    tape.provider.fails(status, times=None)

    async def scenario(url):
        with pytest.raises(voyageai.error.VoyageError) as caught:
            await client(url).embed(["hello"], model="voyage-3")
        return [type(caught.value).__name__, str(caught.value), caught.value.http_status]

    assert tape.twice(scenario)[2] == status
