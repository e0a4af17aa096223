"""Programs for the tests of `tokentape run`, and `tokentape run` around them in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from cli_runs import COMMAND

HAS_HTTP = any(map(find_spec, ("httpx2", "httpx")))

ASKING = """
import atexit, json, multiprocessing, os, signal, subprocess, sys, threading, time
from concurrent.futures import ProcessPoolExecutor
try:
    import httpx2 as http
except ImportError:
    import httpx as http
URL = os.environ["PROVIDER_URL"] + "/v1/chat/completions"
def ask(text):
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    reply = http.post(URL, json=body, headers={"authorization": "Bearer sk-not-a-key"}).json()
    return reply["choices"][0]["message"]["content"] if "choices" in reply else "error"
def show(text):
    os.write(1, (ask(text) + "\\n").encode())
"""


class Runs:
    """`tokentape run --cassette tape.json`, for programs in this folder that ask `provider`."""

    def __init__(self, provider, folder):
        self.folder = Path(folder)
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("TOKENTAPE", "CI"))}
        self.environment = {**keep, "PROVIDER_URL": provider.url}
        (self.folder / "asking.py").write_text(ASKING)

    def command(self, *program, mode=None, tape="tape.json", options=()):
        chosen = ["--mode", mode] if mode else []
        return [*COMMAND, "run", "--cassette", tape, *chosen, *options, "--", *map(str, program)]

    def __call__(self, *program, code=0, stderr="", env=None, **options):
        """What the program printed, in lines; `stderr` is what the run must have said, or None."""
        done = subprocess.run(
            self.command(*program, **options),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**self.environment, **(env or {})},
            cwd=self.folder,
        )
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        if stderr is not None:
            assert done.stderr == stderr if stderr == "" else stderr in done.stderr, done.stderr
        return done.stdout.splitlines()

    def python(self, source, *arguments, flags=(), **options):
        """Run this source as `app.py`; its processes may `from asking import *`."""
        return self(sys.executable, *flags, self.app(source), *arguments, **options)

    def app(self, source):
        path = self.folder / "app.py"
        path.write_text("from asking import *\n" + source)
        return path

    @contextmanager
    def started(self, *program, **options):
        with subprocess.Popen(
            self.command(*program, **options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.folder,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def asks(self, tape="tape.json", *, finished=True):
        loaded = json.loads((self.folder / tape).read_text())
        assert loaded["finished"] is finished
        return sorted(entry["asks"] for entry in loaded["interactions"])
