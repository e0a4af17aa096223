"""The SDKs for Node, from npm, through the gateway: they get to know nothing but a base URL."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")

from gw_npm import with_packages
from running import running, setup, upstream

from tokentape.gateway.tapes import RecordOptions
from tokentape.testing.provider import Provider

CLIENT = Path(__file__).parent / "node" / "client.mjs"
PATHS = {"openai.chat": "/v1", "openai.responses": "/v1", "anthropic.messages": "/v1", "gemini": "/v1beta"}
TASKS = [("openai", "chat"), ("openai", "stream"), ("anthropic", "chat"), ("anthropic", "stream")]
SAID = "Answer 1 to: Capital of Norway?"


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Run the client in a folder that has the SDKs."""
    folder = with_packages(tmp_path_factory.mktemp("node"), "openai@6", "@anthropic-ai/sdk@1")
    shutil.copy(CLIENT, folder)

    def run(sdk, task, url):
        command = ["node", "client.mjs", sdk, task, url]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize("to", PATHS)
@pytest.mark.parametrize(("sdk", "task"), TASKS)
def test_an_answer(ask, sdk, task, to):
    with Provider() as provider, running(setup(upstream(provider.url + PATHS[to], to))) as gateway:
        assert ask(sdk, task, gateway.url) == {"said": SAID, "sent": 1}


@pytest.mark.parametrize("to", PATHS)
@pytest.mark.parametrize("sdk", ["openai", "anthropic"])
def test_a_tool_is_called_and_its_result_answered(ask, sdk, to):
    with Provider() as provider, running(setup(upstream(provider.url + PATHS[to], to))) as gateway:
        name, said = ask(sdk, "tools", gateway.url)["said"]
    assert name == "weather"
    assert "4 degrees" in said


@pytest.mark.parametrize("to", ["openai.chat", "anthropic.messages"])
def test_the_responses_api(ask, to):
    with Provider() as provider, running(setup(upstream(provider.url + PATHS[to], to))) as gateway:
        assert ask("openai", "responses", gateway.url)["said"] == SAID


@pytest.mark.parametrize(("sdk", "task"), TASKS)
def test_a_recording_answers_offline_under_a_name_in_the_base_url(ask, tmp_path, sdk, task):
    with Provider() as provider:
        made = setup(upstream(provider.url + "/v1", "openai.chat"))
        with running(made, record=RecordOptions(root=str(tmp_path))) as gateway:
            assert ask(sdk, task, f"{gateway.url}/tape/booking")["said"] == SAID
    with running(made, record=RecordOptions(root=str(tmp_path), mode="none")) as gateway:
        assert ask(sdk, task, f"{gateway.url}/tape/booking") == {"said": SAID, "sent": 1}
        missed = ask(sdk, task, f"{gateway.url}/tape/another")
    assert (missed["status"], missed["sent"]) == (400, 1)


@pytest.mark.parametrize(("sdk", "task"), TASKS)
def test_a_miss_is_asked_once_and_says_how_to_record(ask, tmp_path, sdk, task):
    made = setup(upstream("http://127.0.0.1:9/v1", "openai.chat"))
    with running(made, record=RecordOptions(root=str(tmp_path), mode="none")) as gateway:
        missed = ask(sdk, task, gateway.url)
    assert (missed["status"], missed["sent"]) == (400, 1)
    assert "tokentape serve --mode" in missed["message"]
