"""Every example runs from its committed cassette, with the network closed, and prints what it printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("openai")
pytest.importorskip("anthropic")

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
PRINTED = {
    "streaming.py": [
        "You see the country go by.",
        "You can read, work or sleep.",
        "You arrive in the middle of the city.",
        "24 tokens; 1 replayed, 0 recorded",
    ],
    "agent.py": [
        "tool: get_weather(Oslo)",
        "tool: get_weather(Rome)",
        "In Oslo, yes: it rains. In Rome the sun shines.",
    ],
    "explicit_client.py": ["Brown ribbon turning,", "yesterday's voice on the reels", "says the same today."],
    "categories.py": [
        "['Lima.', 'The Yangtze.', '4.']",
        "{'arithmetic': 1, 'geography': 2}",
        "the same from memory: True",
    ],
}

OFFLINE = """
import runpy, socket, sys

def closed(*args, **kwargs):
    raise AssertionError("an example opened a connection")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = closed
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__") if sys.argv[0].endswith(".py") else runpy.run_module(
    sys.argv[0], run_name="__main__", alter_sys=True)
"""
CREDENTIALS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL")


def run(*arguments, mode="none"):
    environment = {name: value for name, value in os.environ.items() if name not in CREDENTIALS}
    environment |= {"TOKENTAPE_MODE": mode, "PYTHONPATH": "", "PYTEST_ADDOPTS": "-p no:cacheprovider"}
    return subprocess.run(
        [sys.executable, "-c", OFFLINE, *arguments],
        cwd=EXAMPLES,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("program", PRINTED)
def test_an_example_replays_offline(program):
    done = run(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == PRINTED[program]
    assert done.stderr == ""


def test_the_concurrent_calls_get_their_own_answers():
    done = run("concurrent_calls.py")
    assert done.returncode == 0, done.stderr
    *lines, tally = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["Oslo", "Rome", "Lima", "Oslo"]
    assert len(set(lines)) == 4
    assert tally == "4 replayed, 0 recorded"


def test_the_example_test_passes_offline():
    done = run("pytest", "-q", "test_chat.py")
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_no_example_changes_its_cassette():
    before = {path: path.read_bytes() for path in EXAMPLES.rglob("cassettes/**/*.json")}
    assert len(before) >= 8
    run("agent.py", mode="once")
    assert {path: path.read_bytes() for path in EXAMPLES.rglob("cassettes/**/*.json")} == before


def test_every_example_is_tested_listed_and_has_a_header():
    programs = {path.name for path in EXAMPLES.glob("*.py")} - {"record.py"}
    assert programs == {*PRINTED, "concurrent_calls.py", "test_chat.py"}
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for program in programs:
        assert f"[{program}]" in listed
        header = (EXAMPLES / program).read_text(encoding="utf-8").split('"""')[1]
        assert "Shows: " in header
        assert "Run:   " in header
