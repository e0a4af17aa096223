"""The pieces of code on the page about clients (docs/how-to/gateway-clients.md), run as they stand there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("pydantic")

from gw_npm import with_packages
from running import running

from tokentape.gateway.config.building import build
from tokentape.gateway.config.demo import demo_text
from tokentape.gateway.config.reading import read_text
from tokentape.gateway.services import Setup
from tokentape.testing.provider import Provider

HERE = Path(__file__).parent / "snippets"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "gateway-clients.md"
NEEDS = {
    "ask_openai.py": "openai",
    "ask_anthropic.py": "anthropic",
    "ask_genai.py": "google.genai",
    "ask_ollama.py": "ollama",
    "ask_langchain.py": "langchain_openai",
    "ask_llamaindex.py": "llama_index.llms.openai_like",
    "ask_pydantic_ai.py": "pydantic_ai",
    "ask_litellm.py": "litellm",
}
PACKAGES = ["openai@6", "@anthropic-ai/sdk@1", "ai@6", "@ai-sdk/openai@3"]
SAID = "Answer 1 to: Capital of Norway?"


@pytest.fixture
def url():
    """The gateway of `tokentape serve --demo`."""
    with Provider() as provider:
        config = build(read_text(demo_text(provider.url), "demo"), lambda name: None)
        with running(Setup(config.router)) as gateway:
            yield gateway.url


def copied(name, folder, url):
    """The snippet, with this gateway's address."""
    text = (HERE / name).read_text(encoding="utf-8")
    assert "http://127.0.0.1:8420" in text
    path = folder / name
    path.write_text(text.replace("http://127.0.0.1:8420", url), encoding="utf-8")
    return str(path)


def printed(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", NEEDS)
def test_python(name, tmp_path, url):
    pytest.importorskip(NEEDS[name])
    assert printed([sys.executable, copied(name, tmp_path, url)], tmp_path).strip() == SAID


@pytest.mark.skipif(os.name == "nt", reason="a shell")
def test_curl(tmp_path, url):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    assert SAID in printed(["sh", copied("ask_curl.sh", tmp_path, url)], tmp_path)


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A folder with packages from npm."""
    return with_packages(tmp_path_factory.mktemp("node"), *PACKAGES)


@pytest.mark.parametrize("name", ["ask_openai.mjs", "ask_anthropic.mjs", "ask_vercel.mjs"])
def test_node(name, packages, url):
    assert printed(["node", copied(name, packages, url)], packages).strip() == SAID


def test_every_snippet_is_run_and_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    found = {path.name for path in HERE.iterdir()}
    assert found == {*NEEDS, "ask_curl.sh", "ask_openai.mjs", "ask_anthropic.mjs", "ask_vercel.mjs"}
    assert all(f"tests/gateway/snippets/{name}" in page for name in found)
