"""What `doctor` tells of libraries and SDKs, for distributions that are made up of their metadata alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

MADE_UP = {
    "httpx": "1.0.dev6",
    "grpcio": "1.85.1",
    "pyqwest": "0.9",
    "primp": "1.2",
    "curl_cffi": "0.15",
    "xai-sdk": "1.21",
    "claude-agent-sdk": "0.2.186",
    "ai21": "4.3.0",
    "groq": "1.7.0",
    "dspy": "3.4.1",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What doctor says where these are installed, in front of what else is."""
    folder = tmp_path_factory.mktemp("site")
    for name, version in MADE_UP.items():
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    done = subprocess.run(
        [sys.executable, "-c", "from tokentape.cli.main import main; main()", "doctor", "--json"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def libraries(told):
    return {library["name"]: library for library in told["libraries"]}


@pytest.mark.parametrize("name", MADE_UP)
def test_R43_each_has_its_version(libraries, name):
    assert libraries[name]["version"] == MADE_UP[name]


def test_a_pre_release_of_httpx_1_is_reported(libraries):
    assert libraries["httpx"]["state"] == "not seen"
    assert "rewrite" in libraries["httpx"]["note"]
    assert "httpx2" in libraries["httpx"]["note"]


@pytest.mark.parametrize("name", ["grpcio", "pyqwest", "primp", "curl_cffi"])
def test_what_sends_from_outside_python_is_beyond_reach(libraries, name):
    assert libraries[name]["state"] == "beyond reach"
    assert "not held back in mode none" in libraries[name]["note"]
    assert "use " in libraries[name]["note"]


@pytest.mark.parametrize(
    ("name", "state", "way"),
    [
        ("xai-sdk", "beyond reach", "api_host"),
        ("claude-agent-sdk", "beyond reach", "ANTHROPIC_BASE_URL"),
        ("groq", "not seen", "GROQ_BASE_URL"),
    ],
)
def test_an_sdk_that_is_not_seen_comes_with_the_way_that_works(libraries, name, state, way):
    assert libraries[name]["state"] == state
    assert f"a gateway can see it: set {way}" in libraries[name]["note"]


def test_an_sdk_that_writes_to_sockets_itself_says_how_it_is_seen(libraries):
    assert libraries["dspy"]["state"] in ("partly seen", "not seen")
    assert "sockets is not recorded" in libraries["dspy"]["note"]
    assert "engine='litellm', which is seen" in libraries["dspy"]["note"]


def test_an_sdk_without_a_way_promises_none(libraries):
    assert libraries["ai21"]["note"] == "sends through httpx; what goes through httpx is not recorded"


def test_what_comes_with_python_has_its_version(libraries):
    assert libraries["http.client"]["version"] == ".".join(map(str, sys.version_info[:3]))


def test_the_guard_is_told(told):
    assert told["network"] == {"block_network": False, "allow_hosts": []}
