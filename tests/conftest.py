"""What every test needs."""

from __future__ import annotations

import pytest

from tokentape.testing.provider import Provider

pytest_plugins = ["pytester"]


@pytest.fixture
def outside(monkeypatch, tmp_path):
    """A folder to work in, and no setting from the machine that runs the tests."""
    for name in ("TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "TOKENTAPE_CASSETTE", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def provider():
    with Provider(gap=0.0005) as running:
        yield running


@pytest.fixture
def ask(provider):
    """Ask the provider something over httpx2 or httpx; the text of the reply."""
    http = pytest.importorskip("httpx2") if _has("httpx2") else pytest.importorskip("httpx")

    def question(text="Say hello.", **more):
        body = {"model": "m", "messages": [{"role": "user", "content": text}], **more}
        headers = {"authorization": "Bearer sk-not-a-key"}
        reply = http.post(f"{provider.url}/v1/chat/completions", json=body, headers=headers)
        value = reply.json()
        return (
            value["choices"][0]["message"]["content"]
            if reply.status_code == 200
            else value["error"]["message"]
        )

    return question


def _has(name):
    from importlib.util import find_spec

    return find_spec(name) is not None
