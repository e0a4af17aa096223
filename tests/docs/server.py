"""The gateway that a page starts: `$ tokentape serve ...` goes on until the page ends, or starts another one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from page import Command

USUAL = "127.0.0.1:8420"
"""The address that pages show; pages run at once, so each gets a port of its own."""


def is_server(line: str) -> bool:
    """True for a command that serves, and does not end by itself."""
    ends = ("--check", "--print-config", "--help", "--port x")
    return re.match(r"tokentape serve\b", line) is not None and not any(option in line for option in ends)


class Server:
    """At most one gateway."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._place = USUAL

    def start(self, command: Command, folder: Path, environment: Mapping[str, str]) -> str:
        """Serve; as many lines of what it prints as the page shows."""
        self.stop()
        line = re.sub(r"--port \d+", "", command.line)
        port = "0" if self._place == USUAL else self._place.rpartition(":")[2]  # clients stay where they are
        environment = {**environment, "TOKENTAPE_PORT": port}
        self._process = subprocess.Popen(
            f"exec {line}", shell=True, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        assert "listening on http://" in first, f"$ {line}\n{first}"
        self._place = first.rpartition("//")[2].strip()
        shown = command.output.strip().count("\n")
        return first + "".join(self._process.stdout.readline() for _ in range(shown))

    def placed(self, text: str) -> str:
        """The text with this gateway's address."""
        return text.replace(USUAL, self._place)

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
        try:
            process.communicate(timeout=60)
        finally:
            process.kill()
