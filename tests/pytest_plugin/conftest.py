"""A small project with a test that asks the loopback provider, run by a pytest of its own."""

from __future__ import annotations

import json

import pytest

from tokentape.testing.provider import Provider

QUICK = [
    part
    for name in ("randomly", "langsmith_plugin", "hypothesispytest", "cov")
    for part in ("-p", f"no:{name}")
]
"""Plugins that are none of our business, and slow to load."""

HEAD = """
import httpx, pytest, threading, unittest, asyncio

def ask(text="Say hello.", url={url!r}):
    body = {{"model": "m", "messages": [{{"role": "user", "content": text}}]}}
    return httpx.post(url + "/v1/chat/completions", json=body, headers={{"authorization": "Bearer sk-not-a-key"}})

def said(text="Say hello."):
    return ask(text).json()["choices"][0]["message"]["content"]
"""


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in ("TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "CI", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def provider():
    with Provider() as running:
        yield running


class Project:
    """Test files on disk, and runs of them in a process of their own."""

    def __init__(self, pytester, provider):
        pytest.importorskip("httpx")
        self.pytester = pytester
        self.provider = provider
        self.asyncio("auto")

    def asyncio(self, mode):
        """Every warning is an error, in the plugin too."""
        scope = "asyncio_default_fixture_loop_scope = function"
        self.pytester.makeini(f"[pytest]\nfilterwarnings = error\nasyncio_mode = {mode}\n{scope}\n")

    def write(self, text, name="test_it"):
        self.pytester.makepyfile(**{name: HEAD.format(url=self.provider.url) + text})

    def run(self, *args, **outcomes):
        result = self.pytester.runpytest_subprocess("-q", *QUICK, *args)
        if outcomes:
            result.assert_outcomes(**outcomes)
        return result

    def cassettes(self):
        root = self.pytester.path
        return sorted(
            str(path.relative_to(root)) for path in root.rglob("*.json") if "cassettes" in path.parts
        )

    def document(self, name):
        return json.loads((self.pytester.path / name).read_text())

    def recorded(self, name):
        return self.document(name)["interactions"]


@pytest.fixture
def project(pytester, provider):
    return Project(pytester, provider)
