"""`tokentape serve --for AGENT`: what it prints, and that another run of the agent finds its recordings."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("pydantic")
pytest.importorskip("uvicorn")
pytest.importorskip("aiohttp")

from agent_calls import calls
from gw_processes import ended
from test_gw_agents_end_to_end import ask

from tokentape.gateway.config.building import build
from tokentape.gateway.config.reading import read_text

SERVE = [sys.executable, "-m", "tokentape.cli.main", "serve", "--port", "0", "--demo"]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


@pytest.fixture
def serve(tmp_path):
    """Start it with these options; the URL, and the lines that follow."""
    started = []

    def start(*options):
        bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        process = subprocess.Popen(
            [*SERVE, *options],
            cwd=tmp_path,
            env=bare,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        first = process.stdout.readline()
        assert "listening on" in first, process.stderr.read()
        return first.rpartition(" ")[2].strip(), process

    yield start
    for process in started:
        ended(process)


def test_it_prints_what_to_set(serve):
    url, process = serve("--for", "claude-code", "--for", "gemini-cli")
    assert f"export ANTHROPIC_BASE_URL={url}\n" == process.stdout.readline()
    more = [process.stdout.readline() for _ in range(3)]
    assert more[2] == f"export GOOGLE_GEMINI_BASE_URL={url}\n"


@pytest.mark.parametrize(("agent", "name"), [("claude-code", "first"), ("codex", "fitted results")])
def test_another_run_of_an_agent_finds_its_recordings(serve, agent, name):
    call = calls(agent)[name]
    url, process = serve("--for", agent)
    first = ask(url, call)
    ended(process)
    url, _ = serve("--for", agent, "--mode", "none")
    again = ask(url, call.other_run())
    assert (first[0], again[0]) == (200, 200)
    assert again[2] == first[2]


def test_the_configuration_may_name_agents():
    config = build(read_text('[record]\nagents = "codex"\nignore = "metadata"', "test"), lambda name: None)
    assert config.lasting.record.options.match_on.ignore[:2] == ("metadata", "client_metadata")


def test_a_wrong_agent_is_an_error_of_the_configuration():
    problems = read_text('[record]\nagents = ["claude"]', "test").problems
    assert "claude-code" in str(problems)
