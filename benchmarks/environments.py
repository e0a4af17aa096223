"""Environments of peers that cannot stand beside our own SDKs (LiteLLM pins openai < 3)."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

ROOT = Path(__file__).parent.parent / ".peers"


def python_of(requirement: str, *more: str) -> str | None:
    """The interpreter of an environment with just `requirement` and what it needs `more` than it says, made
    on first use; None if it cannot be made.
    """
    home = ROOT / requirement.replace("==", "-")
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", requirement, *more]
        done = subprocess.run(install, check=False, capture_output=True, text=True)
        if done.returncode:
            print(f"{requirement} cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
            return None
        (home / "ready").touch()
    return str(python)


class Peer:
    """A process that does jobs: a line in, seconds out."""

    def __init__(self, python: str, script: str) -> None:
        self._process = subprocess.Popen(
            [python, str(Path(__file__).parent / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.version = self._line()

    def seconds(self, job: str, number: int, file: Path) -> float:
        """Seconds of one job, over `number`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{job} {number} {file}\n")
        self._process.stdin.flush()
        return float(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the peer ended")
        return line.strip()

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
