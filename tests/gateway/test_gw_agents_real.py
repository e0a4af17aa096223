"""The agents themselves, where they are installed and somebody asks for it: `TOKENTAPE_TEST_AGENTS=1 pytest ...`.

The variable may also be a folder that has the programs (`node_modules/.bin`). They run in an empty home, with
a made-up key, and know no address but the gateway's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")

from running import running, setup, upstream

from tokentape.gateway.agents import AGENTS, agent_named, with_agent
from tokentape.gateway.tapes import RecordOptions
from tokentape.testing.provider import Provider

PLACE = os.environ.get("TOKENTAPE_TEST_AGENTS", "")
PATHS = {"openai.chat": "/v1", "openai.responses": "/v1", "anthropic.messages": "/v1", "gemini": "/v1beta"}
PROGRAMS = {"claude-code": "claude", "codex": "codex", "gemini-cli": "gemini"}
PROMPT = "What is in notes.txt?"
PAIRS = [(agent.name, to) for agent in AGENTS for to in PATHS]

pytestmark = pytest.mark.skipif(not PLACE, reason="TOKENTAPE_TEST_AGENTS is not set")


class Home:
    """An empty home with one project, in which a program runs."""

    def __init__(self, tmp_path, agent):
        self.agent = agent_named(agent)
        self.program = shutil.which(PROGRAMS[agent], path=PLACE if os.path.isdir(PLACE) else None)
        if self.program is None:
            pytest.skip(f"{PROGRAMS[agent]} is not installed")
        self.home, self.project = tmp_path / "home", tmp_path / "project"
        (self.home / ".codex").mkdir(parents=True)
        (self.home / ".gemini").mkdir()
        self.project.mkdir()
        (self.project / "notes.txt").write_text("hello world\n")

    def call(self):
        """The tool that reads the notes, and its arguments."""
        path = str(self.project / "notes.txt")
        return {
            "claude-code": ("Read", {"file_path": path}),
            "codex": ("exec_command", {"cmd": "cat notes.txt"}),
            "gemini-cli": ("read_file", {"file_path": "notes.txt"}),
        }[self.agent.name]

    def ask(self, url, model):
        """Run the program; what it prints."""
        variables = {name: value.format(url=url, key="sk-fake") for name, value in self.agent.variables}
        done = subprocess.run(
            [self.program, *self._arguments(url, model)],
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), **variables, **self._quiet()},
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _arguments(self, url, model):
        match self.agent.name:
            case "claude-code":
                return ["-p", PROMPT, "--model", model, "--allowedTools", "Read"]
            case "codex":
                lines = "\n".join(self.agent.settings).replace("{url}", url)
                (self.home / ".codex" / "config.toml").write_text(lines)
                return ["exec", "--skip-git-repo-check", "-m", model, PROMPT]
            case _:
                lines = "\n".join(self.agent.settings)
                (self.home / ".gemini" / "settings.json").write_text(lines)
                return ["-y", "-m", model, "-p", PROMPT]

    def _quiet(self):
        quiet = {
            "gemini-cli": {"GEMINI_CLI_TRUST_WORKSPACE": "true"},
            "claude-code": {"DISABLE_AUTOUPDATER": "1"},
        }
        return quiet.get(self.agent.name, {})


@pytest.mark.parametrize(("agent", "to"), PAIRS)
def test_an_agent_works_and_works_again_offline(tmp_path, agent, to):
    home = Home(tmp_path, agent)
    record = with_agent(RecordOptions(root=str(tmp_path / "cassettes")), home.agent)
    model = "gemini-2.5-flash" if agent == "gemini-cli" else "claude-sonnet-4-5"
    with Provider() as provider:
        made = setup(upstream(provider.url + PATHS[to], to))
        with running(made, record=record) as gateway:
            provider.calls_tool(*home.call())
            provider.answers("It says hello world.")
            first = home.ask(gateway.url, model)
            assert "It says hello world." in first
            assert provider.planned == 0
            assert "hello world" in str(provider.requests[-1].json)
    with running(made, record=replace(record, mode="none")) as gateway:
        assert home.ask(gateway.url, model) == first


def test_codex_over_a_websocket(tmp_path):
    """It warms up without being answered, and tells only what is new from then on."""
    home = Home(tmp_path, "codex")
    more = ("supports_websockets = true",)
    home.agent = replace(home.agent, settings=(*home.agent.settings, *more))
    served = []

    def watch(services):
        connect = services.sockets["/v1/responses"]

        async def counted(*given):
            served.append(given)
            await connect(*given)

        services.sockets["/v1/responses"] = counted

    with Provider() as provider:
        made = setup(upstream(provider.url + "/v1", "openai.chat"))
        with running(made, prepare=watch) as gateway:
            provider.calls_tool(*home.call())
            provider.answers("It says hello world.")
            assert "It says hello world." in home.ask(gateway.url, "claude-sonnet-4-5")
    assert len(served) == 1
    assert provider.count == 2
    assert "hello world" in str(provider.requests[-1].json)
