"""Whether the worker that works on a response is alive."""

from __future__ import annotations

import os
import platform

HERE = platform.node()
"""Names this machine, or this container."""
BEAT = 5.0
"""Seconds between two signs of life of a worker."""
FORGOTTEN = 86_400.0
"""Seconds after which nobody remembers that there was a worker."""
SILENCE = 60.0
"""A worker that gave no sign for so long is dead: on another machine, or where its number is used again."""


def process_id() -> int:
    """This process. Asked anew each time: a fork has another."""
    return os.getpid()


def is_dead(host: str, process: int, beat: float, now: float) -> bool:
    """True for a worker that will never end what it began."""
    if now - beat > SILENCE:
        return True
    return host == HERE and process != process_id() and not _exists(process)


def _exists(process: int) -> bool:
    if os.name == "nt":  # signal 0 would end the process there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
