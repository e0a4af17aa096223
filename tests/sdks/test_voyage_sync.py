"""voyageai, sync: requests with a session for each thread."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what it imports warns of its own accord
    voyageai = pytest.importorskip("voyageai", reason="needs voyageai")


def client(url, **options):
    return voyageai.Client(api_key="pa-test-0123456789abcdef", base_url=url + "/v1", **options)


def test_embeddings(tape):
    def scenario(url):
        reply = client(url).embed(["hello", "world"], model="voyage-3")
        return [reply.embeddings, reply.total_tokens]

    embeddings, tokens = tape.twice(scenario)
    assert len(embeddings) == 2
    assert tokens > 0


@pytest.mark.parametrize("status", [400, 401, 429, 503])
def test_R17_errors_are_the_same_exceptions(tape, status):
    tape.provider.fails(status, times=None)

    def scenario(url):
        with pytest.raises(voyageai.error.VoyageError) as caught:
            client(url).embed(["hello"], model="voyage-3")
        return [type(caught.value).__name__, str(caught.value), caught.value.http_status]

    assert tape.twice(scenario)[2] == status


def test_retries(tape, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    tape.provider.fails(503, times=2)
    tape.twice(lambda url: client(url, max_retries=3).embed(["hello"], model="voyage-3").total_tokens)
    assert tape.provider.count == 3


def test_R19_threads_have_sessions_of_their_own(tape):
    def scenario(url):
        sdk = client(url)
        with ThreadPoolExecutor(4) as pool:
            replies = pool.map(lambda n: sdk.embed([f"text {n}"], model="voyage-3"), range(12))
            return [reply.embeddings for reply in replies]

    assert len(tape.twice(scenario)) == 12
