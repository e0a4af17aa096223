"""Processes that tests start: none is left, whatever becomes of its test."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager


@contextmanager
def writing(code, *calls):
    """A process that runs `code` for each of these lists of arguments."""
    with ExitStack() as stack:
        started = []
        for given in calls:
            command = [sys.executable, "-c", code, *map(str, given)]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            stack.callback(process.kill)
            started.append(process)
        yield started


def killed(process, least):
    """Kill -9 as soon as it says that it has written so much; how much it said."""
    told = 0
    while told < least:
        told = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    return told


def ended(process):
    """End it as the system does; what it printed. One that does not end is killed, and fails the test."""
    process.terminate()
    try:
        return process.communicate(timeout=60)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
