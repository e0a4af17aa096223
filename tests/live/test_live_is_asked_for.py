"""Live tests stay out of every other run; and what they do is itself tested, against the loopback provider."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from live_calls import record_and_replay
from live_providers import PROVIDERS

from tokentape.protocols.registry import recognise
from tokentape.wire.message import Request

ROOT = Path(__file__).parents[2]


PLUGINS = ("-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin", "-p", "tokentape.pytest_plugin")


def run(*arguments, **environment):
    """Another pytest over this folder, in which no provider's key is set but those given; plugins we need."""
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    keys = {name for live in PROVIDERS for name in live.keys}
    clean = {name: value for name, value in os.environ.items() if name not in keys | {"PYTEST_ADDOPTS"}}
    command = [sys.executable, "-m", "pytest", "-q", *PLUGINS, "tests/live/test_live.py", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=False
    )
    return done.stdout


def test_without_being_asked_for_nothing_is_called_whatever_keys_are_set():
    pytest.importorskip("httpx2")
    told = run(OPENAI_API_KEY="sk-would-be-used")
    assert f"{2 * len(PROVIDERS)} deselected" in told
    assert "passed" not in told
    assert "failed" not in told


def test_asked_for_without_keys_everything_is_skipped():
    pytest.importorskip("httpx2")
    told = run("-m", "live")
    assert f"{2 * len(PROVIDERS)} skipped" in told
    assert "OPENAI_API_KEY is not set" in told


@pytest.mark.parametrize("live", PROVIDERS, ids=lambda live: live.name)
def test_each_request_is_one_that_we_know(live):
    for stream in (False, True):
        body = str(live.body(stream=stream, model=live.model)).replace("'", '"').replace("True", "true")
        url = live.url(stream=stream, model=live.model)
        sent = Request("POST", url, (), body.replace("False", "false").encode())
        assert recognise(sent).operation.kind.value == "generate", url


SPOKEN = [
    live for live in PROVIDERS if live.name in ("openai", "openai-responses", "anthropic", "gemini", "cohere")
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("live", SPOKEN, ids=lambda live: live.name)
def test_what_a_live_test_does(live, stream, provider, outside):
    http = pytest.importorskip("httpx2")
    provider.answers("pong")
    key = "sk-proj-notakeynotakeynotakey"
    asked = {"stream": stream, "base": provider.url}
    status, kept = record_and_replay(http, live, key, live.model, outside / "live.json", **asked)
    assert (status, kept["reads_as"], kept["ended"]["how"]) == (200, "pong", "eof")
    assert kept["ended"]["terminal"] is (True if stream else None)
