"""Runs the blocks of one page in order, as a reader would: one folder, one Python session, real commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from page import Block, commands, fits
from server import Server, is_server

from tokentape.protocols.credentials import PLACEHOLDERS

if TYPE_CHECKING:
    from tokentape.testing.provider import Provider

ROOT = Path(__file__).parent.parent.parent

SESSION = """
import contextlib, io, json, sys, traceback
space = {"__name__": "__main__"}
for line in sys.stdin:
    code, out = json.loads(line), io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(code, "<page>", "exec"), space)
        problem = None
    except BaseException:
        problem = traceback.format_exc()
    print(json.dumps([out.getvalue(), problem]), flush=True)
"""
"""A Python session: reads code as JSON lines, answers with what it printed and the traceback, if any."""

CREDENTIALS = {
    **PLACEHOLDERS,
    "OPENAI_API_KEY": "sk-proj-reader-of-the-docs-0123456789",
    "ANTHROPIC_API_KEY": "sk-ant-reader-of-the-docs-0123456789",
    "GEMINI_API_KEY": "reader-of-the-docs",
}
SETTINGS = (
    "TOKENTAPE_MODE",
    "TOKENTAPE_CONFIG",
    "TOKENTAPE_CASSETTE",
    "CI",
    "PYTEST_ADDOPTS",
    "NO_COLOR",
    "FORCE_COLOR",
)


class Reader:
    """Follows one page. Any SDK in the page's code asks `provider`, which it finds by its base URL."""

    def __init__(self, folder: Path, provider: Provider) -> None:
        self._folder = folder
        self._provider = provider
        self._session: subprocess.Popen[str] | None = None
        self._printed = ""
        self._server = Server()
        url = provider.url
        inherited = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        scripts = str(Path(sys.executable).parent)
        self._environment = {
            **inherited,
            **CREDENTIALS,
            "OPENAI_BASE_URL": f"{url}/v1",
            "ANTHROPIC_BASE_URL": url,
            "GOOGLE_GEMINI_BASE_URL": url,
            "PROVIDER_URL": url,
            "PATH": scripts + os.pathsep + inherited.get("PATH", ""),
            "COLUMNS": "100",
            "PYTEST_ADDOPTS": "-p no:asyncio",  # it warns about a setting of its own
            "PYTHONPATH": "",
        }

    def follow(self, block: Block) -> None:
        """Do what the block says, and compare with what it shows. AssertionError says where they differ."""
        self._prepare(block)
        if block.says("not run") is not None:
            assert block.says("not run"), f"line {block.line}: a block that is not run needs a reason"
        elif block.says("file") is not None:
            self._compare_file(block)
        elif block.file is not None:
            self._write(block)
        elif block.language in ("python", "console", "text"):
            {"python": self._run_python, "console": self._run_commands, "text": self._compare}[
                block.language
            ](block)

    def _prepare(self, block: Block) -> None:
        for remark in block.remarks:
            match remark.name:
                case "setup":
                    self._ran(remark.text, 0)
                case "provider answers":
                    self._provider.answers(remark.text)
                case "provider fails":
                    self._provider.fails(int(remark.text))
                case "provider stops":
                    self._provider.stop()
                case "provider starts":
                    self._provider.start()
                case "no keys":
                    for name in CREDENTIALS:
                        self._environment.pop(name, None)

    def _compare(self, block: Block) -> None:
        assert fits(block.text, self._printed), _differ(block, self._printed)

    def close(self) -> None:
        """End the Python session, and the gateway."""
        self._server.stop()
        if self._session is not None:
            assert self._session.stdin is not None
            self._session.stdin.close()
            self._session.wait(10)
            assert self._session.stdout is not None
            self._session.stdout.close()

    def _compare_file(self, block: Block) -> None:
        text = (ROOT / str(block.says("file"))).read_text(encoding="utf-8")
        if "..." in block.text:
            assert fits(block.text, text), _differ(block, text)
        else:
            assert block.text.strip() in text, _differ(block, text)

    def _write(self, block: Block) -> None:
        path = self._folder / str(block.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")

    def _run_python(self, block: Block) -> None:
        self._printed, problem = self._told(self._server.placed(block.text))
        assert problem is None, f"line {block.line}:\n{block.text}\n{problem}"

    def _told(self, code: str) -> tuple[str, str | None]:
        if self._session is None:
            self._session = subprocess.Popen(
                [sys.executable, "-c", SESSION],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._session.stdin is not None
        assert self._session.stdout is not None
        self._session.stdin.write(json.dumps(code) + "\n")
        self._session.stdin.flush()
        printed, problem = json.loads(self._session.stdout.readline())
        return printed, problem

    def _run_commands(self, block: Block) -> None:
        wanted = int(block.says("exit code") or 0)
        for command in commands(block.text):
            if is_server(command.line):
                printed = self._server.start(command, self._folder, self._environment)
            else:
                printed = self._ran(self._server.placed(command.line), wanted)
            if command.output.strip():
                assert fits(command.output, printed), _differ(block, printed)

    def _ran(self, command: str, wanted: int) -> str:
        """Run a command; what it printed."""
        done = subprocess.run(
            command,
            shell=True,
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == wanted, f"$ {command}\n{done.stdout}"
        return done.stdout


def _differ(block: Block, real: str) -> str:
    return f"line {block.line} shows\n{block.text}\nbut it is\n{real}"
