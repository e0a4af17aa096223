"""A program as a child process: started, waited for, signals passed on, its end as an exit code."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tokentape.errors import TokentapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

NOT_FOUND = 127
NOT_EXECUTABLE = 126
TICK = 0.05
"""Seconds between two looks at what the processes told."""

_PASSED_ON = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGBREAK")
    if hasattr(signal, name)
)
_FROM_THE_KEYBOARD = frozenset({"SIGINT", "SIGQUIT", "SIGHUP", "SIGBREAK"})


class CannotStart(TokentapeError):
    """There is no such program, or it is none; `code` is what a shell would exit with."""

    def __init__(self, problem: str, code: int) -> None:
        self.code = code
        super().__init__(problem)


class Program:
    """A running program."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Raises `CannotStart`."""
        try:
            # What was handed to this process (`<(command)` in a shell) is meant for the program.
            self._process = subprocess.Popen(list(command), env=dict(environment), close_fds=False)
        except FileNotFoundError:
            raise CannotStart(
                f"{command[0]}: there is no such program{_advice(command[0])}", NOT_FOUND
            ) from None
        except OSError as error:
            reason = "it is no program" if error.errno == errno.ENOEXEC else error.strerror
            raise CannotStart(
                f"{command[0]}: cannot be run: {reason}{_advice(command[0])}", NOT_EXECUTABLE
            ) from None

    def wait(self, meanwhile: Callable[[], None]) -> int:
        """Its exit code, as a shell gives it (128 + n for signal n); calls `meanwhile` every now and then.

        Signals that this process gets go to the program, and this one waits on for its end.
        """
        with _passing_on(self._process):
            while True:
                with suppress(subprocess.TimeoutExpired):
                    code = self._process.wait(TICK)
                    return code if code >= 0 else 128 - code
                meanwhile()


def _advice(program: str) -> str:
    return f"; run it with: python {program}" if program.endswith(".py") else ""


@contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    def pass_on(number: int, frame: FrameType | None) -> None:
        if signal.Signals(number).name in _FROM_THE_KEYBOARD and _is_at_the_keyboard():
            return  # the terminal told the whole group; twice would be once too often
        with suppress(ProcessLookupError):
            process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_at_the_keyboard() -> bool:
    """True if this process group is the one that its terminal sends signals to."""
    if not hasattr(os, "tcgetpgrp"):
        return True  # a Windows console tells every process that is attached to it
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
