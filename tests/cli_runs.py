"""`tokentape` in a process of its own, in an environment with nothing in it."""

from __future__ import annotations

import os
import subprocess
import sys

COMMAND = [sys.executable, "-c", "from tokentape.cli.main import main; main()"]
KEPT = ("PATH", "SYSTEMROOT", "COVERAGE_PROCESS_CONFIG")
BARE = {name: os.environ[name] for name in KEPT if name in os.environ}
"""An environment with no home, no key and no settings; where coverage is measured, the process takes part."""


def run(*args, **environment):
    """Run `tokentape ARGS` here; the finished process, with its output as text."""
    env = {**BARE, "PYTHONIOENCODING": "utf-8", **environment}
    return subprocess.run(
        [*COMMAND, *map(str, args)], env=env, capture_output=True, encoding="utf-8", timeout=120, check=False
    )


def done(*args, **environment):
    """As `run`, for what must go well: exit code 0 and nothing on stderr."""
    result = run(*args, **environment)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def refused(*args):
    """As `run`, for wrong input: exit code 2, one line on stderr, nothing else; the line."""
    result = run(*args)
    assert result.returncode == 2, result.stdout + result.stderr
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("tokentape: ")
    return line


VCR = """
version: 1
interactions:
- request:
    method: POST
    uri: https://api.openai.com/v1/chat/completions
    body: '{"model": "m", "messages": [{"role": "user", "content": "Hello?"}]}'
    headers: {Authorization: [Bearer sk-proj-9fK2mQ7xLw4RtZ8vB1nC9fK2mQ7xLw4RtZ8vB1nC], Content-Type: [application/json]}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [application/json]}
    body: {string: '{"choices": [{"message": {"role": "assistant", "content": "Hi."}}]}'}
"""
